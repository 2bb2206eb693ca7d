// The convolution of stride 2 on the image, row by row. With so few input channels the packed
// layouts of a general convolution leave most of a vector empty; here an input row is split into
// its even and its odd columns once, after which every tap is a run of neighbouring pixels.

#include "engine/cpu/kernels/stem.hpp"

#include <algorithm>

#include "engine/cpu/kernels/strips.hpp"

namespace dbnet::engine::cpu {
namespace {

class Stem final : public FusedKernel {
public:
    Stem(std::shared_ptr<const StemWeights> weights, const model::Dims& input)
        : weights_(std::move(weights)),
          images_(input[0]),
          height_(input[2]),
          width_(input[3]),
          row_(width_, 2),
          ring_plane_(plane_floats(weights_->kernel * row_.floats)) {}

    std::size_t scratch_bytes(int threads) const override {
        return static_cast<std::size_t>(threads) * thread_bytes();
    }

    void run(std::span<const float* const> inputs, std::span<float* const> outputs,
             std::byte* scratch, int threads) const override {
        const std::int64_t in_size = weights_->in_channels * height_ * width_;
        const std::int64_t out_size = weights_->conv.out_channels * out_height() * out_width();
        for_each_strip(images_, out_height(), threads, [&](const Strip& strip) {
            walk(strip, inputs[0] + strip.image * in_size, outputs[0] + strip.image * out_size,
                 scratch + static_cast<std::size_t>(strip.thread) * thread_bytes());
        });
    }

private:
    std::int64_t out_height() const { return (height_ - 1) / 2 + 1; }
    std::int64_t out_width() const { return (width_ - 1) / 2 + 1; }

    // A row of zeros, a ring of split rows for each channel, and a pointer for each tap.
    std::ptrdiff_t floats() const { return row_.floats + weights_->in_channels * ring_plane_; }
    std::size_t thread_bytes() const {
        return static_cast<std::size_t>(
            round_up(floats() * static_cast<std::ptrdiff_t>(sizeof(float)) +
                         weights_->conv.taps * static_cast<std::ptrdiff_t>(sizeof(float*)),
                     64));
    }

    float* ring_row(float* zeros, int channel, std::int64_t y) const {
        return zeros + row_.floats + channel * ring_plane_ + y % weights_->kernel * row_.floats +
               kRowUnit;
    }

    void walk(const Strip& strip, const float* input, float* output, std::byte* scratch) const {
        float* zeros = reinterpret_cast<float*>(scratch);
        const float** taps = reinterpret_cast<const float**>(zeros + floats());
        std::fill_n(zeros, floats(), 0.0F);
        std::int64_t next = std::max<std::int64_t>(0, 2 * strip.begin - weights_->kernel / 2);
        for (std::int64_t row = strip.begin; row < strip.end; ++row) {
            const std::int64_t last = std::min(2 * row + weights_->kernel / 2 + 1, height_);
            for (; next < last; ++next)
                for (int c = 0; c < weights_->in_channels; ++c)
                    block_kernels().split(input + (c * height_ + next) * width_,
                                          static_cast<int>(width_), ring_row(zeros, c, next),
                                          row_.odd);
            convolve(row, zeros, taps, output + row * out_width());
        }
    }

    void convolve(std::int64_t row, float* zeros, const float** taps, float* out) const {
        const int pad = weights_->kernel / 2;
        int tap = 0;
        for (int c = 0; c < weights_->in_channels; ++c)
            for (int i = -pad; i <= pad; ++i) {
                const std::int64_t y = 2 * row + i;
                const bool inside = y >= 0 && y < height_;
                const float* from = inside ? ring_row(zeros, c, y) : zeros + kRowUnit;
                for (int j = -pad; j <= pad; ++j) taps[tap++] = from + row_.column(j);
            }
        block_kernels().run_conv({.conv = weights_->conv,
                                  .channels = weights_->conv.out_channels,
                                  .taps = taps,
                                  .out = out,
                                  .out_plane = out_height() * out_width(),
                                  .width = static_cast<int>(out_width())});
    }

    std::shared_ptr<const StemWeights> weights_;
    std::int64_t images_;
    std::int64_t height_;
    std::int64_t width_;
    PaddedRow row_;
    std::ptrdiff_t ring_plane_;
};

}  // namespace

std::unique_ptr<FusedKernel> make_stem(std::shared_ptr<const StemWeights> weights,
                                       const model::Dims& input) {
    if (!suits_strips(input, 2)) return nullptr;
    return std::make_unique<Stem>(std::move(weights), input);
}

}  // namespace dbnet::engine::cpu
