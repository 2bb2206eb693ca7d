#include <algorithm>

#include "engine/cpu/host_kernels.hpp"
#include "engine/cpu/lowering.hpp"
#include "model/attributes.hpp"

namespace dbnet::engine::cpu {
namespace {

std::int64_t inner_of(Layout layout) { return layout == Layout::blocked ? channel_block() : 1; }

/// oneDNN wants the padding that makes the last window end inside it. Returns whether that changes
/// the end's padding.
bool complete_padding(model::Window& window, const model::Dims& input) {
    bool changed = false;
    for (std::size_t axis = 0; axis < window.kernel.size(); ++axis) {
        const std::int64_t extent = (window.kernel[axis] - 1) * window.dilations[axis] + 1;
        const std::int64_t needed = (window.output[axis] - 1) * window.strides[axis] + extent -
                                    input[axis + 2] - window.pads_begin[axis];
        if (needed <= window.pads_end[axis]) continue;
        window.pads_end[axis] = needed;
        changed = true;
    }
    return changed;
}

/// Whether a node averages exactly the last two of four dimensions.
bool is_spatial_mean(const PlanBuilder& builder, const model::Node& node) {
    const model::Dims& dims = builder.dims(node.inputs[0]);
    if (!builder.is_f32(node.inputs[0]) || dims.size() != 4) return false;
    if (node.op == model::Op::GlobalAveragePool) return true;
    if (!builder.are_constant(node, 1)) return false;
    const model::ReduceAttributes attributes =
        model::reduce_attributes(node, dims, builder.integers(node, 1));
    return attributes.axes == std::vector<std::size_t>{2, 3};
}

/// What Resize's inputs 2 (scales) and 3 (sizes) say.
std::optional<model::ResizeAttributes> resize_attributes(const PlanBuilder& builder,
                                                         const model::Node& node) {
    const model::Dims& dims = builder.dims(node.inputs[0]);
    if (!builder.is_f32(node.inputs[0]) || dims.size() != 4 || !builder.are_constant(node, 2))
        return std::nullopt;
    std::span<const float> scales;
    if (node.inputs.size() > 2 && !node.inputs[2].empty())
        scales = builder.constant(node.inputs[2])->f32();
    const std::vector<std::int64_t> sizes = builder.integers(node, 3);
    const auto attributes = model::resize_attributes(node, dims, scales, sizes);
    if (attributes.output[0] != dims[0] || attributes.output[1] != dims[1]) return std::nullopt;
    return attributes;
}

bool lower_cubic_resize(PlanBuilder& builder, const Operation& operation,
                        const model::ResizeAttributes& attributes) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const std::vector<ResizeAxis> axes = resize_axes(attributes, dims);
    const CubicResample resample{dims[0] * dims[1], dims[2], dims[3], axes[2], axes[3]};
    const OperandId from = builder.use(node.inputs[0], Layout::plain);
    const OperandId to = builder.define(node.outputs[0], Layout::plain);
    builder.emit(step_info(builder, operation, "own"), {from, to}, [=](Frame& frame) {
        resample.run(static_cast<const float*>(frame.pointers[from]),
                     static_cast<float*>(frame.pointers[to]), frame.threads);
    });
    return true;
}

}  // namespace

bool lower_pool(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const model::Dims& dims = builder.dims(node.inputs[0]);
    if (!builder.is_f32(node.inputs[0]) || dims.size() < 3 || dims.size() > 5) return false;
    model::PoolAttributes attributes = model::pool_attributes(node, dims);
    const bool beyond = complete_padding(attributes.window, dims);
    const bool is_max = node.op == model::Op::MaxPool;
    if (beyond && !is_max && attributes.count_include_pad) return false;
    const PoolKind kind = is_max                         ? PoolKind::max
                          : attributes.count_include_pad ? PoolKind::average_padded
                                                         : PoolKind::average_inside;
    const Layout layout = builder.layout(node.inputs[0]);
    const auto primitive =
        make_pool(kind, {dims, layout}, {builder.dims(node.outputs[0]), layout}, attributes.window);
    if (!primitive) return false;
    const OperandId from = builder.use(node.inputs[0], layout);
    const OperandId to = builder.define(node.outputs[0], layout);
    builder.emit(step_info(builder, operation, "oneDNN " + primitive->implementation()), *primitive,
                 {from, to});
    return true;
}

bool lower_mean(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    if (!is_spatial_mean(builder, node)) return lower_reduce(builder, operation);
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const Layout layout = builder.layout(node.inputs[0]);
    const SpatialMean mean{dims[0], dims[1], dims[2] * dims[3], inner_of(layout)};
    const OperandId from = builder.use(node.inputs[0], layout);
    const OperandId to = builder.define(node.outputs[0], Layout::plain);
    builder.emit(step_info(builder, operation, "own"), {from, to}, [=](Frame& frame) {
        mean.run(static_cast<const float*>(frame.pointers[from]),
                 static_cast<float*>(frame.pointers[to]), frame.threads);
    });
    return true;
}

bool lower_resize(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const auto attributes = resize_attributes(builder, node);
    if (!attributes) return false;
    if (attributes->mode == model::ResizeMode::cubic)
        return lower_cubic_resize(builder, operation, *attributes);
    const model::Node& last = builder.node(operation.nodes.back());
    const std::string& result = last.outputs[0];
    const std::string* addend = nullptr;
    if (operation.nodes.size() > 1)
        addend = &last.inputs[last.inputs[0] == node.outputs[0] ? 1 : 0];

    Layout layout = builder.layout(node.inputs[0]);
    if (builder.is_concatenated(result) && !builder.joins_concat(result, layout))
        layout = Layout::plain;
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const std::vector<ResizeAxis> axes = resize_axes(*attributes, dims);
    const std::int64_t inner = inner_of(layout);
    const Resample resample{
        dims[0] * round_up(dims[1], inner) / inner,    inner, dims[2], dims[3], axes[2], axes[3],
        attributes->mode == model::ResizeMode::nearest};
    std::vector<OperandId> operands = {builder.use(node.inputs[0], layout)};
    if (addend != nullptr) operands.push_back(builder.use(*addend, layout));
    operands.push_back(builder.define(result, layout));
    builder.emit(step_info(builder, operation, "own"), operands, [=](Frame& frame) {
        const bool adds = operands.size() > 2;
        resample.run(static_cast<const float*>(frame.pointers[operands[0]]),
                     adds ? static_cast<const float*>(frame.pointers[operands[1]]) : nullptr,
                     static_cast<float*>(frame.pointers[operands.back()]), frame.threads);
    });
    return true;
}

}  // namespace dbnet::engine::cpu
