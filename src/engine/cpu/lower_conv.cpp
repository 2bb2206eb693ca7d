#include <algorithm>

#include "core/error.hpp"
#include "engine/cpu/activations.hpp"
#include "engine/cpu/host_kernels.hpp"
#include "engine/cpu/lowering.hpp"
#include "model/attributes.hpp"

// Convolutions on oneDNN. Values go in and out in blocked layout, which oneDNN's kernels are made
// for; an image of at most three channels goes in plain. Channel counts are rounded up to whole
// blocks with zero weights, so that oneDNN never has to clear the rest of a block.
//
// A transposed convolution whose windows do not overlap (kernel = stride) is a 1x1 convolution to
// one set of maps per tap, the taps then being moved to their pixels.
namespace dbnet::engine::cpu {
namespace {

/// What a chain that begins with a convolution does after it.
struct Chain {
    const std::string* residual = nullptr;  ///< added
    std::optional<Activation> activation;
};

Chain chain_of(const PlanBuilder& builder, const Operation& operation) {
    Chain chain;
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

/// Input, weights and bias are f32, the last two constant.
bool is_usable(const PlanBuilder& builder, const model::Node& node) {
    return builder.is_f32(node.inputs[0]) && builder.is_f32(node.inputs[1]) &&
           builder.are_constant(node, 1) && builder.dims(node.inputs[0]).size() >= 3 &&
           builder.dims(node.inputs[0]).size() <= 5;
}

bool has_bias(const model::Node& node) { return node.inputs.size() > 2 && !node.inputs[2].empty(); }

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

/// Layouts in which a 2-D convolution runs best.
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

/// The convolution in the layouts chosen, else in plain ones.
std::optional<Primitive> make(ConvShape& shape, const Epilogue& epilogue) {
    std::optional<Primitive> primitive = make_conv(shape, epilogue);
    if (primitive || shape.destination.layout == Layout::plain) return primitive;
    shape.source.layout = shape.destination.layout = Layout::plain;
    return make_conv(shape, epilogue);
}

void emit_conv(PlanBuilder& builder, StepInfo info, const model::Node& node, const ConvShape& shape,
               const Primitive& primitive, OperandId source, OperandId destination) {
    const model::Tensor& weights = *builder.constant(node.inputs[1]);
    const std::string layouts = core::concat(
        node.inputs[1], shape.transposed ? " transposed " : " ", shape.source.physical()[1], " ",
        shape.destination.physical()[1], " ", shape.group);
    std::vector<OperandId> operands = {source};
    const float* packed =
        builder.weights().packed(layouts, primitive, [&] { return dense_weights(shape, weights); });
    operands.push_back(builder.constant_operand(packed, {weights.dims()}));
    if (shape.bias) {
        const std::int64_t size = shape.destination.physical()[1];
        const model::Tensor& bias = *builder.constant(node.inputs[2]);
        const float* values = builder.weights().dense(core::concat(node.inputs[2], " ", size),
                                                      [&] { return padded(bias.f32(), size); });
        operands.push_back(builder.constant_operand(values, {{size}}));
    }
    operands.push_back(destination);
    info.implementation = "oneDNN " + primitive.implementation();
    builder.emit(std::move(info), primitive, operands);
}

/// Adds the residual that could not be added at once, and applies the activation.
bool emit_rest(PlanBuilder& builder, const Operation& operation, const Chain& chain,
               OperandId value) {
    const Shape shape = builder.operand(value).shape;
    StepInfo info = step_info(builder, operation, "");
    info.macs = 0;  // the convolution's step has them
    if (chain.residual == nullptr)
        return emit_activation(builder, info, *chain.activation, value, value);
    const OperandId residual = builder.use(*chain.residual, shape.layout);
    const auto primitive = make_binary(BinaryKind::add, shape, shape, chain.activation);
    if (!primitive) return false;
    info.implementation = "oneDNN " + primitive->implementation();
    builder.emit(std::move(info), *primitive, {value, residual, value});
    return true;
}

}  // namespace

bool lower_conv(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    if (!is_usable(builder, node)) return false;
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const auto attributes = model::conv_attributes(node, dims, builder.dims(node.inputs[1]));
    ConvShape shape{{dims},
                    {builder.dims(node.outputs[0])},
                    attributes.window,
                    attributes.group,
                    has_bias(node)};
    choose_layouts(builder, node.inputs[0], shape);

    const Chain chain = chain_of(builder, operation);
    const std::string& result = builder.node(operation.nodes.back()).outputs[0];
    const bool in_place = chain.residual != nullptr && *chain.residual != node.inputs[0] &&
                          builder.may_overwrite(*chain.residual, shape.destination.layout) &&
                          !builder.joins_concat(result, shape.destination.layout);
    const bool at_once = chain.residual == nullptr || in_place;
    const Epilogue epilogue{in_place, at_once ? chain.activation : std::nullopt};
    const Layout wanted = shape.destination.layout;
    const std::optional<Primitive> primitive = make(shape, epilogue);
    if (!primitive || (in_place && shape.destination.layout != wanted)) return false;

    const OperandId source = builder.use(node.inputs[0], shape.source.layout);
    StepInfo info = step_info(builder, operation, "");
    if (in_place)
        builder.define_in_place(result, builder.use(*chain.residual, wanted));
    else
        builder.define(result, shape.destination.layout);
    const OperandId destination = builder.use(result, shape.destination.layout);
    emit_conv(builder, std::move(info), node, shape, *primitive, source, destination);
    if (!at_once && !emit_rest(builder, operation, chain, destination))
        core::fail(ErrorCode::internal, "oneDNN cannot add to the result of ", node.name);
    return true;
}

namespace {

bool is_all(const model::Dims& dims, std::int64_t value) {
    return std::ranges::all_of(dims, [=](std::int64_t extent) { return extent == value; });
}

/// Every output element comes from one input element.
bool is_pixel_shuffle(const model::Dims& input, const model::ConvAttributes& attributes) {
    const model::Window& window = attributes.window;
    if (input.size() != 4 || channel_block() == 1 || attributes.group != 1) return false;
    for (std::size_t axis = 0; axis < 2; ++axis)
        if (window.output[axis] != input[axis + 2] * window.strides[axis]) return false;
    return window.kernel == window.strides && is_all(window.dilations, 1) &&
           is_all(window.pads_begin, 0);
}

/// Weights [C, M, taps] as those of a 1x1 convolution: [taps * maps, wide C], maps >= M.
std::vector<float> shuffle_weights(const model::Tensor& tensor, std::int64_t taps,
                                   std::int64_t maps, std::int64_t wide_in, std::int64_t wide_out) {
    const std::int64_t in = tensor.dims()[0];
    const std::int64_t out = tensor.dims()[1];
    std::vector<float> result(static_cast<std::size_t>(wide_out * wide_in), 0.0f);
    for (std::int64_t c = 0; c < in; ++c)
        for (std::int64_t m = 0; m < out; ++m)
            for (std::int64_t t = 0; t < taps; ++t)
                result[static_cast<std::size_t>((t * maps + m) * wide_in + c)] =
                    tensor.f32()[static_cast<std::size_t>((c * out + m) * taps + t)];
    return result;
}

std::vector<float> repeated(std::span<const float> bias, std::int64_t taps, std::int64_t maps,
                            std::int64_t size) {
    std::vector<float> result(static_cast<std::size_t>(size), 0.0f);
    for (std::int64_t t = 0; t < taps; ++t)
        std::copy(bias.begin(), bias.end(), result.begin() + t * maps);
    return result;
}

bool lower_pixel_shuffle(PlanBuilder& builder, const Operation& operation,
                         const model::ConvAttributes& attributes) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const std::int64_t out = builder.dims(node.outputs[0])[1];
    const std::int64_t block = channel_block();
    // Few maps are not worth a block each.
    const Layout layout = 2 * out <= block ? Layout::plain : Layout::blocked;
    const std::int64_t maps = layout == Layout::plain ? out : round_up(out, block);
    const std::int64_t taps = model::element_count(attributes.window.kernel);

    ConvShape shape{{dims, Layout::blocked},
                    {{dims[0], taps * maps, dims[2], dims[3]}, Layout::blocked},
                    {{1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, {dims[2], dims[3]}},
                    1,
                    has_bias(node)};
    const auto primitive = make_conv(shape, {false, chain_of(builder, operation).activation});
    if (!primitive) return false;

    const std::int64_t wide_in = shape.source.physical()[1];
    const std::int64_t wide_out = shape.destination.physical()[1];
    std::vector<OperandId> operands = {builder.use(node.inputs[0], Layout::blocked)};
    const model::Tensor& weights = *builder.constant(node.inputs[1]);
    const float* packed = builder.weights().packed(node.inputs[1] + " shuffle", *primitive, [&] {
        return shuffle_weights(weights, taps, maps, wide_in, wide_out);
    });
    operands.push_back(builder.constant_operand(packed, {weights.dims()}));
    if (shape.bias) {
        const float* bias = builder.weights().dense(node.inputs[2] + " shuffle", [&] {
            return repeated(builder.constant(node.inputs[2])->f32(), taps, maps, wide_out);
        });
        operands.push_back(builder.constant_operand(bias, {{wide_out}}));
    }
    const OperandId wide = builder.temporary(shape.destination);
    operands.push_back(wide);
    StepInfo info = step_info(builder, operation, "oneDNN " + primitive->implementation());
    builder.emit(std::move(info), *primitive, operands);

    const std::string& result = builder.node(operation.nodes.back()).outputs[0];
    const OperandId to = builder.define(result, layout);
    DepthToSpace shuffle;
    shuffle.images = dims[0];
    shuffle.maps = layout == Layout::plain ? out : maps / block;
    shuffle.taps_y = attributes.window.kernel[0];
    shuffle.taps_x = attributes.window.kernel[1];
    shuffle.height = dims[2];
    shuffle.width = dims[3];
    shuffle.inner = layout == Layout::plain ? 1 : block;
    shuffle.block = block;
    shuffle.source_blocks = wide_out / block;
    StepInfo shuffle_info{node.name, "pixel shuffle", "own", builder.dims(result)};
    builder.emit(std::move(shuffle_info), {wide, to}, [=](Frame& frame) {
        shuffle.run(static_cast<const float*>(frame.pointers[wide]),
                    static_cast<float*>(frame.pointers[to]), frame.threads);
    });
    return true;
}

}  // namespace

bool lower_conv_transpose(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    if (!is_usable(builder, node)) return false;
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const auto attributes =
        model::conv_transpose_attributes(node, dims, builder.dims(node.inputs[1]));
    if (is_pixel_shuffle(dims, attributes) && lower_pixel_shuffle(builder, operation, attributes))
        return true;

    const std::string& result = builder.node(operation.nodes.back()).outputs[0];
    ConvShape shape{{dims},           {builder.dims(result)}, attributes.window,
                    attributes.group, has_bias(node),         true};
    choose_layouts(builder, node.inputs[0], shape);
    const std::optional<Primitive> primitive = make(shape, {});
    if (!primitive) return false;
    const OperandId source = builder.use(node.inputs[0], shape.source.layout);
    const OperandId destination = builder.define(result, shape.destination.layout);
    StepInfo info = step_info(builder, operation, "");
    emit_conv(builder, std::move(info), node, shape, *primitive, source, destination);
    const Chain chain = chain_of(builder, operation);
    if (chain.activation && !emit_rest(builder, operation, chain, destination))
        core::fail(ErrorCode::internal, "oneDNN cannot activate the result of ", node.name);
    return true;
}

}  // namespace dbnet::engine::cpu
