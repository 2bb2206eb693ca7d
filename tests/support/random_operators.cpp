#include <algorithm>
#include <array>
#include <limits>

#include "support/random_graph.hpp"

namespace dbnet::test {
namespace {

using model::Dims;
using model::Op;
using Attributes = std::map<std::string, model::Attribute>;

Dims random_dims(Random& random, std::int64_t low_rank, std::int64_t high_rank,
                 std::int64_t largest = 7) {
    Dims dims(static_cast<std::size_t>(random.integer(low_rank, high_rank)));
    std::ranges::generate(dims, [&] { return random.integer(1, largest); });
    return dims;
}

void unary(GraphBuilder& b, Op op, float low, float high, Attributes attributes = {}) {
    const std::string x = b.input(random_dims(b.random, 1, 4, 9), low, high);
    b.output(b.add(op, {x}, std::move(attributes)));
}

/// Extents that broadcast to `dims`.
Dims shrunk(Random& random, Dims dims) {
    for (std::int64_t& extent : dims)
        if (random.chance(0.25)) extent = 1;
    while (dims.size() > 1 && random.chance(0.25)) dims.erase(dims.begin());
    return dims;
}

void binary(GraphBuilder& b, Op op, float low, float high) {
    const Dims dims = random_dims(b.random, 1, 4);
    const std::string left = b.input(shrunk(b.random, dims), low, high);
    const Dims right_dims = shrunk(b.random, dims);
    const std::string right =
        b.random.chance(0.5) ? b.input(right_dims, low, high) : b.parameter(right_dims, low, high);
    std::vector<std::string> inputs = {left, right};
    if (b.random.chance(0.3)) std::swap(inputs[0], inputs[1]);
    b.output(b.add(op, inputs));
}

std::vector<std::int64_t> random_axes(Random& random, std::size_t rank, double probability) {
    std::vector<std::int64_t> axes;
    const auto signed_rank = static_cast<std::int64_t>(rank);
    for (std::int64_t axis = 0; axis < signed_rank; ++axis)
        if (random.chance(probability))
            axes.push_back(random.chance(0.3) ? axis - signed_rank : axis);
    return axes;
}

std::int64_t random_axis(Random& random, std::size_t rank) {
    const auto signed_rank = static_cast<std::int64_t>(rank);
    return random.integer(-signed_rank, signed_rank - 1);
}

std::size_t positive(std::int64_t axis, std::size_t rank) {
    return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
}

/// A relation, as the numbers 0 and 1.
void relation(GraphBuilder& b, Op op) {
    const Dims dims = random_dims(b.random, 1, 4);
    // Few different numbers, so that some are equal.
    const auto few = [&](const std::string& x) {
        return b.add(Op::Floor, {b.add(Op::Mul, {x, b.parameter({}, 3, 3)})});
    };
    const std::string left = few(b.input(shrunk(b.random, dims)));
    const std::string right = few(b.random.chance(0.5) ? b.input(shrunk(b.random, dims))
                                                       : b.parameter(shrunk(b.random, dims)));
    b.output(b.add(Op::Cast, {b.add(op, {left, right})}, {{"to", std::int64_t{1}}}));
}

void logic(GraphBuilder& b, Op op) {
    const Dims dims = random_dims(b.random, 1, 4);
    const auto boolean = [&] {
        return b.add(Op::Greater, {b.input(shrunk(b.random, dims)), b.parameter({}, 0, 0)});
    };
    std::vector<std::string> inputs = {boolean()};
    if (op != Op::Not) inputs.push_back(boolean());
    b.output(b.add(Op::Cast, {b.add(op, inputs)}, {{"to", std::int64_t{1}}}));
}

void where(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 1, 4);
    const std::string condition =
        b.add(Op::Less, {b.input(shrunk(b.random, dims)), b.parameter({}, 0, 0)});
    const std::string yes = b.input(shrunk(b.random, dims));
    const std::string no = b.random.chance(0.5) ? b.input(shrunk(b.random, dims))
                                                : b.parameter(shrunk(b.random, dims));
    b.output(b.add(Op::Where, {condition, yes, no}));
}

/// Maximum or minimum of one to four values.
void extreme(GraphBuilder& b, Op op) {
    const Dims dims = random_dims(b.random, 1, 4);
    std::vector<std::string> inputs;
    for (std::int64_t i = b.random.integer(1, 4); i > 0; --i)
        inputs.push_back(b.random.chance(0.7) ? b.input(shrunk(b.random, dims))
                                              : b.parameter(shrunk(b.random, dims)));
    b.output(b.add(op, inputs));
}

void prelu(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 2, 4, 17);
    Dims slope(dims.size() - 1, 1);
    slope[0] = dims[1];
    if (b.random.chance(0.3)) slope = {1};
    b.output(b.add(Op::PRelu, {b.input(dims), b.parameter(slope)}));
}

void expand(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 1, 4);
    const std::string x = b.input(shrunk(b.random, dims));
    b.output(b.add(Op::Expand, {x, b.integers(dims)}));
}

void depth_to_space(GraphBuilder& b) {
    const std::int64_t block = b.random.integer(1, 3);
    const Dims dims = {b.random.integer(1, 2), block * block * b.random.pick({1, 3, 16}),
                       b.random.integer(1, 7), b.random.integer(1, 7)};
    b.output(b.add(Op::DepthToSpace, {b.input(dims)},
                   {{"blocksize", block}, {"mode", b.random.pick<std::string>({"DCR", "CRD"})}}));
}

void instance_normalization(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 3, 4, 9);
    b.output(b.add(Op::InstanceNormalization,
                   {b.input(dims), b.parameter({dims[1]}), b.parameter({dims[1]})},
                   {{"epsilon", b.random.pick({1e-5f, 1e-2f})}}));
}

void layer_normalization(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 1, 4, 9);
    const std::int64_t axis = random_axis(b.random, dims.size());
    const Dims inner(dims.begin() + static_cast<std::ptrdiff_t>(positive(axis, dims.size())),
                     dims.end());
    std::vector<std::string> inputs = {b.input(dims), b.parameter(inner)};
    if (b.random.chance(0.7)) inputs.push_back(b.parameter(inner));
    b.output(b.add(Op::LayerNormalization, inputs, {{"axis", axis}, {"epsilon", 1e-2f}}));
}

/// Quantised and back, with one scale or one per channel.
void quantization(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 2, 4, 9);
    const bool per_channel = b.random.chance(0.4);
    const Dims scales = per_channel ? Dims{dims[1]} : Dims{};
    const auto type = b.random.pick({model::DataType::u8, model::DataType::i8});
    std::vector<std::string> inputs = {b.input(dims, -2, 2), b.parameter(scales, 0.01f, 0.03f)};
    if (b.random.chance(0.7)) {
        const model::Tensor zero = engine::tensor_of(random_buffer(b.random, scales, 0, 100));
        inputs.push_back(b.constant(zero.cast(type)));
    }
    const std::string q = b.add(Op::QuantizeLinear, inputs);
    inputs[0] = b.random.chance(0.2) ? b.add(Op::Identity, {q}) : q;
    b.output(b.add(Op::DequantizeLinear, inputs));
}

void deform_conv(GraphBuilder& b) {
    const std::int64_t offset_group = b.random.pick({1, 1, 2});
    const std::int64_t group = b.random.pick({1, 1, 2});
    const std::int64_t channels = 2 * b.random.integer(1, 5);
    const std::int64_t maps = group * b.random.integer(1, 5);
    const std::int64_t kernel = b.random.pick({1, 3});
    const std::int64_t stride = b.random.pick({1, 2});
    const std::int64_t images = b.random.integer(1, 2);
    const std::int64_t height = b.random.integer(3, 11);
    const std::int64_t width = b.random.integer(3, 11);
    const Dims output = {(height - 1) / stride + 1, (width - 1) / stride + 1};
    const std::int64_t taps = offset_group * kernel * kernel;
    std::vector<std::string> inputs = {b.input({images, channels, height, width}),
                                       b.parameter({maps, channels / group, kernel, kernel}),
                                       b.input({images, 2 * taps, output[0], output[1]}, -3, 3),
                                       ""};
    if (b.random.chance(0.5)) inputs[3] = b.parameter({maps});
    if (b.random.chance(0.6)) inputs.push_back(b.input({images, taps, output[0], output[1]}, 0, 1));
    b.output(b.add(Op::DeformConv, inputs,
                   {{"pads", Dims(4, kernel / 2)},
                    {"strides", Dims(2, stride)},
                    {"group", group},
                    {"offset_group", offset_group}}));
}

void clip(GraphBuilder& b) {
    const std::string x = b.input(random_dims(b.random, 1, 4));
    const std::string low = b.random.chance(0.7) ? b.parameter({}, -0.6f, 0.1f) : "";
    const std::string high = b.random.chance(0.7) ? b.parameter({}, -0.1f, 0.6f) : "";
    b.output(b.add(Op::Clip, {x, low, high}));
}

void batch_normalization(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 2, 4, 9);
    const Dims channels = {dims[1]};
    const std::string x = b.input(dims);
    b.output(b.add(Op::BatchNormalization,
                   {x, b.parameter(channels), b.parameter(channels), b.parameter(channels),
                    b.parameter(channels, 0.2f, 2)},
                   {{"epsilon", b.random.pick({1e-5f, 1e-3f})}}));
}

/// A window over spatial extents that it fits into.
struct RandomWindow {
    Dims extents;
    Dims kernel;
    Dims strides;
    Dims dilations;
    Dims pads;  ///< all the beginnings, then all the ends
    Attributes attributes;

    std::int64_t reach(std::size_t axis) const { return (kernel[axis] - 1) * dilations[axis] + 1; }
};

/// Extents that are large enough for the window; attributes that say something else than the
/// default are always written, others by chance.
RandomWindow random_window(Random& random, std::size_t rank) {
    RandomWindow window;
    for (std::size_t axis = 0; axis < rank; ++axis) {
        window.kernel.push_back(random.pick({1, 2, 3, 3, 4, 5}));
        window.strides.push_back(random.pick({1, 1, 2, 2, 3}));
        window.dilations.push_back(random.pick({1, 1, 1, 2}));
        window.extents.push_back(std::max(random.integer(1, 13), window.reach(axis)));
    }
    for (std::size_t i = 0; i < 2 * rank; ++i)
        window.pads.push_back(random.integer(0, window.kernel[i % rank] - 1));
    Attributes& attributes = window.attributes;
    attributes["kernel_shape"] = window.kernel;
    const Dims ones(rank, 1);
    if (window.strides != ones || random.chance(0.5)) attributes["strides"] = window.strides;
    if (window.dilations != ones || random.chance(0.5)) attributes["dilations"] = window.dilations;
    if (random.chance(0.3))
        attributes["auto_pad"] = random.pick<std::string>({"SAME_UPPER", "SAME_LOWER", "VALID"});
    else
        attributes["pads"] = window.pads;
    return window;
}

Dims concat(Dims first, const Dims& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

struct Channels {
    std::int64_t group;
    std::int64_t per_group;
    std::int64_t maps_per_group;
};

Channels random_channels(Random& random) {
    if (random.chance(0.3)) return {random.integer(2, 17), 1, random.pick({1, 1, 2})};
    return {random.pick({1, 1, 2, 3}), random.integer(1, 9), random.integer(1, 9)};
}

void conv(GraphBuilder& b, std::size_t rank) {
    RandomWindow window = random_window(b.random, rank);
    const auto [group, per_group, maps_per_group] = random_channels(b.random);
    const std::int64_t maps = group * maps_per_group;
    if (group > 1 || b.random.chance(0.5)) window.attributes["group"] = group;
    if (b.random.chance(0.3)) window.attributes.erase("kernel_shape");
    const Dims head = {b.random.integer(1, 3), group * per_group};
    std::vector<std::string> inputs = {b.input(concat(head, window.extents)),
                                       b.parameter(concat({maps, per_group}, window.kernel))};
    if (b.random.chance(0.6)) inputs.push_back(b.parameter({maps}));
    b.output(b.add(Op::Conv, inputs, window.attributes));
}

/// Chooses how the extents of a ConvTranspose's output are given, so that none is below 1.
void choose_transposed_output(Random& random, RandomWindow& window) {
    const std::size_t rank = window.kernel.size();
    Dims padding;
    Dims shape;
    bool same = true;
    for (std::size_t axis = 0; axis < rank; ++axis) {
        const std::int64_t stride = window.strides[axis];
        const std::int64_t full = (window.extents[axis] - 1) * stride + window.reach(axis);
        same = same && window.reach(axis) >= stride;
        padding.push_back(random.integer(0, stride - 1));
        shape.push_back(full - random.integer(0, std::min(window.kernel[axis], full) - 1));
        const std::int64_t pads = window.pads[axis] + window.pads[axis + rank];
        if (full <= pads) window.extents[axis] += pads;
    }
    Attributes& attributes = window.attributes;
    if (!same) {
        attributes.erase("auto_pad");
        attributes["pads"] = window.pads;
    }
    if (attributes.contains("auto_pad")) return;
    if (random.chance(0.2)) {
        attributes.erase("pads");
        for (std::size_t axis = 0; axis < rank; ++axis)
            shape[axis] = std::max<std::int64_t>(
                shape[axis], (window.extents[axis] - 1) * window.strides[axis] + 1);
        attributes["output_shape"] = shape;
    } else if (random.chance(0.5)) {
        attributes["output_padding"] = padding;
    }
}

void conv_transpose(GraphBuilder& b, std::size_t rank) {
    RandomWindow window = random_window(b.random, rank);
    for (std::int64_t& extent : window.extents) extent = b.random.integer(1, 7);
    choose_transposed_output(b.random, window);
    const auto [group, per_group, maps_per_group] = random_channels(b.random);
    const std::int64_t channels = group * per_group;
    window.attributes["group"] = group;
    std::vector<std::string> inputs = {
        b.input(concat({b.random.integer(1, 3), channels}, window.extents)),
        b.parameter(concat({channels, maps_per_group}, window.kernel))};
    if (b.random.chance(0.6)) inputs.push_back(b.parameter({group * maps_per_group}));
    b.output(b.add(Op::ConvTranspose, inputs, window.attributes));
}

void pool(GraphBuilder& b, Op op, std::size_t rank) {
    RandomWindow window = random_window(b.random, rank);
    if (b.random.chance(0.5)) window.attributes["ceil_mode"] = b.random.integer(0, 1);
    if (op == Op::AveragePool && b.random.chance(0.5))
        window.attributes["count_include_pad"] = b.random.integer(0, 1);
    const Dims head = {b.random.integer(1, 3), b.random.integer(1, 17)};
    b.output(b.add(op, {b.input(concat(head, window.extents))}, window.attributes));
}

void reduce(GraphBuilder& b, Op op) {
    const Dims dims = random_dims(b.random, 1, 4, 9);
    std::vector<std::string> inputs = {b.input(dims)};
    if (b.random.chance(0.8)) inputs.push_back(b.integers(random_axes(b.random, dims.size(), 0.5)));
    Attributes attributes;
    if (b.random.chance(0.7)) attributes["keepdims"] = b.random.integer(0, 1);
    if (b.random.chance(0.3)) attributes["noop_with_empty_axes"] = b.random.integer(0, 1);
    b.output(b.add(op, inputs, attributes));
}

void softmax(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 1, 4, 9);
    Attributes attributes;
    if (b.random.chance(0.8)) attributes["axis"] = random_axis(b.random, dims.size());
    b.output(b.add(Op::Softmax, {b.input(dims, -6, 6)}, attributes));
}

void concat_values(GraphBuilder& b) {
    Dims dims = random_dims(b.random, 1, 4);
    const std::int64_t axis = random_axis(b.random, dims.size());
    std::vector<std::string> inputs;
    for (std::int64_t i = b.random.integer(1, 4); i > 0; --i) {
        dims[positive(axis, dims.size())] = b.random.integer(1, 9);
        inputs.push_back(b.random.chance(0.8) ? b.input(dims) : b.parameter(dims));
    }
    b.output(b.add(Op::Concat, inputs, {{"axis", axis}}));
}

void split(GraphBuilder& b) {
    Dims dims = random_dims(b.random, 1, 4);
    const std::int64_t axis = random_axis(b.random, dims.size());
    const std::int64_t parts = b.random.integer(1, 3);
    std::vector<std::int64_t> sizes;
    for (std::int64_t i = 0; i < parts; ++i) sizes.push_back(b.random.integer(1, 4));
    std::int64_t& extent = dims[positive(axis, dims.size())];
    std::vector<std::string> inputs(1);
    Attributes attributes = {{"axis", axis}};
    if (b.random.chance(0.6)) {
        extent = 0;
        for (const std::int64_t size : sizes) extent += size;
        inputs.push_back(b.integers(sizes));
    } else {
        extent = parts * b.random.integer(1, 4);
        attributes["num_outputs"] = parts;
    }
    inputs[0] = b.input(dims);
    for (const std::string& part :
         b.add_many(Op::Split, inputs, static_cast<std::size_t>(parts), attributes))
        b.output(part);
}

void slice(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 1, 4, 9);
    const std::vector<std::int64_t> axes = random_axes(b.random, dims.size(), 0.7);
    std::vector<std::int64_t> starts;
    std::vector<std::int64_t> ends;
    std::vector<std::int64_t> steps;
    for (const std::int64_t axis : axes) {
        const std::int64_t extent = dims[positive(axis, dims.size())];
        const std::int64_t start = b.random.integer(0, extent - 1);
        const bool forward = b.random.chance(0.7);
        const std::int64_t last =
            forward ? b.random.integer(start, extent - 1) : b.random.integer(0, start);
        steps.push_back(b.random.integer(1, 3) * (forward ? 1 : -1));
        starts.push_back(b.random.chance(0.3) ? start - extent : start);
        if (b.random.chance(0.3))
            ends.push_back(forward ? std::numeric_limits<std::int64_t>::max()
                                   : std::numeric_limits<std::int64_t>::min() + 1);
        else
            ends.push_back(forward ? last + 1 : last - 1 - (last == 0 ? extent : 0));
    }
    const std::string x = b.input(dims);
    b.output(b.add(Op::Slice,
                   {x, b.integers(starts), b.integers(ends), b.integers(axes), b.integers(steps)}));
}

void pad(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 1, 4);
    const auto mode = b.random.pick<std::string>({"constant", "reflect", "edge"});
    std::vector<std::int64_t> pads;
    for (std::size_t i = 0; i < 2 * dims.size(); ++i) {
        const std::int64_t extent = dims[i % dims.size()];
        pads.push_back(b.random.integer(0, mode == "reflect" ? extent - 1 : 4));
        if (mode == "constant" && b.random.chance(0.1) && extent > 2) pads.back() = -1;
    }
    std::vector<std::string> inputs = {b.input(dims), b.integers(pads)};
    if (mode == "constant" && b.random.chance(0.5)) inputs.push_back(b.parameter({}));
    b.output(b.add(Op::Pad, inputs, {{"mode", mode}}));
}

/// Scales, or sizes, for all dimensions or (by the attribute axes) the last two.
void resize(GraphBuilder& b) {
    const Dims dims = concat({b.random.integer(1, 2), b.random.integer(1, 9)},
                             {b.random.integer(1, 8), b.random.integer(1, 8)});
    Attributes attributes = {
        {"mode", b.random.pick<std::string>({"nearest", "linear", "cubic"})},
        {"coordinate_transformation_mode",
         b.random.pick<std::string>({"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",
                                     "align_corners", "asymmetric"})},
        {"nearest_mode",
         b.random.pick<std::string>({"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"})}};
    const bool last_two = b.random.chance(0.2);
    if (last_two) attributes["axes"] = std::vector<std::int64_t>{2, 3};
    std::vector<float> scales = {1, 1};
    std::vector<std::int64_t> sizes = {dims[0], dims[1]};
    for (std::size_t axis = 2; axis < 4; ++axis) {
        const float scale = b.random.pick({1.0f, 2.0f, 2.0f, 3.0f, 1.5f, 2.3f, 0.5f});
        scales.push_back(dims[axis] == 1 ? std::max(scale, 1.0f) : scale);
        sizes.push_back(b.random.integer(1, 15));
    }
    if (last_two) {
        scales.erase(scales.begin(), scales.begin() + 2);
        sizes.erase(sizes.begin(), sizes.begin() + 2);
    }
    const std::string x = b.input(dims);
    b.output(b.random.chance(0.5) ? b.add(Op::Resize, {x, "", b.reals(scales)}, attributes)
                                  : b.add(Op::Resize, {x, "", "", b.integers(sizes)}, attributes));
}

void gather(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 1, 3);
    const std::int64_t axis = random_axis(b.random, dims.size());
    const std::int64_t extent = dims[positive(axis, dims.size())];
    std::vector<std::int64_t> indices(static_cast<std::size_t>(b.random.integer(1, 5)));
    std::ranges::generate(indices, [&] { return b.random.integer(-extent, extent - 1); });
    const std::string x = b.input(dims);
    b.output(b.add(Op::Gather, {x, b.integers(indices)}, {{"axis", axis}}));
}

void cast(GraphBuilder& b) {
    constexpr std::int64_t f32 = 1;
    const std::string x = b.input(random_dims(b.random, 1, 4), -20, 20);
    const auto to = b.random.pick<std::int64_t>({1, 2, 3, 6, 7, 9, 10, 11, 16});
    const std::string positive_x = to == 2 ? b.add(Op::Relu, {x}) : x;  // u8 has no negatives
    b.output(b.add(Op::Cast, {b.add(Op::Cast, {positive_x}, {{"to", to}})}, {{"to", f32}}));
}

void squeeze(GraphBuilder& b) {
    Dims dims = random_dims(b.random, 2, 5, 5);
    const std::vector<std::int64_t> axes = random_axes(b.random, dims.size(), 0.4);
    for (const std::int64_t axis : axes) dims[positive(axis, dims.size())] = 1;
    std::vector<std::string> inputs = {b.input(dims)};
    if (!axes.empty()) inputs.push_back(b.integers(axes));
    b.output(b.add(Op::Squeeze, inputs));
}

void unsqueeze(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 1, 3, 5);
    const std::vector<std::int64_t> axes =
        b.random.pick<std::vector<std::int64_t>>({{0}, {-1}, {1}, {0, 1}, {0, -1}, {1, 2}});
    const std::string x = b.input(dims);
    b.output(b.add(Op::Unsqueeze, {x, b.integers(axes)}));
}

void flatten(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 1, 4);
    Attributes attributes;
    if (b.random.chance(0.7)) attributes["axis"] = random_axis(b.random, dims.size());
    b.output(b.add(Op::Flatten, {b.input(dims)}, attributes));
}

void reshape(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 4, 4);
    const std::string shape = b.integers(b.random.pick<std::vector<std::int64_t>>(
        {{0, -1}, {-1}, {0, 0, -1}, {1, -1, 1}, {0, dims[1], dims[3], dims[2]}, {-1, 0, 0, 0}}));
    b.output(b.add(Op::Reshape, {b.input(dims), shape}));
}

void transpose(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 1, 5, 5);
    std::vector<std::int64_t> permutation;
    for (std::size_t i = 0; i < dims.size(); ++i)
        permutation.insert(permutation.begin() + b.random.integer(0, static_cast<std::int64_t>(i)),
                           static_cast<std::int64_t>(i));
    Attributes attributes;
    if (b.random.chance(0.8)) attributes["perm"] = permutation;
    b.output(b.add(Op::Transpose, {b.input(dims)}, attributes));
}

void constant(GraphBuilder& b) {
    const Dims dims = random_dims(b.random, 1, 4);
    const model::Tensor value = engine::tensor_of(random_buffer(b.random, dims, -1, 1));
    b.output(b.add(Op::Add, {b.input(dims), b.add(Op::Constant, {}, {{"value", value}})}));
}

void constant_of_shape(GraphBuilder& b) {
    const std::string x = b.input(random_dims(b.random, 1, 4));
    const std::vector<float> value = {b.random.real(-1, 1)};
    const std::string filled = b.add(Op::ConstantOfShape, {b.add(Op::Shape, {x})},
                                     {{"value", model::Tensor::of({1}, value)}});
    b.output(b.add(Op::Add, {x, filled}));
}

void matmul(GraphBuilder& b) {
    const Dims batch = random_dims(b.random, 0, 2, 3);
    const std::int64_t k = b.random.integer(1, 9);
    Dims left = concat(shrunk(b.random, concat({1}, batch)), {b.random.integer(1, 9), k});
    Dims right = concat(shrunk(b.random, concat({1}, batch)), {k, b.random.integer(1, 9)});
    if (b.random.chance(0.15)) left = {k};
    if (b.random.chance(0.15)) right = {k};
    const std::string a = b.input(left);
    b.output(b.add(Op::MatMul, {a, b.random.chance(0.5) ? b.input(right) : b.parameter(right)}));
}

void gemm(GraphBuilder& b) {
    const std::int64_t m = b.random.integer(1, 9);
    const std::int64_t k = b.random.integer(1, 9);
    const std::int64_t n = b.random.integer(1, 9);
    const std::int64_t trans_a = b.random.integer(0, 1);
    const std::int64_t trans_b = b.random.integer(0, 1);
    std::vector<std::string> inputs = {b.input(trans_a != 0 ? Dims{k, m} : Dims{m, k}),
                                       b.parameter(trans_b != 0 ? Dims{n, k} : Dims{k, n})};
    if (b.random.chance(0.7))
        inputs.push_back(b.parameter(b.random.pick<Dims>({{n}, {m, n}, {m, 1}, {1, n}, {1}, {}})));
    Attributes attributes = {{"transA", trans_a}, {"transB", trans_b}};
    if (b.random.chance(0.5)) attributes["alpha"] = b.random.real(0.5f, 2);
    if (b.random.chance(0.5)) attributes["beta"] = b.random.real(0.5f, 2);
    b.output(b.add(Op::Gemm, inputs, attributes));
}

/// What exporters write to compute extents: Shape, Gather, Slice, arithmetic, Concat, Reshape.
void shape_arithmetic(GraphBuilder& b) {
    const std::string x = b.input(random_dims(b.random, 4, 4));
    const std::string shape = b.add(Op::Shape, {x});
    const std::string batch =
        b.add(Op::Slice, {shape, b.integers({0}), b.integers({1}), b.integers({0})});
    const auto extent = [&](std::int64_t axis) {
        return b.add(Op::Gather, {shape, b.integers({axis})}, {{"axis", std::int64_t{0}}});
    };
    const std::string area = b.add(Op::Mul, {extent(2), extent(3)});
    const std::string twice = b.add(Op::Div, {b.add(Op::Add, {area, area}), b.integers({2})});
    const std::string same = b.add(Op::Sub, {twice, b.integers({0})});
    const std::string wanted =
        b.add(Op::Concat, {batch, extent(1), same}, {{"axis", std::int64_t{0}}});
    b.output(b.add(Op::Reshape, {x, wanted}));
    b.output(wanted, model::DataType::i64);
    b.output(b.add(Op::Shape, {x}, {{"start", b.random.integer(-3, 1)}}), model::DataType::i64);
}

constexpr std::array kKinds = {
    GraphKind{"Abs", [](GraphBuilder& b) { unary(b, Op::Abs, -1, 1); }},
    GraphKind{"Add", [](GraphBuilder& b) { binary(b, Op::Add, -1, 1); }},
    GraphKind{"And", [](GraphBuilder& b) { logic(b, Op::And); }},
    GraphKind{"AveragePool", [](GraphBuilder& b) { pool(b, Op::AveragePool, 2); }},
    GraphKind{"AveragePool1d", [](GraphBuilder& b) { pool(b, Op::AveragePool, 1); }},
    GraphKind{"BatchNormalization", batch_normalization},
    GraphKind{"Cast", cast},
    GraphKind{"Ceil", [](GraphBuilder& b) { unary(b, Op::Ceil, -4, 4); }},
    GraphKind{"Clip", clip},
    GraphKind{"Concat", concat_values},
    GraphKind{"Constant", constant},
    GraphKind{"ConstantOfShape", constant_of_shape},
    GraphKind{"Conv", [](GraphBuilder& b) { conv(b, 2); }},
    GraphKind{"Conv1d", [](GraphBuilder& b) { conv(b, 1); }},
    GraphKind{"Conv3d", [](GraphBuilder& b) { conv(b, 3); }},
    GraphKind{"ConvTranspose", [](GraphBuilder& b) { conv_transpose(b, 2); }},
    GraphKind{"ConvTranspose1d", [](GraphBuilder& b) { conv_transpose(b, 1); }},
    GraphKind{"DeformConv", deform_conv},
    GraphKind{"DepthToSpace", depth_to_space},
    GraphKind{"Div", [](GraphBuilder& b) { binary(b, Op::Div, 0.5f, 2); }},
    GraphKind{"Elu",
              [](GraphBuilder& b) {
                  unary(b, Op::Elu, -3, 3, {{"alpha", 1.5f}});
              }},
    GraphKind{"Equal", [](GraphBuilder& b) { relation(b, Op::Equal); }},
    GraphKind{"Erf", [](GraphBuilder& b) { unary(b, Op::Erf, -4, 4); }},
    GraphKind{"Exp", [](GraphBuilder& b) { unary(b, Op::Exp, -3, 3); }},
    GraphKind{"Expand", expand},
    GraphKind{"Flatten", flatten},
    GraphKind{"Floor", [](GraphBuilder& b) { unary(b, Op::Floor, -4, 4); }},
    GraphKind{"Gather", gather},
    GraphKind{"Gelu",
              [](GraphBuilder& b) {
                  unary(b, Op::Gelu, -4, 4,
                        {{"approximate", b.random.pick<std::string>({"none", "tanh"})}});
              }},
    GraphKind{"Gemm", gemm},
    GraphKind{"GlobalAveragePool",
              [](GraphBuilder& b) {
                  b.output(
                      b.add(Op::GlobalAveragePool, {b.input(random_dims(b.random, 3, 4, 17))}));
              }},
    GraphKind{"Greater", [](GraphBuilder& b) { relation(b, Op::Greater); }},
    GraphKind{"HardSigmoid",
              [](GraphBuilder& b) {
                  unary(b, Op::HardSigmoid, -4, 4,
                        {{"alpha", b.random.pick({0.2f, 1.0f / 6})}, {"beta", 0.5f}});
              }},
    GraphKind{"HardSwish", [](GraphBuilder& b) { unary(b, Op::HardSwish, -4, 4); }},
    GraphKind{"Identity", [](GraphBuilder& b) { unary(b, Op::Identity, -1, 1); }},
    GraphKind{"InstanceNormalization", instance_normalization},
    GraphKind{"LayerNormalization", layer_normalization},
    GraphKind{"LeakyRelu",
              [](GraphBuilder& b) {
                  unary(b, Op::LeakyRelu, -1, 1, {{"alpha", 0.1f}});
              }},
    GraphKind{"Less", [](GraphBuilder& b) { relation(b, Op::Less); }},
    GraphKind{"MatMul", matmul},
    GraphKind{"Max", [](GraphBuilder& b) { extreme(b, Op::Max); }},
    GraphKind{"MaxPool", [](GraphBuilder& b) { pool(b, Op::MaxPool, 2); }},
    GraphKind{"MaxPool1d", [](GraphBuilder& b) { pool(b, Op::MaxPool, 1); }},
    GraphKind{"Min", [](GraphBuilder& b) { extreme(b, Op::Min); }},
    GraphKind{"Mish", [](GraphBuilder& b) { unary(b, Op::Mish, -6, 6); }},
    GraphKind{"Mul", [](GraphBuilder& b) { binary(b, Op::Mul, -1, 1); }},
    GraphKind{"Neg", [](GraphBuilder& b) { unary(b, Op::Neg, -1, 1); }},
    GraphKind{"Not", [](GraphBuilder& b) { logic(b, Op::Not); }},
    GraphKind{"Or", [](GraphBuilder& b) { logic(b, Op::Or); }},
    GraphKind{"PRelu", prelu},
    GraphKind{"Pad", pad},
    GraphKind{"Pow", [](GraphBuilder& b) { binary(b, Op::Pow, 0.5f, 2); }},
    GraphKind{"QuantizeLinear", quantization},
    GraphKind{"Reciprocal", [](GraphBuilder& b) { unary(b, Op::Reciprocal, 0.5f, 2); }},
    GraphKind{"ReduceMax", [](GraphBuilder& b) { reduce(b, Op::ReduceMax); }},
    GraphKind{"ReduceMean", [](GraphBuilder& b) { reduce(b, Op::ReduceMean); }},
    GraphKind{"ReduceMin", [](GraphBuilder& b) { reduce(b, Op::ReduceMin); }},
    GraphKind{"ReduceSum", [](GraphBuilder& b) { reduce(b, Op::ReduceSum); }},
    GraphKind{"Relu", [](GraphBuilder& b) { unary(b, Op::Relu, -1, 1); }},
    GraphKind{"Reshape", reshape},
    GraphKind{"Resize", resize},
    GraphKind{"Round", [](GraphBuilder& b) { unary(b, Op::Round, -4, 4); }},
    GraphKind{"Shape", shape_arithmetic},
    GraphKind{"Sigmoid", [](GraphBuilder& b) { unary(b, Op::Sigmoid, -6, 6); }},
    GraphKind{"Slice", slice},
    GraphKind{"Softmax", softmax},
    GraphKind{"Softplus", [](GraphBuilder& b) { unary(b, Op::Softplus, -6, 6); }},
    GraphKind{"Split", split},
    GraphKind{"Sqrt", [](GraphBuilder& b) { unary(b, Op::Sqrt, 0, 4); }},
    GraphKind{"Squeeze", squeeze},
    GraphKind{"Sub", [](GraphBuilder& b) { binary(b, Op::Sub, -1, 1); }},
    GraphKind{"Tanh", [](GraphBuilder& b) { unary(b, Op::Tanh, -4, 4); }},
    GraphKind{"Transpose", transpose},
    GraphKind{"Unsqueeze", unsqueeze},
    GraphKind{"Where", where},
};

}  // namespace

std::span<const GraphKind> operator_kinds() { return kKinds; }

GraphCase random_graph(const GraphKind& kind, std::uint64_t seed, Constants constants) {
    GraphBuilder builder(seed);
    builder.shares_parameters = constants == Constants::anywhere && seed % 2 == 1;
    kind.build(builder);
    if (constants == Constants::anywhere && seed % 4 == 3) builder.fix_some_inputs();
    return builder.finish(std::string(kind.name) + " with seed " + std::to_string(seed));
}

}  // namespace dbnet::test
