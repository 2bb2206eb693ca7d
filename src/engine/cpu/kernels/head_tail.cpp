#include "engine/cpu/kernels/head_tail.hpp"

#include <omp.h>

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

std::size_t HeadTail::scratch_floats(int tile_width) const {
    const auto channels = static_cast<std::size_t>(middle_ + 1 + 2 * kPositions);
    return channels * static_cast<std::size_t>(round_up(tile_width, kRowRoom));
}

void HeadTail::run(const float* rows, std::ptrdiff_t plane, int count, float* map,
                   std::ptrdiff_t map_width, float* scratch) const {
    const std::ptrdiff_t local = round_up(count, kRowRoom);
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

namespace {

class HeadTailKernel final : public FusedKernel {
public:
    HeadTailKernel(std::shared_ptr<const HeadTail> tail, const model::Dims& input)
        : tail_(std::move(tail)),
          rows_(input[0] * input[2]),
          planes_{nullptr,
                  tail_->in_channels(),
                  static_cast<int>(input[2]),
                  static_cast<int>(input[3]),
                  static_cast<std::ptrdiff_t>(input[3]),
                  static_cast<std::ptrdiff_t>(input[2] * input[3]),
                  true},
          tile_width_(tile_width(tail_->in_channels(), planes_.width)) {}

    std::size_t scratch_bytes(int threads) const override {
        return static_cast<std::size_t>(threads) * thread_floats() * sizeof(float);
    }

    void run(std::span<const float* const> inputs, std::span<float* const> outputs,
             std::byte* scratch, int threads) const override {
#pragma omp parallel for num_threads(threads) schedule(dynamic)
        for (std::int64_t row = 0; row < rows_; ++row) {
            float* own = reinterpret_cast<float*>(scratch) +
                         static_cast<std::size_t>(omp_get_thread_num()) * thread_floats();
            run_row(inputs[0], outputs[0], row, own);
        }
    }

private:
    std::size_t thread_floats() const {
        return tile_scratch(tail_->in_channels() + 1, 0, tile_width_) +
               tail_->scratch_floats(tile_width_);
    }

    void run_row(const float* input, float* output, std::int64_t row, float* own) const {
        const std::int64_t image = row / planes_.height;
        Planes planes = planes_;
        planes.data = input + image * planes.channels * planes.plane;
        const std::ptrdiff_t map_width = 4 * static_cast<std::ptrdiff_t>(planes.width);
        for (int x = 0; x < planes.width; x += tile_width_) {
            Tile tile;
            tile.y = static_cast<int>(row % planes.height);
            tile.x = x;
            tile.width = std::min(tile_width_, planes.width - x);
            const LocalRows rows = load_rows(planes, tile, 0, 1, own);
            tail_->run(rows.pixels(0), rows.stride, tile.width,
                       output + 4 * row * map_width + 4 * x, map_width,
                       own + tile_scratch(tail_->in_channels() + 1, 0, tile_width_));
        }
    }

    std::shared_ptr<const HeadTail> tail_;
    std::int64_t rows_;  ///< of all images
    Planes planes_;
    int tile_width_;
};

}  // namespace

std::unique_ptr<FusedKernel> make_head_tail_kernel(std::shared_ptr<const HeadTail> tail,
                                                   const model::Dims& input) {
    constexpr std::int64_t kLargest = 1 << 20;
    const bool fits = input.size() == 4 && input[1] == tail->in_channels() &&
                      std::all_of(input.begin(), input.end(),
                                  [](std::int64_t d) { return d >= 1 && d <= kLargest; });
    return fits ? std::make_unique<HeadTailKernel>(std::move(tail), input) : nullptr;
}

}  // namespace dbnet::engine::cpu
