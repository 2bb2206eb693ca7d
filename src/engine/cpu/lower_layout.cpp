#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>

#include "engine/cpu/host_kernels.hpp"
#include "engine/cpu/lowering.hpp"
#include "model/attributes.hpp"

// Operators that move numbers. Where the result lies in the input's memory as it is, nothing moves.
namespace dbnet::engine::cpu {
namespace {

void emit_copy(PlanBuilder& builder, StepInfo info, const StridedCopy& copy, OperandId from,
               OperandId to) {
    info.implementation = "own";
    builder.emit(std::move(info), {from, to}, [=](Frame& frame) {
        copy.run(frame.pointers[from], frame.pointers[to], frame.threads);
    });
}

StridedCopy dense_copy(const model::Dims& dims, model::DataType type) {
    StridedCopy copy;
    copy.dims = dims;
    copy.from_strides = copy.to_strides = dense_strides(dims);
    copy.element_bytes = model::size_of(type);
    return copy;
}

/// Product of the extents before `axis`.
std::int64_t extent_before(const model::Dims& dims, std::size_t axis) {
    return std::accumulate(dims.begin(), dims.begin() + static_cast<std::ptrdiff_t>(axis),
                           std::int64_t{1}, std::multiplies<>());
}

/// Extents in memory: blocked channels as [C / B] with B behind the pixels.
model::Dims memory_dims(const Shape& shape) {
    if (shape.layout == Layout::plain) return shape.dims;
    const model::Dims physical = shape.physical();
    const std::int64_t block = channel_block();
    return {physical[0], physical[1] / block, physical[2], physical[3], block};
}

/// Puts a value to its place in a concatenation that could not be computed there.
void emit_concat_part(PlanBuilder& builder, const StepInfo& info, OperandId from, OperandId to,
                      std::size_t axis, std::int64_t before) {
    const Shape& part = builder.operand(from).shape;
    const Shape& whole = builder.operand(to).shape;
    StridedCopy copy = dense_copy(memory_dims(part), builder.operand(from).type);
    copy.to_strides = dense_strides(memory_dims(whole));
    const std::int64_t unit = whole.layout == Layout::blocked ? channel_block() : 1;
    copy.to_offset = before / unit * copy.to_strides[axis];
    emit_copy(builder, info, copy, from, to);
}

/// Whether a value lies where it belongs in the concatenation already.
bool is_in_place(const Operand& part, const Operand& whole, std::int64_t elements_before) {
    return part.place == whole.place && part.index == whole.index &&
           part.place != Operand::Place::constant && part.place != Operand::Place::input &&
           part.offset == whole.offset + static_cast<std::size_t>(elements_before) *
                                             model::size_of(whole.type);
}

/// The layout in which some inputs lie there already; else blocks if all inputs have them and end
/// at their borders.
Layout concat_layout(const PlanBuilder& builder, const model::Node& node, std::size_t axis) {
    if (builder.layout(node.outputs[0]) == Layout::blocked) return Layout::blocked;
    if (builder.is_defined(node.outputs[0], Layout::plain)) return Layout::plain;
    if (builder.dims(node.outputs[0]).size() != 4 || axis != 1) return Layout::plain;
    std::int64_t before = 0;
    for (const std::string& input : node.inputs) {
        if (builder.layout(input) == Layout::plain || before % channel_block() != 0)
            return Layout::plain;
        before += builder.dims(input)[1];
    }
    return Layout::blocked;
}

}  // namespace

bool lower_view(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    builder.define_view(node.outputs[0], builder.use(node.inputs[0], Layout::plain));
    return true;
}

bool lower_cast(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    return model::cast_type(node) == builder.type(node.inputs[0]) && lower_view(builder, operation);
}

bool lower_concat(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const std::string& result = node.outputs[0];
    const model::Dims& dims = builder.dims(result);
    const std::size_t axis = model::axis_attribute(node, dims.size());
    const Layout layout = concat_layout(builder, node, axis);
    const OperandId to = builder.is_defined(result, layout) ? builder.use(result, layout)
                                                            : builder.define(result, layout);
    const StepInfo info = step_info(builder, operation, "own");
    const std::int64_t stride = dense_strides(dims)[axis];
    std::int64_t before = 0;
    for (const std::string& input : node.inputs) {
        const OperandId from = builder.use(input, layout);
        const bool contiguous = extent_before(dims, axis) == 1;
        if (!contiguous ||
            !is_in_place(builder.operand(from), builder.operand(to), before * stride))
            emit_concat_part(builder, info, from, to, axis, before);
        before += builder.dims(input)[axis];
    }
    return true;
}

bool lower_split(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    if (!builder.are_constant(node, 1)) return false;
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const auto attributes = model::split_attributes(node, dims, builder.integers(node, 1));
    const model::Dims strides = dense_strides(dims);
    const OperandId from = builder.use(node.inputs[0], Layout::plain);
    const model::DataType type = builder.operand(from).type;
    std::int64_t before = 0;
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
        const std::string& output = node.outputs[i];
        const std::int64_t offset = before * strides[attributes.axis];
        before += attributes.sizes[i];
        const std::size_t bytes = static_cast<std::size_t>(offset) * model::size_of(type);
        if (extent_before(dims, attributes.axis) == 1 && bytes % kAlignment == 0) {
            builder.define_view(output, from, bytes);
            continue;
        }
        StridedCopy copy = dense_copy(builder.dims(output), type);
        copy.from_strides = strides;
        copy.from_offset = offset;
        emit_copy(builder, step_info(builder, operation, "own"), copy, from,
                  builder.define(output, Layout::plain));
    }
    return true;
}

bool lower_slice(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    if (!builder.are_constant(node, 1)) return false;
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const std::vector<model::SliceRange> ranges =
        model::slice_ranges(node, dims, builder.integers(node, 1), builder.integers(node, 2),
                            builder.integers(node, 3), builder.integers(node, 4));
    const OperandId from = builder.use(node.inputs[0], Layout::plain);
    StridedCopy copy = dense_copy(builder.dims(node.outputs[0]), builder.operand(from).type);
    copy.from_strides = dense_strides(dims);
    for (std::size_t axis = 0; axis < dims.size(); ++axis) {
        copy.from_offset += ranges[axis].start * copy.from_strides[axis];
        copy.from_strides[axis] *= ranges[axis].step;
    }
    emit_copy(builder, step_info(builder, operation, "own"), copy, from,
              builder.define(node.outputs[0], Layout::plain));
    return true;
}

bool lower_pad(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    if (!builder.is_f32(node.inputs[0]) || !builder.are_constant(node, 1)) return false;
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const auto attributes =
        model::pad_attributes(node, dims, builder.integers(node, 1), builder.integers(node, 3));
    const auto is_crop = [](std::int64_t extent) { return extent < 0; };
    if (attributes.mode != model::PadMode::constant ||
        std::ranges::any_of(attributes.begin, is_crop) ||
        std::ranges::any_of(attributes.end, is_crop))
        return false;
    float fill = 0;
    if (node.inputs.size() > 2 && !node.inputs[2].empty())
        fill = builder.constant(node.inputs[2])->f32()[0];
    const OperandId from = builder.use(node.inputs[0], Layout::plain);
    const OperandId to = builder.define(node.outputs[0], Layout::plain);
    StridedCopy copy = dense_copy(dims, model::DataType::f32);
    copy.to_strides = dense_strides(attributes.output);
    for (std::size_t axis = 0; axis < dims.size(); ++axis)
        copy.to_offset += attributes.begin[axis] * copy.to_strides[axis];
    const std::int64_t size = model::element_count(attributes.output);
    builder.emit(step_info(builder, operation, "own"), {from, to}, [=](Frame& frame) {
        std::fill_n(static_cast<float*>(frame.pointers[to]), size, fill);
        copy.run(frame.pointers[from], frame.pointers[to], frame.threads);
    });
    return true;
}

bool lower_transpose(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const std::vector<std::size_t> permutation = model::transpose_permutation(node, dims.size());
    const OperandId from = builder.use(node.inputs[0], Layout::plain);
    StridedCopy copy = dense_copy(builder.dims(node.outputs[0]), builder.operand(from).type);
    const model::Dims strides = dense_strides(dims);
    for (std::size_t axis = 0; axis < dims.size(); ++axis)
        copy.from_strides[axis] = strides[permutation[axis]];
    emit_copy(builder, step_info(builder, operation, "own"), copy, from,
              builder.define(node.outputs[0], Layout::plain));
    return true;
}

/// [N, b, b, C, H, W] (DCR) or [N, C, b, b, H, W] (CRD) to [N, C, H, b, W, b].
bool lower_depth_to_space(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const auto [block, channels_first, output] = model::depth_to_space_attributes(node, dims);
    const OperandId from = builder.use(node.inputs[0], Layout::plain);
    StridedCopy copy = dense_copy({dims[0], output[1], dims[2], block, dims[3], block},
                                  builder.operand(from).type);
    const std::int64_t plane = dims[2] * dims[3];
    const std::int64_t channel = channels_first ? block * block * plane : plane;
    const std::int64_t tap = channels_first ? plane : output[1] * plane;
    copy.from_strides = {dims[1] * plane, channel, dims[3], block * tap, 1, tap};
    emit_copy(builder, step_info(builder, operation, "own"), copy, from,
              builder.define(node.outputs[0], Layout::plain));
    return true;
}

bool lower_expand(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const model::Dims& whole = builder.dims(node.outputs[0]);
    const OperandId from = builder.use(node.inputs[0], Layout::plain);
    StridedCopy copy = dense_copy(whole, builder.operand(from).type);
    const model::Dims strides = dense_strides(dims);
    copy.from_strides.assign(whole.size(), 0);
    for (std::size_t axis = 0; axis < dims.size(); ++axis)
        if (dims[axis] > 1) copy.from_strides[axis + whole.size() - dims.size()] = strides[axis];
    emit_copy(builder, step_info(builder, operation, "own"), copy, from,
              builder.define(node.outputs[0], Layout::plain));
    return true;
}

/// With indices that are known, as selections of channels are: one copy per index.
bool lower_gather(PlanBuilder& builder, const Operation& operation) {
    constexpr std::size_t kMostCopies = 4096;
    const model::Node& node = builder.node(operation.nodes[0]);
    if (!builder.are_constant(node, 1)) return false;
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const std::size_t axis = model::axis_attribute(node, dims.size());
    const std::vector<std::int64_t> picked = builder.integers(node, 1);
    const bool inside = std::ranges::all_of(
        picked, [&](std::int64_t index) { return index >= -dims[axis] && index < dims[axis]; });
    if (!inside || picked.size() > kMostCopies) return false;
    const OperandId from = builder.use(node.inputs[0], Layout::plain);
    const OperandId to = builder.define(node.outputs[0], Layout::plain);
    const std::int64_t inner = dense_strides(dims)[axis];
    std::vector<StridedCopy> copies;
    for (std::size_t i = 0; i < picked.size(); ++i) {
        StridedCopy copy =
            dense_copy({extent_before(dims, axis), inner}, builder.operand(from).type);
        copy.from_strides = {dims[axis] * inner, 1};
        copy.to_strides = {static_cast<std::int64_t>(picked.size()) * inner, 1};
        copy.from_offset = (picked[i] < 0 ? picked[i] + dims[axis] : picked[i]) * inner;
        copy.to_offset = static_cast<std::int64_t>(i) * inner;
        copies.push_back(copy);
    }
    builder.emit(step_info(builder, operation, "own"), {from, to},
                 [from, to, copies = std::move(copies)](Frame& frame) {
                     for (const StridedCopy& copy : copies)
                         copy.run(frame.pointers[from], frame.pointers[to], frame.threads);
                 });
    return true;
}

}  // namespace dbnet::engine::cpu
