// The inverted residual block (Sandler et al., MobileNetV2, arXiv 1801.04381, section 3.3) without
// its wide tensor in memory. A thread walks down its strip of the image in bands of a few output
// rows. For a band it computes, a few channels at a time, the expanded rows that are new and the
// depthwise rows that follow from them; then the projection of all channels. The expanded rows are
// kept in a ring for the next band, which needs some of them again, so nothing is computed twice
// but the rows around the strip's first one. All of it stays in the second-level cache; memory sees
// the block's input and output.

#include "engine/cpu/kernels/inverted_residual.hpp"

#include <algorithm>
#include <cstring>

#include "engine/cpu/kernels/strips.hpp"

namespace dbnet::engine::cpu {
namespace {

// Expanded channels that share a pass over the input.
constexpr int kChannelGroup = 16;

constexpr std::int64_t kBandRows = kDepthwiseRows;

struct Extents {
    std::int64_t images, height, width, out_height, out_width;
};

// Scratch memory of one thread, in floats (and pointers behind them).
struct Layout {
    Layout(const InvertedResidualWeights& weights, const Extents& extents)
        : row(extents.width, weights.stride),
          ring_rows((kBandRows - 1) * weights.stride + weights.kernel),
          ring_plane(plane_floats(ring_rows * row.floats)),
          band_plane(plane_floats(kBandRows * extents.out_width)) {
        const std::ptrdiff_t channels = weights.expand.out_channels;
        ring = row.floats;
        band = ring + channels * ring_plane;
        floats = round_up(band + channels * band_plane, kRowUnit);
        pointers = channels + ring_rows * weights.expand.taps;
    }
    std::size_t bytes() const {
        return static_cast<std::size_t>(
            round_up(floats * static_cast<std::ptrdiff_t>(sizeof(float)) +
                         pointers * static_cast<std::ptrdiff_t>(sizeof(float*)),
                     64));
    }

    PaddedRow row;
    std::int64_t ring_rows;     // expanded rows kept of each channel
    std::ptrdiff_t ring_plane;  // from channel to channel
    std::ptrdiff_t band_plane;
    std::ptrdiff_t ring;  // where it begins; before it lies a row of zeros
    std::ptrdiff_t band;
    std::ptrdiff_t floats;
    std::ptrdiff_t pointers;
};

using DepthwiseFunction = void (*)(const DepthwiseRows&);

DepthwiseFunction depthwise_function(int kernel, int stride) {
    const BlockKernels& kernels = block_kernels();
    if (kernel == 3) return stride == 1 ? kernels.depthwise3 : kernels.depthwise3s2;
    return stride == 1 ? kernels.depthwise5 : kernels.depthwise5s2;
}

// One thread's walk down a strip.
class Walk {
public:
    Walk(const InvertedResidualWeights& weights, const Extents& extents, const Layout& layout,
         const float* input, float* output, std::byte* scratch)
        : weights_(weights),
          extents_(extents),
          layout_(layout),
          input_(input),
          output_(output),
          zeros_(reinterpret_cast<float*>(scratch)),
          ring_(zeros_ + layout.ring),
          band_(zeros_ + layout.band),
          band_taps_(reinterpret_cast<const float**>(zeros_ + layout.floats)),
          input_taps_(band_taps_ + weights.expand.out_channels),
          depthwise_(depthwise_function(weights.kernel, weights.stride)) {}

    void run(std::int64_t begin, std::int64_t end) {
        std::fill(zeros_, band_, 0.0F);
        for (int c = 0; c < weights_.expand.out_channels; ++c)
            band_taps_[c] = band_ + c * layout_.band_plane;
        next_row_ = std::max<std::int64_t>(0, first_input_row(begin));
        for (std::int64_t row = begin; row < end; row += kBandRows) {
            const std::int64_t rows = std::min(kBandRows, end - row);
            fill_band(row, rows);
            project(row, rows);
        }
    }

private:
    std::int64_t first_input_row(std::int64_t out_row) const {
        return out_row * weights_.stride - weights_.kernel / 2;
    }

    float* ring_row(int channel, std::int64_t row) const {
        return ring_ + channel * layout_.ring_plane + row % layout_.ring_rows * layout_.row.floats +
               kRowUnit;
    }

    // Depthwise rows of all channels for the output rows [row, row + rows).
    void fill_band(std::int64_t row, std::int64_t rows) {
        const std::int64_t first = first_input_row(row);
        const std::int64_t last =
            std::min(first + (rows - 1) * weights_.stride + weights_.kernel, extents_.height);
        const int taps = weights_.expand.taps;
        const std::int64_t plane = extents_.height * extents_.width;
        for (std::int64_t y = next_row_; y < last; ++y)
            for (int c = 0; c < taps; ++c)
                input_taps_[(y - next_row_) * taps + c] = input_ + c * plane + y * extents_.width;
        for (int c = 0; c < weights_.expand.out_channels; c += kChannelGroup) {
            const int channels = std::min(kChannelGroup, weights_.expand.out_channels - c);
            for (std::int64_t y = next_row_; y < last; ++y)
                expand_row(c, channels, y, input_taps_ + (y - next_row_) * taps);
            for (int i = c; i < c + channels; ++i) depthwise(i, first, last);
        }
        next_row_ = std::max(next_row_, last);
    }

    void expand_row(int channel, int channels, std::int64_t y, const float* const* taps) const {
        block_kernels().run_conv({.conv = weights_.expand,
                                  .first = channel,
                                  .channels = channels,
                                  .taps = taps,
                                  .out = ring_row(channel, y),
                                  .out_plane = layout_.ring_plane,
                                  .width = static_cast<int>(extents_.width),
                                  .odd = layout_.row.odd});
    }

    // kBandRows output rows of one channel, from the input rows [first, last) that lie in the image
    // and are needed, and zeros for the others.
    void depthwise(int channel, std::int64_t first, std::int64_t last) const {
        std::array<const float*, kBandRows * 2 + 4> rows;
        for (std::int64_t i = 0; i < layout_.ring_rows; ++i)
            rows[static_cast<std::size_t>(i)] = first + i >= 0 && first + i < last
                                                    ? ring_row(channel, first + i)
                                                    : zeros_ + kRowUnit;
        const int area = weights_.kernel * weights_.kernel;
        depthwise_({.rows = rows.data(),
                    .odd = layout_.row.odd,
                    .weights = weights_.depthwise.data() + channel * area,
                    .bias = weights_.depthwise_bias[static_cast<std::size_t>(channel)],
                    .out = band_ + channel * layout_.band_plane,
                    .width = static_cast<int>(extents_.out_width),
                    .activation = weights_.depthwise_activation});
    }

    // The rows of a band follow one another in its planes as they do in the output's.
    void project(std::int64_t row, std::int64_t rows) const {
        const std::ptrdiff_t plane = extents_.out_height * extents_.out_width;
        const std::ptrdiff_t offset = row * extents_.out_width;
        block_kernels().run_conv({.conv = weights_.project,
                                  .channels = weights_.project.out_channels,
                                  .taps = band_taps_,
                                  .out = output_ + offset,
                                  .out_plane = plane,
                                  .residual = weights_.residual ? input_ + offset : nullptr,
                                  .residual_plane = plane,
                                  .width = static_cast<int>(rows * extents_.out_width)});
    }

    const InvertedResidualWeights& weights_;
    const Extents& extents_;
    const Layout& layout_;
    const float* input_;
    float* output_;
    float* zeros_;
    float* ring_;
    float* band_;
    const float** band_taps_;
    const float** input_taps_;
    DepthwiseFunction depthwise_;
    std::int64_t next_row_ = 0;  // first expanded row not computed yet
};

class InvertedResidual final : public FusedKernel {
public:
    InvertedResidual(std::shared_ptr<const InvertedResidualWeights> weights, const Extents& extents)
        : weights_(std::move(weights)), extents_(extents), layout_(*weights_, extents) {}

    std::size_t scratch_bytes(int threads) const override {
        return static_cast<std::size_t>(threads) * layout_.bytes();
    }

    void run(std::span<const float* const> inputs, std::span<float* const> outputs,
             std::byte* scratch, int threads) const override {
        const std::int64_t in_size = weights_->expand.taps * extents_.height * extents_.width;
        const std::int64_t out_size =
            weights_->project.out_channels * extents_.out_height * extents_.out_width;
        for_each_strip(extents_.images, extents_.out_height, threads, [&](const Strip& strip) {
            Walk(*weights_, extents_, layout_, inputs[0] + strip.image * in_size,
                 outputs[0] + strip.image * out_size,
                 scratch + static_cast<std::size_t>(strip.thread) * layout_.bytes())
                .run(strip.begin, strip.end);
        });
    }

private:
    std::shared_ptr<const InvertedResidualWeights> weights_;
    Extents extents_;
    Layout layout_;
};

}  // namespace

std::size_t InvertedResidualWeights::bytes() const {
    return expand.bytes() + project.bytes() +
           sizeof(float) * (depthwise.size() + depthwise_bias.size());
}

std::unique_ptr<FusedKernel> make_inverted_residual(
    std::shared_ptr<const InvertedResidualWeights> weights, const model::Dims& input) {
    const std::int64_t stride = weights->stride;
    if (!suits_strips(input, weights->stride)) return nullptr;
    const Extents extents{.images = input[0],
                          .height = input[2],
                          .width = input[3],
                          .out_height = (input[2] - 1) / stride + 1,
                          .out_width = (input[3] - 1) / stride + 1};
    return std::make_unique<InvertedResidual>(std::move(weights), extents);
}

}  // namespace dbnet::engine::cpu
