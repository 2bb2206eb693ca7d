#include <algorithm>

#include "engine/cpu/conv_steps.hpp"
#include "engine/cpu/host_kernels.hpp"
#include "engine/cpu/lowering.hpp"
#include "model/attributes.hpp"

// A transposed convolution whose windows do not overlap (kernel = stride) is a 1x1 convolution to
// one set of maps per tap, the taps then being moved to their pixels. Others are oneDNN's.
namespace dbnet::engine::cpu {
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

/// How the maps of all taps lie in the 1x1 convolution's result.
struct Shuffle {
    ConvShape conv;
    Layout layout = Layout::plain;  ///< of the final result
    std::int64_t maps = 0;          ///< channels per tap, whole blocks for a blocked result
    std::int64_t taps = 0;
};

Shuffle plan_shuffle(const model::Dims& dims, std::int64_t out, const model::Dims& kernel,
                     bool bias) {
    const std::int64_t block = channel_block();
    Shuffle shuffle;
    // Few maps are not worth a block each.
    shuffle.layout = 2 * out <= block ? Layout::plain : Layout::blocked;
    shuffle.maps = shuffle.layout == Layout::plain ? out : round_up(out, block);
    shuffle.taps = model::element_count(kernel);
    shuffle.conv.source = {dims, Layout::blocked};
    shuffle.conv.destination = {{dims[0], shuffle.taps * shuffle.maps, dims[2], dims[3]},
                                Layout::blocked};
    shuffle.conv.window = {{1, 1}, {1, 1}, {1, 1}, {0, 0}, {0, 0}, {dims[2], dims[3]}};
    shuffle.conv.bias = bias;
    return shuffle;
}

/// Weights [C, M, taps] as those of the 1x1 convolution: [taps * maps, C], each with the channels
/// of whole blocks.
std::vector<float> tap_weights(const Shuffle& shuffle, const model::Tensor& tensor) {
    const std::int64_t in = tensor.dims()[0];
    const std::int64_t out = tensor.dims()[1];
    const std::int64_t wide_in = shuffle.conv.source.physical()[1];
    const std::int64_t wide_out = shuffle.conv.destination.physical()[1];
    std::vector<float> result(static_cast<std::size_t>(wide_out * wide_in), 0.0f);
    const float* from = tensor.f32().data();
    for (std::int64_t c = 0; c < in; ++c)
        for (std::int64_t m = 0; m < out; ++m)
            for (std::int64_t t = 0; t < shuffle.taps; ++t)
                result[static_cast<std::size_t>((t * shuffle.maps + m) * wide_in + c)] = *from++;
    return result;
}

std::vector<float> tap_bias(const Shuffle& shuffle, std::span<const float> bias) {
    const std::int64_t size = shuffle.conv.destination.physical()[1];
    std::vector<float> result(static_cast<std::size_t>(size), 0.0f);
    for (std::int64_t t = 0; t < shuffle.taps; ++t)
        std::ranges::copy(bias, result.begin() + t * shuffle.maps);
    return result;
}

void emit_shuffle(PlanBuilder& builder, const model::Node& node, const Shuffle& shuffle,
                  const model::Dims& kernel, OperandId from, const std::string& result) {
    const std::int64_t block = channel_block();
    const model::Dims& dims = shuffle.conv.source.dims;
    const bool plain = shuffle.layout == Layout::plain;
    DepthToSpace move;
    move.images = dims[0];
    move.maps = plain ? shuffle.maps : shuffle.maps / block;
    move.taps_y = kernel[0];
    move.taps_x = kernel[1];
    move.height = dims[2];
    move.width = dims[3];
    move.inner = plain ? 1 : block;
    move.block = block;
    move.source_blocks = shuffle.conv.destination.physical()[1] / block;
    const OperandId to = builder.define(result, shuffle.layout);
    builder.emit({node.name, "pixel shuffle", "own", builder.dims(result)}, {from, to},
                 [=](Frame& frame) {
                     move.run(static_cast<const float*>(frame.pointers[from]),
                              static_cast<float*>(frame.pointers[to]), frame.threads);
                 });
}

bool lower_pixel_shuffle(PlanBuilder& builder, const Operation& operation,
                         const model::Dims& kernel) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const Shuffle shuffle = plan_shuffle(builder.dims(node.inputs[0]),
                                         builder.dims(node.outputs[0])[1], kernel, has_bias(node));
    const auto primitive =
        make_conv(shuffle.conv, {false, chain_of(builder, operation).activation});
    if (!primitive) return false;

    const model::Tensor& weights = *builder.constant(node.inputs[1]);
    ConvParameters parameters;
    const std::int64_t wide_in = shuffle.conv.source.physical()[1];
    const std::int64_t wide_out = shuffle.conv.destination.physical()[1];
    parameters.weights_key =
        packing_key(node.inputs[1], "shuffle", shuffle.taps, shuffle.maps, wide_in, wide_out);
    parameters.weights = [&] { return tap_weights(shuffle, weights); };
    if (shuffle.conv.bias) {
        parameters.bias_key =
            packing_key(node.inputs[2], "shuffle", shuffle.taps, shuffle.maps, wide_out);
        parameters.bias = [&] {
            return tap_bias(shuffle, builder.constant(node.inputs[2])->f32());
        };
    }
    const OperandId source = builder.use(node.inputs[0], Layout::blocked);
    const OperandId taps = builder.temporary(shuffle.conv.destination);
    emit_conv(builder, step_info(builder, operation, ""), shuffle.conv, *primitive, parameters,
              source, taps);
    emit_shuffle(builder, node, shuffle, kernel, taps,
                 builder.node(operation.nodes.back()).outputs[0]);
    return true;
}

}  // namespace

bool lower_conv_transpose(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    if (!is_usable_conv(builder, node)) return false;
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const auto attributes =
        model::conv_transpose_attributes(node, dims, builder.dims(node.inputs[1]));
    if (is_pixel_shuffle(dims, attributes) &&
        lower_pixel_shuffle(builder, operation, attributes.window.kernel))
        return true;

    const std::string& result = builder.node(operation.nodes.back()).outputs[0];
    ConvShape shape{{dims},           {builder.dims(result)}, attributes.window,
                    attributes.group, has_bias(node),         true};
    choose_layouts(builder, node.inputs[0], shape);
    const std::optional<Primitive> primitive = make_conv_somehow(shape, {});
    if (!primitive) return false;
    const OperandId source = builder.use(node.inputs[0], shape.source.layout);
    const OperandId destination = builder.define(result, shape.destination.layout);
    emit_conv(builder, step_info(builder, operation, ""), shape, *primitive,
              parameters_of(builder, node, shape), source, destination);
    const ConvChain chain = chain_of(builder, operation);
    if (chain.activation) emit_rest(builder, operation, chain, destination);
    return true;
}

}  // namespace dbnet::engine::cpu
