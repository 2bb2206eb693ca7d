#include <algorithm>
#include <cmath>

#include "engine/cpu/lowering.hpp"
#include "model/attributes.hpp"

// A deformable convolution is a product of matrices: the weights [M, C * taps] with what each tap
// reads, [C * taps, output pixels], interpolated between four neighbours and weighted by the mask.
namespace dbnet::engine::cpu {
namespace {

struct Sampling {
    model::Window window;
    std::int64_t images = 1;
    std::int64_t channels = 0;
    std::int64_t height = 0;
    std::int64_t width = 0;
    std::int64_t offset_group = 1;

    std::int64_t taps() const { return window.kernel[0] * window.kernel[1]; }
    std::int64_t pixels() const { return window.output[0] * window.output[1]; }

    /// to [images][channels][taps][pixels]
    void run(const float* from, const float* offsets, const float* masks, float* to,
             int threads) const;
};

/// The image between its pixels, zero outside.
float sample(const float* plane, std::int64_t height, std::int64_t width, float y, float x) {
    if (!(y > -1 && x > -1 && y < static_cast<float>(height) && x < static_cast<float>(width)))
        return 0;
    const float top = std::floor(y);
    const float left = std::floor(x);
    const float down = y - top;
    const float right = x - left;
    const auto row = static_cast<std::int64_t>(top);
    const auto column = static_cast<std::int64_t>(left);
    const auto pixel = [&](std::int64_t r, std::int64_t c) {
        return r >= 0 && r < height && c >= 0 && c < width ? plane[r * width + c] : 0.0f;
    };
    return (1 - down) * ((1 - right) * pixel(row, column) + right * pixel(row, column + 1)) +
           down * ((1 - right) * pixel(row + 1, column) + right * pixel(row + 1, column + 1));
}

void Sampling::run(const float* from, const float* offsets, const float* masks, float* to,
                   int threads) const {
    const std::int64_t group_channels = channels / offset_group;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::int64_t task = 0; task < images * channels * taps(); ++task) {
        const std::int64_t tap = task % taps();
        const std::int64_t channel = task / taps() % channels;
        const std::int64_t image = task / taps() / channels;
        const std::int64_t slot = (image * offset_group + channel / group_channels) * taps() + tap;
        const float* plane = from + (image * channels + channel) * height * width;
        const float* down = offsets + 2 * slot * pixels();
        const float* right = down + pixels();
        const float* mask = masks == nullptr ? nullptr : masks + slot * pixels();
        float* target = to + task * pixels();
        for (std::int64_t i = 0; i < pixels(); ++i) {
            const std::int64_t y = i / window.output[1] * window.strides[0] - window.pads_begin[0] +
                                   tap / window.kernel[1] * window.dilations[0];
            const std::int64_t x = i % window.output[1] * window.strides[1] - window.pads_begin[1] +
                                   tap % window.kernel[1] * window.dilations[1];
            const float value = sample(plane, height, width, static_cast<float>(y) + down[i],
                                       static_cast<float>(x) + right[i]);
            target[i] = mask == nullptr ? value : value * mask[i];
        }
    }
}

void emit_sampling(PlanBuilder& builder, const StepInfo& info, const Sampling& sampling,
                   const std::vector<OperandId>& operands) {
    const bool masked = operands.size() > 3;
    builder.emit(info, operands, [=](Frame& frame) {
        const auto pointer = [&](std::size_t i) {
            return static_cast<float*>(frame.pointers[operands[i]]);
        };
        sampling.run(pointer(0), pointer(1), masked ? pointer(2) : nullptr,
                     pointer(operands.size() - 1), frame.threads);
    });
}

void emit_bias(PlanBuilder& builder, StepInfo info, OperandId bias, OperandId value) {
    const model::Dims dims = builder.operand(value).shape.dims;
    const std::int64_t plane = dims[2] * dims[3];
    info.macs = 0;
    builder.emit(std::move(info), {bias, value}, [=](Frame& frame) {
        const auto* numbers = static_cast<const float*>(frame.pointers[bias]);
        auto* values = static_cast<float*>(frame.pointers[value]);
        for (std::int64_t row = 0; row < dims[0] * dims[1]; ++row)
            for (std::int64_t i = 0; i < plane; ++i)
                values[row * plane + i] += numbers[row % dims[1]];
    });
}

}  // namespace

bool lower_deform_conv(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const model::Dims& weights = builder.dims(node.inputs[1]);
    if (!builder.is_f32(node.inputs[0])) return false;
    const auto [window, group, offset_group] = model::deform_conv_attributes(node, dims, weights);
    const Sampling sampling{window, dims[0], dims[1], dims[2], dims[3], offset_group};
    const std::int64_t inner = weights[1] * sampling.taps();
    const std::int64_t maps = weights[0] / group;
    const auto primitive = make_matmul({{1, group, maps, inner},
                                        {dims[0], group, inner, sampling.pixels()},
                                        {dims[0], group, maps, sampling.pixels()}});
    if (!primitive) return false;
    const auto has = [&](std::size_t i) {
        return i < node.inputs.size() && !node.inputs[i].empty();
    };
    std::vector<OperandId> operands = {builder.use(node.inputs[0], Layout::plain),
                                       builder.use(node.inputs[2], Layout::plain)};
    if (has(4)) operands.push_back(builder.use(node.inputs[4], Layout::plain));
    const OperandId matrix = builder.use(node.inputs[1], Layout::plain);
    const OperandId columns = builder.temporary({{dims[0], group, inner, sampling.pixels()}});
    operands.push_back(columns);
    const StepInfo info = step_info(builder, operation, "own");
    emit_sampling(builder, info, sampling, operands);
    const OperandId to = builder.define(node.outputs[0], Layout::plain);
    builder.emit(step_info(builder, operation, "oneDNN " + primitive->implementation()), *primitive,
                 {matrix, columns, to});
    if (has(3)) emit_bias(builder, info, builder.use(node.inputs[3], Layout::plain), to);
    return true;
}

}  // namespace dbnet::engine::cpu
