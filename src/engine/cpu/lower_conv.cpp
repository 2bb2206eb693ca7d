#include <algorithm>

#include "core/error.hpp"
#include "engine/cpu/activations.hpp"
#include "engine/cpu/conv_steps.hpp"
#include "engine/cpu/lowering.hpp"
#include "model/attributes.hpp"

// Convolutions on oneDNN. Values go in and out in blocked layout, which oneDNN's kernels are made
// for; an image of at most three channels goes in plain. Channel counts are rounded up to whole
// blocks with zero weights, so that oneDNN never has to clear the rest of a block.
namespace dbnet::engine::cpu {
namespace {

/// Zero weights for the channels that a block has too many. Conv: [M, C / group, taps]; a
/// transposed one has [C, M / group, taps], which becomes [group, M / group, C / group, taps].
std::vector<float> dense_weights(const ConvShape& shape, const model::Tensor& tensor) {
    const std::int64_t in = shape.source.dims[1];
    const std::int64_t out = shape.destination.dims[1];
    const bool depthwise = shape.group > 1 && shape.group == in;
    const std::int64_t group_in = in / shape.group;
    const std::int64_t group_out = out / shape.group;
    const std::int64_t wide_in = depthwise ? group_in : shape.source.physical()[1] / shape.group;
    const std::int64_t wide_out =
        depthwise ? group_out : shape.destination.physical()[1] / shape.group;
    const std::int64_t groups = depthwise ? shape.source.physical()[1] : shape.group;
    const std::int64_t taps = model::element_count(shape.window.kernel);
    std::vector<float> dense(static_cast<std::size_t>(groups * wide_out * wide_in * taps), 0.0f);
    const float* from = tensor.f32().data();
    for (std::int64_t g = 0; g < shape.group; ++g)
        for (std::int64_t m = 0; m < group_out; ++m)
            for (std::int64_t c = 0; c < group_in; ++c) {
                const std::int64_t source = shape.transposed
                                                ? ((g * group_in + c) * group_out + m) * taps
                                                : ((g * group_out + m) * group_in + c) * taps;
                std::copy_n(from + source, taps,
                            dense.data() + ((g * wide_out + m) * wide_in + c) * taps);
            }
    return dense;
}

std::vector<float> padded(std::span<const float> values, std::int64_t size) {
    std::vector<float> result(values.begin(), values.end());
    result.resize(static_cast<std::size_t>(size), 0.0f);
    return result;
}

}  // namespace

ConvChain chain_of(const PlanBuilder& builder, const Operation& operation) {
    ConvChain chain;
    const std::string* result = &builder.node(operation.nodes[0]).outputs[0];
    for (std::size_t i = 1; i < operation.nodes.size(); ++i) {
        const model::Node& node = builder.node(operation.nodes[i]);
        if (node.op == model::Op::Add)
            chain.residual = node.inputs[0] == *result ? &node.inputs[1] : &node.inputs[0];
        else
            chain.activation = to_activation(builder.graph(), node);
        result = &node.outputs[0];
    }
    return chain;
}

bool is_usable_conv(const PlanBuilder& builder, const model::Node& node) {
    const std::size_t rank = builder.dims(node.inputs[0]).size();
    return builder.is_f32(node.inputs[0]) && builder.are_constant(node, 1) && rank >= 3 &&
           rank <= 5;
}

bool has_bias(const model::Node& node) { return node.inputs.size() > 2 && !node.inputs[2].empty(); }

void choose_layouts(const PlanBuilder& builder, const std::string& input, ConvShape& shape) {
    const std::int64_t block = channel_block();
    const std::int64_t in = shape.source.dims[1];
    const std::int64_t out = shape.destination.dims[1];
    if (shape.source.dims.size() != 4 || block == 1) return;
    const bool depthwise = shape.group == in && in == out;
    const bool whole_blocks = in / shape.group % block == 0 && out / shape.group % block == 0;
    if (shape.group > 1 && !depthwise && !whole_blocks) return;
    shape.destination.layout = Layout::blocked;
    const bool is_image =
        in <= 3 && shape.group == 1 && !shape.transposed && builder.layout(input) == Layout::plain;
    if (!is_image) shape.source.layout = Layout::blocked;
}

std::optional<Primitive> make_conv_somehow(ConvShape& shape, const Epilogue& epilogue) {
    std::optional<Primitive> primitive = make_conv(shape, epilogue);
    if (primitive || shape.destination.layout == Layout::plain) return primitive;
    shape.source.layout = shape.destination.layout = Layout::plain;
    return make_conv(shape, epilogue);
}

ConvParameters parameters_of(const PlanBuilder& builder, const model::Node& node,
                             const ConvShape& shape) {
    const std::int64_t size = shape.destination.physical()[1];
    const model::Tensor& weights = *builder.constant(node.inputs[1]);
    ConvParameters parameters;
    parameters.weights_key =
        packing_key(node.inputs[1], shape.transposed ? "transposed" : "conv", shape.source.dims[1],
                    shape.source.physical()[1], size, shape.group);
    parameters.weights = [shape, &weights] { return dense_weights(shape, weights); };
    if (!shape.bias) return parameters;
    const model::Tensor& bias = *builder.constant(node.inputs[2]);
    parameters.bias_key = packing_key(node.inputs[2], "padded", size);
    parameters.bias = [&bias, size] { return padded(bias.f32(), size); };
    return parameters;
}

void emit_conv(PlanBuilder& builder, StepInfo info, const ConvShape& shape,
               const Primitive& primitive, const ConvParameters& parameters, OperandId source,
               OperandId destination) {
    PackedWeights& packed = builder.weights();
    std::vector<OperandId> operands = {source};
    operands.push_back(builder.constant_operand(
        packed.packed(parameters.weights_key, primitive, parameters.weights)));
    if (shape.bias)
        operands.push_back(builder.constant_operand(packed.dense(
            parameters.bias_key, static_cast<std::size_t>(shape.destination.physical()[1]),
            parameters.bias)));
    operands.push_back(destination);
    info.implementation = "oneDNN " + primitive.implementation();
    builder.emit(std::move(info), primitive, operands);
}

void emit_rest(PlanBuilder& builder, const Operation& operation, const ConvChain& chain,
               OperandId value) {
    const Shape shape = builder.operand(value).shape;
    StepInfo info = step_info(builder, operation, "");
    info.macs = 0;  // the convolution's step has them
    if (chain.residual == nullptr) {
        emit_activation(builder, info, *chain.activation, value, value);
        return;
    }
    const OperandId residual = builder.use(*chain.residual, shape.layout);
    const auto primitive = make_binary(BinaryKind::add, shape, shape, chain.activation);
    if (!primitive) core::fail(ErrorCode::internal, "oneDNN cannot compute ", info.name);
    info.implementation = "oneDNN " + primitive->implementation();
    builder.emit(std::move(info), *primitive, {value, residual, value});
}

bool lower_conv(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    if (!is_usable_conv(builder, node)) return false;
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const auto attributes = model::conv_attributes(node, dims, builder.dims(node.inputs[1]));
    ConvShape shape{{dims},
                    {builder.dims(node.outputs[0])},
                    attributes.window,
                    attributes.group,
                    has_bias(node)};
    choose_layouts(builder, node.inputs[0], shape);

    const ConvChain chain = chain_of(builder, operation);
    const std::string& result = builder.node(operation.nodes.back()).outputs[0];
    const Layout wanted = shape.destination.layout;
    const bool in_place = chain.residual != nullptr && *chain.residual != node.inputs[0] &&
                          builder.may_overwrite(*chain.residual, wanted) &&
                          !builder.joins_concat(result, wanted);
    const bool at_once = chain.residual == nullptr || in_place;
    const Epilogue epilogue{in_place, at_once ? chain.activation : std::nullopt};
    const std::optional<Primitive> primitive = make_conv_somehow(shape, epilogue);
    if (!primitive || (in_place && shape.destination.layout != wanted)) return false;

    const OperandId source = builder.use(node.inputs[0], shape.source.layout);
    const OperandId destination =
        in_place ? builder.define_in_place(result, builder.use(*chain.residual, wanted))
                 : builder.define(result, shape.destination.layout);
    emit_conv(builder, step_info(builder, operation, ""), shape, *primitive,
              parameters_of(builder, node, shape), source, destination);
    if (!at_once) emit_rest(builder, operation, chain, destination);
    return true;
}

}  // namespace dbnet::engine::cpu
