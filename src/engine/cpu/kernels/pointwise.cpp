#include "engine/cpu/kernels/pointwise.hpp"

#include "engine/cpu/kernels/strips.hpp"

namespace dbnet::engine::cpu {
namespace {

class Pointwise final : public FusedKernel {
public:
    Pointwise(std::shared_ptr<const PackedConv> conv, const model::Dims& input)
        : conv_(std::move(conv)), images_(input[0]), plane_(input[2] * input[3]) {}

    std::size_t scratch_bytes(int threads) const override {
        return static_cast<std::size_t>(threads) * thread_bytes();
    }

    // The image is one long row: strips are made of units of kRowUnit pixels, the last one takes
    // what is over.
    void run(std::span<const float* const> inputs, std::span<float* const> outputs,
             std::byte* scratch, int threads) const override {
        const std::int64_t units = plane_ / kRowUnit;
        for_each_strip(images_, units, threads, [&](const Strip& strip) {
            const std::int64_t begin = strip.begin * kRowUnit;
            const std::int64_t end = strip.end == units ? plane_ : strip.end * kRowUnit;
            auto** taps = reinterpret_cast<const float**>(
                scratch + static_cast<std::size_t>(strip.thread) * thread_bytes());
            for (int t = 0; t < conv_->taps; ++t)
                taps[t] = inputs[0] + (strip.image * conv_->taps + t) * plane_ + begin;
            block_kernels().run_conv(
                {.conv = *conv_,
                 .channels = conv_->out_channels,
                 .taps = taps,
                 .out = outputs[0] + strip.image * conv_->out_channels * plane_ + begin,
                 .out_plane = plane_,
                 .width = static_cast<int>(end - begin)});
        });
    }

private:
    std::size_t thread_bytes() const {
        return static_cast<std::size_t>(
            round_up(conv_->taps * static_cast<std::ptrdiff_t>(sizeof(float*)), 64));
    }

    std::shared_ptr<const PackedConv> conv_;
    std::int64_t images_;
    std::int64_t plane_;
};

}  // namespace

std::unique_ptr<FusedKernel> make_pointwise(std::shared_ptr<const PackedConv> conv,
                                            const model::Dims& input) {
    if (!suits_strips(input, 1)) return nullptr;
    return std::make_unique<Pointwise>(std::move(conv), input);
}

}  // namespace dbnet::engine::cpu
