#include "engine/cpu/kernels/head_tail.hpp"

#include <algorithm>

namespace dbnet::engine::cpu {

namespace {

constexpr int kPositions = 4;  // of a 2x2 kernel

// Weights [out][in + 1] of the 1x1 convolution at one position; the bias belongs to the ones.
std::vector<float> position_weights(const ConvWeights& conv, int position) {
    std::vector<float> result;
    for (int k = 0; k < conv.out; ++k) {
        for (int c = 0; c < conv.in; ++c)
            result.push_back(conv.weights[static_cast<std::size_t>(c * conv.out + k) * kPositions +
                                          static_cast<std::size_t>(position)]);
        result.push_back(conv.bias.empty() ? 0.0F : conv.bias[static_cast<std::size_t>(k)]);
    }
    return result;
}

}  // namespace

HeadTail::HeadTail(const ConvWeights& first, const ConvWeights& second, const RowKernels& kernels)
    : kernels_(kernels), in_(first.in), middle_(first.out) {
    std::vector<float> all_positions;
    for (int position = 0; position < kPositions; ++position) {
        first_[static_cast<std::size_t>(position)] = pack_weights(
            TapForm::point, position_weights(first, position), in_ + 1, middle_, kernels.max_block);
        const auto one = position_weights(second, position);
        all_positions.insert(all_positions.end(), one.begin(), one.end());
    }
    second_ =
        pack_weights(TapForm::point, all_positions, middle_ + 1, kPositions, kernels.max_block);
}

std::size_t HeadTail::weight_bytes() const {
    return (kPositions * first_[0].size() + second_.size()) * sizeof(float);
}

std::size_t HeadTail::scratch_floats(int strip_width) const {
    const auto channels = static_cast<std::size_t>(middle_ + 1 + 2 * kPositions);
    return channels * static_cast<std::size_t>(round_up(strip_width, kRowUnit));
}

void HeadTail::run(const float* rows, std::ptrdiff_t plane, int count, float* map,
                   std::ptrdiff_t map_width, float* scratch) const {
    const std::ptrdiff_t local = round_up(count, kRowUnit);
    float* middle = scratch;
    float* logits = middle + (middle_ + 1) * local;  // [x position of the first][position][local]
    std::fill_n(middle + middle_ * local, local, 1.0F);

    RowConv first;
    first.source = rows;
    first.source_plane = plane;
    first.in_channels = in_ + 1;
    first.out = middle;
    first.out_plane = local;
    first.out_channels = middle_;
    first.width = count;
    first.relu = true;
    RowConv second;
    second.source = middle;
    second.source_plane = local;
    second.in_channels = middle_ + 1;
    second.weights = second_.data();
    second.out_plane = local;
    second.out_channels = kPositions;
    second.width = count;
    for (int y = 0; y < 2; ++y) {
        for (int x = 0; x < 2; ++x) {
            first.weights = first_[static_cast<std::size_t>(2 * y + x)].data();
            kernels_.conv(first);
            second.out = logits + x * kPositions * local;
            kernels_.conv(second);
        }
        for (int inner_y = 0; inner_y < 2; ++inner_y) {
            const float* left = logits + 2 * inner_y * local;
            const float* right = left + kPositions * local;
            kernels_.sigmoid4({left, left + local, right, right + local},
                              map + (2 * y + inner_y) * map_width, count);
        }
    }
}

}  // namespace dbnet::engine::cpu
