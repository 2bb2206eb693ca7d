// The backbone of PP-OCRv3's detector at 736 x 1280 (MobileNetV3-Large x 0.5), layer by layer: the
// fused kernels against the same layers as oneDNN primitives with blocked layouts and the
// activations fused. items_per_second counts multiplications with additions.

#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "core/memory.hpp"
#include "engine/cpu/kernels/inverted_residual.hpp"
#include "engine/cpu/onednn_compat.hpp"

namespace dbnet::engine::cpu {
namespace {

struct BlockShape {
    const char* name;
    int in, middle, out, kernel, stride, height, width;
    bool swish;

    std::int64_t out_height() const { return (height - 1) / stride + 1; }
    std::int64_t out_width() const { return (width - 1) / stride + 1; }
    std::int64_t macs() const {
        const std::int64_t out_pixels = out_height() * out_width();
        return std::int64_t{1} * middle * in * height * width +
               (std::int64_t{1} * kernel * kernel + out) * middle * out_pixels;
    }
};

constexpr BlockShape kBlocks[] = {
    {"1_8_8_8", 8, 8, 8, 3, 1, 368, 640, false},
    {"2_8_32_16", 8, 32, 16, 3, 2, 368, 640, false},
    {"3_16_40_16", 16, 40, 16, 3, 1, 184, 320, false},
    {"4_16_40_24", 16, 40, 24, 5, 2, 184, 320, false},
    {"5_24_64_24", 24, 64, 24, 5, 1, 92, 160, false},
    {"7_24_120_40", 24, 120, 40, 3, 2, 92, 160, true},
    {"8_40_104_40", 40, 104, 40, 3, 1, 46, 80, true},
    {"11_40_240_56", 40, 240, 56, 3, 1, 46, 80, true},
    {"12_56_336_56", 56, 336, 56, 3, 1, 46, 80, true},
    {"13_56_336_80", 56, 336, 80, 5, 2, 46, 80, true},
    {"14_80_480_80", 80, 480, 80, 5, 1, 23, 40, true},
};

std::vector<float> ramp(std::int64_t count) {
    std::vector<float> values(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = 0.01F * static_cast<float>(i % 37) - 0.17F;
    return values;
}

void fused(benchmark::State& state, const BlockShape& shape) {
    const int threads = static_cast<int>(state.range(0));
    const RunActivation activation{.kind = shape.swish ? RunActivation::Kind::hard_swish
                                                       : RunActivation::Kind::relu};
    auto weights = std::make_shared<InvertedResidualWeights>();
    const std::vector<float> values = ramp(shape.middle * std::max(shape.in, shape.out));
    weights->expand = PackedConv(values.data(), nullptr, shape.middle, shape.in, activation);
    weights->kernel = shape.kernel;
    weights->stride = shape.stride;
    weights->depthwise = ramp(shape.middle * shape.kernel * shape.kernel);
    weights->depthwise_bias = ramp(shape.middle);
    weights->depthwise_activation = activation;
    weights->project = PackedConv(values.data(), nullptr, shape.out, shape.middle, {});
    const auto kernel = make_inverted_residual(weights, {1, shape.in, shape.height, shape.width});
    const core::Memory scratch = core::allocate(kernel->scratch_bytes(threads));
    const std::vector<float> input = ramp(std::int64_t{1} * shape.in * shape.height * shape.width);
    std::vector<float> output(
        static_cast<std::size_t>(shape.out * shape.out_height() * shape.out_width()));
    const float* inputs[] = {input.data()};
    float* outputs[] = {output.data()};
    for (auto _ : state) kernel->run(inputs, outputs, scratch.get(), threads);
    state.SetItemsProcessed(state.iterations() * shape.macs());
}

// A convolution with memory of its own for its result.
class Layer {
public:
    Layer(const Shape& source, std::int64_t channels, int kernel, int stride, bool depthwise,
          const Epilogue& epilogue)
        : shape(source) {
        const std::int64_t pad = kernel / 2;
        const std::int64_t height = (source.dims[2] - 1) / stride + 1;
        const std::int64_t width = (source.dims[3] - 1) / stride + 1;
        shape.dims = {1, channels, height, width};
        const model::Window window{.kernel = {kernel, kernel},
                                   .strides = {stride, stride},
                                   .dilations = {1, 1},
                                   .pads_begin = {pad, pad},
                                   .pads_end = {pad, pad},
                                   .output = {height, width}};
        const std::int64_t physical = shape.physical()[1];
        const std::int64_t in = source.physical()[1];
        primitive_ = make_conv({.source = source,
                                .destination = shape,
                                .window = window,
                                .group = depthwise ? in : 1,
                                .bias = true},
                               epilogue);
        const WeightsLayout layout(*primitive_);
        weights_.resize(layout.bytes() / sizeof(float));
        const std::vector<float> dense = ramp(physical * (depthwise ? 1 : in) * kernel * kernel);
        layout.pack(dense.data(), weights_.data());
        bias_ = ramp(physical);
        output = ramp(static_cast<std::int64_t>(shape.bytes() / sizeof(float)));
        scratch_.resize(primitive_->scratch_bytes() + 64);
    }

    void execute(float* source) {
        void* operands[] = {source, weights_.data(), bias_.data(), output.data()};
        bound_.execute(*primitive_, operands, scratch_.data());
    }

    Shape shape;
    std::vector<float> output;

private:
    std::optional<Primitive> primitive_;
    BoundPrimitive bound_;
    std::vector<float> weights_;
    std::vector<float> bias_;
    std::vector<std::byte> scratch_;
};

void onednn(benchmark::State& state, const BlockShape& shape) {
    const ThreadTeam team(static_cast<int>(state.range(0)));
    const Epilogue activation{.activation = Activation{shape.swish ? Activation::Kind::hard_swish
                                                                   : Activation::Kind::relu}};
    const Shape source{{1, shape.in, shape.height, shape.width}, Layout::blocked};
    Layer expand(source, shape.middle, 1, 1, false, activation);
    Layer depthwise(expand.shape, shape.middle, shape.kernel, shape.stride, true, activation);
    Layer project(depthwise.shape, shape.out, 1, 1, false, {});
    std::vector<float> input = ramp(static_cast<std::int64_t>(source.bytes() / sizeof(float)));
    for (auto _ : state) {
        expand.execute(input.data());
        depthwise.execute(expand.output.data());
        project.execute(depthwise.output.data());
    }
    state.SetItemsProcessed(state.iterations() * shape.macs());
}

const bool kRegistered = [] {
    for (const BlockShape& shape : kBlocks) {
        const auto add = [&](const char* kind, void (*run)(benchmark::State&, const BlockShape&)) {
            benchmark::RegisterBenchmark((std::string(kind) + "/" + shape.name).c_str(), run, shape)
                ->Arg(1)
                ->Arg(2)
                ->UseRealTime()
                ->Unit(benchmark::kMicrosecond);
        };
        add("fused", fused);
        add("onednn", onednn);
    }
    return true;
}();

}  // namespace
}  // namespace dbnet::engine::cpu
