#include <algorithm>

#include "engine/cpu/activations.hpp"
#include "engine/cpu/elementwise.hpp"
#include "engine/cpu/host_kernels.hpp"
#include "engine/cpu/lowering.hpp"

// Elementwise operators of our own: those that oneDNN does not have, does not broadcast, or in
// which it takes NaN for a number. In the blocked layout the axes are [N][C / B][H][W][B].
namespace dbnet::engine::cpu {
namespace {

using model::Op;

/// Extents with leading ones.
model::Dims with_rank(const model::Dims& dims, std::size_t rank) {
    model::Dims result(rank - dims.size(), 1);
    result.insert(result.end(), dims.begin(), dims.end());
    return result;
}

/// Strides of an operand of extents `dims` under a result of extents `whole`.
model::Dims broadcast_strides(const model::Dims& dims, const model::Dims& whole) {
    const model::Dims wide = with_rank(dims, whole.size());
    model::Dims strides = dense_strides(wide);
    for (std::size_t axis = 0; axis < wide.size(); ++axis)
        if (wide[axis] == 1) strides[axis] = 0;
    return strides;
}

/// Extents in memory of the blocked layout.
model::Dims block_dims(const model::Dims& dims) {
    const std::int64_t block = channel_block();
    return {dims[0], round_up(dims[1], block) / block, dims[2], dims[3], block};
}

/// An operand without channels, in the plain layout, as the blocked axes see it.
model::Dims block_strides_of_plane(const model::Dims& dims, const model::Dims& whole) {
    const model::Dims plain = broadcast_strides(dims, whole);
    return {plain[0], 0, plain[2], plain[3], 0};
}

/// An operand in the blocked layout.
model::Dims block_strides(const model::Dims& dims, const model::Dims& whole) {
    return broadcast_strides(block_dims(dims), block_dims(whole));
}

bool is_plane(const model::Dims& wide) { return wide[1] == 1; }

/// A parameter with one number per channel, written without the first dimension.
bool is_channel_vector(const PlanBuilder& builder, const std::string& value,
                       const model::Dims& whole) {
    const model::Dims& dims = builder.dims(value);
    return builder.graph().parameter(value) != nullptr && dims.size() == 3 &&
           dims == model::Dims{whole[1], 1, 1};
}

/// Whether the padding of a blocked result stays finite.
bool keeps_padding_finite(Op op) { return op != Op::Div && op != Op::Pow; }

/// Whether all operands can be read as blocks, and one lies so already.
bool fits_blocks(const PlanBuilder& builder, const model::Node& node, const model::Dims& whole) {
    if (whole.size() != 4 || channel_block() == 1 || !keeps_padding_finite(node.op) ||
        builder.type(node.outputs[0]) != model::DataType::f32)
        return false;
    bool is_blocked = false;
    for (const std::string& input : node.inputs) {
        if (!builder.is_f32(input)) return false;
        const model::Dims& dims = builder.dims(input);
        const model::Dims wide = with_rank(dims, 4);
        const bool has_channels = wide[1] == whole[1] && whole[1] > 1;
        const bool fits = has_channels
                              ? dims.size() == 4 || is_channel_vector(builder, input, whole)
                              : is_plane(wide);
        if (!fits) return false;
        is_blocked = is_blocked || (builder.constant(input) == nullptr &&
                                    builder.layout(input) == Layout::blocked);
    }
    return is_blocked && whole[1] > 1;
}

/// One operand as the loop reads it.
OperandId use_operand(PlanBuilder& builder, const std::string& value, const model::Dims& whole,
                      Layout layout, model::Dims& strides) {
    const model::Dims& dims = builder.dims(value);
    if (layout == Layout::plain) {
        strides = broadcast_strides(dims, whole);
        return builder.use(value, Layout::plain);
    }
    if (is_plane(with_rank(dims, 4))) {
        strides = block_strides_of_plane(dims, whole);
        return builder.use(value, Layout::plain);
    }
    if (dims.size() == 4) {
        strides = block_strides(dims, whole);
        return builder.use(value, Layout::blocked);
    }
    const auto count = static_cast<std::size_t>(round_up(whole[1], channel_block()));
    strides = {0, channel_block(), 0, 0, 1};
    return builder.constant_operand(
        builder.weights().dense(packing_key(value, "padded", count), count, [&] {
            const std::span<const float> numbers = builder.graph().parameter(value)->f32();
            std::vector<float> padded(numbers.begin(), numbers.end());
            padded.resize(count, 0.0f);
            return padded;
        }));
}

void emit_loop(PlanBuilder& builder, const StepInfo& info, ElementwiseLoop loop,
               const std::vector<OperandId>& operands) {
    loop.collapse();
    builder.emit(info, operands, [loop = std::move(loop), operands](Frame& frame) {
        std::array<const void*, ElementwiseLoop::kMaxOperands> pointers{};
        for (std::size_t i = 0; i + 1 < operands.size(); ++i)
            pointers[i] = frame.pointers[operands[i]];
        loop.run(pointers, frame.pointers[operands.back()], frame.threads);
    });
}

bool fits_types(const PlanBuilder& builder, const model::Node& node) {
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
        const bool condition = node.op == Op::Where && i == 0;
        if (builder.type(node.inputs[i]) !=
            (condition ? model::DataType::boolean : model::DataType::f32))
            return false;
    }
    return true;
}

}  // namespace

bool lower_elementwise(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    if (!fits_types(builder, node) || node.inputs.size() < 2) return false;
    const std::string& result = builder.node(operation.nodes.back()).outputs[0];
    const model::Dims& whole = builder.dims(node.outputs[0]);
    const Layout layout = fits_blocks(builder, node, whole) ? Layout::blocked : Layout::plain;
    const auto operands_at_once = static_cast<std::size_t>(elementwise_operands(node.op));
    std::vector<ElementwiseLoop> loops;
    std::vector<std::vector<OperandId>> operands;
    // Max and Min of many values go on with what they have.
    for (std::size_t first = 0; first + 1 < node.inputs.size(); first += operands_at_once - 1) {
        ElementwiseLoop loop;
        loop.op = node.op;
        loop.dims = layout == Layout::plain ? whole : block_dims(whole);
        std::vector<OperandId> used;
        for (std::size_t i = 0; i < operands_at_once; ++i) {
            if (first > 0 && i == 0) {
                loop.strides[0] = dense_strides(loop.dims);
                used.push_back(0);  // the result so far
                continue;
            }
            used.push_back(
                use_operand(builder, node.inputs[first + i], whole, layout, loop.strides[i]));
        }
        loops.push_back(std::move(loop));
        operands.push_back(std::move(used));
    }
    const OperandId to = builder.define(result, layout);
    const StepInfo info = step_info(builder, operation, "own");
    for (std::size_t i = 0; i < loops.size(); ++i) {
        if (i > 0) operands[i][0] = to;
        operands[i].push_back(to);
        emit_loop(builder, info, std::move(loops[i]), operands[i]);
    }
    if (operation.nodes.size() > 1)
        emit_activation(builder, info,
                        *to_activation(builder.graph(), builder.node(operation.nodes.back())), to,
                        to);
    return true;
}

}  // namespace dbnet::engine::cpu
