#include <algorithm>

#include "core/error.hpp"
#include "engine/cpu/activations.hpp"
#include "engine/cpu/lowering.hpp"
#include "model/attributes.hpp"

namespace dbnet::engine::cpu {
namespace {

BinaryKind binary_kind(model::Op op) {
    switch (op) {
        case model::Op::Sub: return BinaryKind::sub;
        case model::Op::Mul: return BinaryKind::mul;
        case model::Op::Div: return BinaryKind::div;
        default: return BinaryKind::add;
    }
}

/// Extents with leading ones.
model::Dims with_rank(const model::Dims& dims, std::size_t rank) {
    model::Dims result(rank - dims.size(), 1);
    result.insert(result.end(), dims.begin(), dims.end());
    return result;
}

/// [N, C, 1, 1]: one number per channel.
bool is_per_channel(const model::Dims& dims) {
    return dims.size() == 4 && dims[2] == 1 && dims[3] == 1;
}

/// Whether `b` can be combined with `a` in blocked layout, `a` having the result's extents.
bool fits_blocks(const PlanBuilder& builder, const std::string& a, const std::string& b,
                 BinaryKind kind) {
    const model::Dims& dims = builder.dims(a);
    const model::Dims& other = builder.dims(b);
    if (dims.size() != 4 || kind == BinaryKind::div || builder.constant(a) != nullptr ||
        channel_block() == 1)
        return false;
    const bool is_blocked = builder.layout(a) == Layout::blocked ||
                            (other == dims && builder.layout(b) == Layout::blocked);
    // What follows from the extents alone has at most one dimension.
    return is_blocked && (other == dims || (is_per_channel(other) && other[1] == dims[1]));
}

}  // namespace

void emit_activation(PlanBuilder& builder, StepInfo info, const Activation& activation,
                     OperandId from, OperandId to) {
    const std::int64_t count = model::element_count(builder.operand(to).shape.physical());
    info.implementation = "own";
    builder.emit(std::move(info), {from, to}, [=](Frame& frame) {
        apply(activation, static_cast<const float*>(frame.pointers[from]),
              static_cast<float*>(frame.pointers[to]), count, frame.threads);
    });
}

namespace {

/// The function of `input` as the value `result`.
void lower_function(PlanBuilder& builder, const Operation& operation, const Activation& activation,
                    const std::string& input, const std::string& result) {
    const Layout layout = keeps_padding_finite(activation) ? builder.layout(input) : Layout::plain;
    const OperandId from = builder.use(input, layout);
    const bool in_place = builder.may_overwrite(input, layout) && builder.is_internal(result);
    const OperandId to =
        in_place ? builder.define_in_place(result, from) : builder.define(result, layout);
    emit_activation(builder, step_info(builder, operation, ""), activation, from, to);
}

}  // namespace

bool lower_activation(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const std::optional<Activation> activation = to_activation(builder.graph(), node);
    if (!builder.is_f32(node.inputs[0])) return false;
    if (!activation) return node.op == model::Op::Pow && lower_elementwise(builder, operation);
    lower_function(builder, operation, *activation, node.inputs[0], node.outputs[0]);
    return true;
}

/// Together with what undoes it; by itself it is left to the reference executor.
bool lower_quantization(PlanBuilder& builder, const Operation& operation) {
    if (operation.nodes.size() < 2) return false;
    const model::Node& node = builder.node(operation.nodes[0]);
    const model::Node& last = builder.node(operation.nodes[1]);
    lower_function(builder, operation, *to_quantization(builder.graph(), node, last),
                   node.inputs[0], last.outputs[0]);
    return true;
}

bool lower_binary(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const model::Node& last = builder.node(operation.nodes.back());
    std::optional<Activation> activation;
    if (operation.nodes.size() > 1) activation = to_activation(builder.graph(), last);
    if (!builder.is_f32(node.inputs[0]) || !builder.is_f32(node.inputs[1])) return false;

    const BinaryKind kind = binary_kind(node.op);
    const model::Dims& dims = builder.dims(node.outputs[0]);
    std::string a = node.inputs[0];
    std::string b = node.inputs[1];
    const bool commutes = kind == BinaryKind::add || kind == BinaryKind::mul;
    const bool swaps = builder.dims(a) != dims || builder.constant(a) != nullptr;
    if (commutes && swaps && builder.dims(b) == dims) std::swap(a, b);
    if (builder.dims(a) != dims) return lower_elementwise(builder, operation);

    const bool blocked =
        fits_blocks(builder, a, b, kind) && (!activation || keeps_padding_finite(*activation));
    const Layout layout = blocked ? Layout::blocked : Layout::plain;
    const Shape shape{dims, layout};
    const Shape other{with_rank(builder.dims(b), dims.size()), layout};
    const std::optional<Primitive> primitive = make_binary(kind, shape, other, activation);
    if (!primitive) return lower_elementwise(builder, operation);
    const OperandId left = builder.use(a, layout);
    const OperandId right = builder.use(b, layout);
    const OperandId to = builder.define(last.outputs[0], layout);
    builder.emit(step_info(builder, operation, "oneDNN " + primitive->implementation()), *primitive,
                 {left, right, to});
    return true;
}

bool lower_matmul(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const model::Dims& a = builder.dims(node.inputs[0]);
    const model::Dims& b = builder.dims(node.inputs[1]);
    if (!builder.is_f32(node.inputs[0]) || a.size() < 2 || b.size() < 2) return false;
    const model::Dims& dims = builder.dims(node.outputs[0]);
    const std::optional<Primitive> primitive =
        make_matmul({with_rank(a, dims.size()), with_rank(b, dims.size()), dims});
    if (!primitive) return false;
    const OperandId left = builder.use(node.inputs[0], Layout::plain);
    const OperandId right = builder.use(node.inputs[1], Layout::plain);
    const OperandId to = builder.define(node.outputs[0], Layout::plain);
    builder.emit(step_info(builder, operation, "oneDNN " + primitive->implementation()), *primitive,
                 {left, right, to});
    return true;
}

bool lower_gemm(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const auto attributes =
        model::gemm_attributes(node, builder.dims(node.inputs[0]), builder.dims(node.inputs[1]));
    const bool has_bias = node.inputs.size() > 2 && !node.inputs[2].empty();
    if (!builder.is_f32(node.inputs[0]) || attributes.alpha != 1) return false;
    if (has_bias && (attributes.beta != 1 ||
                     with_rank({attributes.n}, 2) != with_rank(builder.dims(node.inputs[2]), 2)))
        return false;
    const std::optional<Primitive> primitive = make_matmul({{attributes.m, attributes.k},
                                                            {attributes.k, attributes.n},
                                                            {attributes.m, attributes.n},
                                                            attributes.trans_a,
                                                            attributes.trans_b,
                                                            has_bias});
    if (!primitive) return false;
    std::vector<OperandId> operands;
    for (const std::string& input : node.inputs)
        if (!input.empty()) operands.push_back(builder.use(input, Layout::plain));
    operands.push_back(builder.define(node.outputs[0], Layout::plain));
    builder.emit(step_info(builder, operation, "oneDNN " + primitive->implementation()), *primitive,
                 operands);
    return true;
}

bool lower_softmax(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const model::Dims& dims = builder.dims(node.inputs[0]);
    if (!builder.is_f32(node.inputs[0])) return false;
    const auto primitive = make_softmax(dims, model::axis_attribute(node, dims.size()));
    if (!primitive) return false;
    const OperandId from = builder.use(node.inputs[0], Layout::plain);
    const OperandId to = builder.define(node.outputs[0], Layout::plain);
    builder.emit(step_info(builder, operation, "oneDNN " + primitive->implementation()), *primitive,
                 {from, to});
    return true;
}

}  // namespace dbnet::engine::cpu
