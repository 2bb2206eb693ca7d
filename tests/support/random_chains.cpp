#include <array>
#include <cmath>
#include <utility>

#include "support/random_graph.hpp"

namespace dbnet::test {
namespace {

using model::Op;

/// A value of extents [images, channels, height, width].
struct Feature {
    std::string value;
    std::int64_t images;
    std::int64_t channels;
    std::int64_t height;
    std::int64_t width;
};

std::int64_t random_channels(Random& random) {
    return random.pick({1, 3, 5, 8, 8, 12, 16, 16, 24, 33});
}

Feature image(GraphBuilder& b, std::int64_t channels, std::int64_t height, std::int64_t width) {
    const std::int64_t images = b.random.integer(1, 2);
    return {b.input({images, channels, height, width}), images, channels, height, width};
}

/// Mostly small; sometimes one side is as long as kernels' tiles and strips are.
Feature random_image(GraphBuilder& b, std::int64_t channels) {
    std::int64_t height = b.random.integer(2, 23);
    std::int64_t width = b.random.chance(0.2) ? b.random.integer(24, 140) : b.random.integer(2, 23);
    if (b.random.chance(0.3)) std::swap(height, width);
    return image(b, channels, height, width);
}

Feature with_value(Feature feature, std::string value) {
    feature.value = std::move(value);
    return feature;
}

struct ConvShape {
    std::int64_t maps;
    std::int64_t kernel = 3;
    std::int64_t stride = 1;
    std::int64_t group = 1;
    bool bias = false;
};

/// Padded as networks do it, so that stride 1 keeps the extents.
Feature conv(GraphBuilder& b, const Feature& x, const ConvShape& shape) {
    const auto [maps, kernel, stride, group, bias] = shape;
    const std::int64_t fan = x.channels / group * kernel * kernel;
    const float bound = std::sqrt(3 / static_cast<float>(fan));
    std::vector<std::string> inputs = {
        x.value, b.parameter({maps, x.channels / group, kernel, kernel}, -bound, bound)};
    if (bias) inputs.push_back(b.parameter({maps}));
    using List = std::vector<std::int64_t>;
    const std::string value =
        b.add(Op::Conv, inputs,
              {{"pads", List(4, kernel / 2)}, {"strides", List(2, stride)}, {"group", group}});
    return {value, x.images, maps, (x.height - 1) / stride + 1, (x.width - 1) / stride + 1};
}

Feature depthwise(GraphBuilder& b, const Feature& x, std::int64_t kernel, std::int64_t stride) {
    return conv(b, x, {x.channels, kernel, stride, x.channels, b.random.chance(0.5)});
}

Feature batch_normalization(GraphBuilder& b, const Feature& x) {
    const model::Dims channels = {x.channels};
    return with_value(x, b.add(Op::BatchNormalization,
                               {x.value, b.parameter(channels, 0.5f, 1.5f), b.parameter(channels),
                                b.parameter(channels), b.parameter(channels, 0.5f, 2)}));
}

/// x * clip(x + 3, 0, 6) / 6, in one of the orders in which exporters write it.
std::string spelled_hard_swish(GraphBuilder& b, const std::string& x) {
    const std::string three = b.parameter({1}, 3, 3);
    const std::string six = b.parameter(b.random.pick<model::Dims>({{}, {1}}), 6, 6);
    const std::string gate =
        b.add(Op::Clip, {b.add(Op::Add, {x, three}), b.parameter({}, 0, 0), b.parameter({}, 6, 6)});
    if (b.random.chance(0.5)) return b.add(Op::Div, {b.add(Op::Mul, {x, gate}), six});
    return b.add(Op::Mul, {x, b.add(Op::Div, {gate, six})});
}

std::string spelled_gelu(GraphBuilder& b, const std::string& x) {
    const std::string root = b.parameter({}, 1.41421354f, 1.41421354f);
    const std::string one = b.parameter({1}, 1, 1);
    const std::string half = b.parameter({}, 0.5f, 0.5f);
    const std::string twice = b.add(Op::Add, {b.add(Op::Erf, {b.add(Op::Div, {x, root})}), one});
    if (b.random.chance(0.5)) return b.add(Op::Mul, {b.add(Op::Mul, {x, twice}), half});
    return b.add(Op::Mul, {x, b.add(Op::Mul, {half, twice})});
}

Feature activation(GraphBuilder& b, const Feature& x) {
    switch (b.random.integer(0, 10)) {
        case 9: return with_value(x, b.add(Op::Gelu, {x.value}));
        case 10: return with_value(x, spelled_gelu(b, x.value));
        case 0: return with_value(x, b.add(Op::HardSwish, {x.value}));
        case 1: return with_value(x, spelled_hard_swish(b, x.value));
        case 2: return with_value(x, b.add(Op::Sigmoid, {x.value}));
        case 3:
            return with_value(
                x, b.add(Op::HardSigmoid, {x.value}, {{"alpha", b.random.pick({0.2f, 1.0f / 6})}}));
        case 4: return with_value(x, b.add(Op::LeakyRelu, {x.value}, {{"alpha", 0.1f}}));
        case 5:
            return with_value(
                x, b.add(Op::Clip, {x.value, b.parameter({}, 0, 0), b.parameter({}, 0.5f, 2)}));
        case 6: return x;
        default: return with_value(x, b.add(Op::Relu, {x.value}));
    }
}

Feature unit(GraphBuilder& b, const Feature& x, const ConvShape& shape) {
    return activation(b, batch_normalization(b, conv(b, x, shape)));
}

Feature sum(GraphBuilder& b, const Feature& x, const Feature& y) {
    return with_value(x, b.random.chance(0.5) ? b.add(Op::Add, {x.value, y.value})
                                              : b.add(Op::Add, {y.value, x.value}));
}

std::map<std::string, model::Attribute> nearest(GraphBuilder& b) {
    const bool asymmetric = b.random.chance(0.7);
    return {{"mode", "nearest"},
            {"coordinate_transformation_mode", asymmetric ? "asymmetric" : "half_pixel"},
            {"nearest_mode", asymmetric ? "floor" : "round_prefer_floor"}};
}

Feature upsample(GraphBuilder& b, const Feature& x, std::int64_t factor) {
    const auto scale = static_cast<float>(factor);
    const std::string value =
        b.add(Op::Resize, {x.value, "", b.reals({1, 1, scale, scale})}, nearest(b));
    return {value, x.images, x.channels, x.height * factor, x.width * factor};
}

/// To the extents of `like`, which the graph computes as exporters write it.
Feature upsample_to(GraphBuilder& b, const Feature& x, const Feature& like) {
    const auto part = [&](const std::string& value, std::int64_t first) {
        return b.add(Op::Slice, {b.add(Op::Shape, {value}), b.integers({first}),
                                 b.integers({first + 2}), b.integers({0})});
    };
    const std::string sizes =
        b.add(Op::Concat, {part(x.value, 0), part(like.value, 2)}, {{"axis", std::int64_t{0}}});
    const std::string value = b.add(Op::Resize, {x.value, "", "", sizes}, nearest(b));
    return {value, x.images, x.channels, like.height, like.width};
}

Feature joined(GraphBuilder& b, const std::vector<Feature>& parts) {
    Feature result = parts[0];
    result.channels = 0;
    std::vector<std::string> values;
    for (const Feature& part : parts) {
        values.push_back(part.value);
        result.channels += part.channels;
    }
    return with_value(result, b.add(Op::Concat, values, {{"axis", std::int64_t{1}}}));
}

/// x * se(x), or x + x * se(x).
Feature squeeze_excitation(GraphBuilder& b, const Feature& x, bool residual) {
    Feature pooled = with_value(x, b.add(Op::GlobalAveragePool, {x.value}));
    pooled.height = pooled.width = 1;
    const std::int64_t middle = std::max<std::int64_t>(1, x.channels / 4);
    const Feature reduced = conv(b, pooled, {middle, 1, 1, 1, true});
    const Feature rectified = with_value(reduced, b.add(Op::Relu, {reduced.value}));
    const Feature expanded = conv(b, rectified, {x.channels, 1, 1, 1, true});
    const std::string gate =
        b.add(Op::HardSigmoid, {expanded.value}, {{"alpha", b.random.pick({0.2f, 1.0f / 6})}});
    const Feature gated = with_value(x, b.add(Op::Mul, {x.value, gate}));
    return residual ? sum(b, x, gated) : gated;
}

Feature inverted_residual(GraphBuilder& b, const Feature& x, std::int64_t maps) {
    const std::int64_t stride = b.random.pick({1, 1, 2});
    const std::int64_t kernel = b.random.pick({3, 5});
    const Feature expanded = unit(b, x, {b.random.pick({8, 16, 20, 32, 48}), 1});
    Feature inner = activation(b, batch_normalization(b, depthwise(b, expanded, kernel, stride)));
    if (b.random.chance(0.3)) inner = squeeze_excitation(b, inner, false);
    const Feature projected = batch_normalization(b, conv(b, inner, {maps, 1}));
    return stride == 1 && maps == x.channels ? sum(b, x, projected) : projected;
}

/// Kernel and stride `factor`, with a bias unless its name is empty.
Feature deconv(GraphBuilder& b, const Feature& x, std::int64_t maps, const std::string& bias,
               std::int64_t factor = 2) {
    std::vector<std::string> inputs = {
        x.value, b.parameter({x.channels, maps, factor, factor}, -0.5f, 0.5f)};
    if (!bias.empty()) inputs.push_back(bias);
    const std::vector<std::int64_t> window = {factor, factor};
    const std::string value =
        b.add(Op::ConvTranspose, inputs, {{"kernel_shape", window}, {"strides", window}});
    return {value, x.images, maps, factor * x.height, factor * x.width};
}

std::string some_bias(GraphBuilder& b, std::int64_t maps) {
    return b.random.chance(0.5) ? b.parameter({maps}) : "";
}

/// conv, deconv, deconv, sigmoid: the head of a DB network.
Feature head(GraphBuilder& b, const Feature& x) {
    const std::int64_t maps = b.random.pick({4, 8, 16, 24});
    const Feature first = unit(b, x, {maps});
    const Feature second =
        activation(b, batch_normalization(b, deconv(b, first, maps, some_bias(b, maps))));
    const Feature last = deconv(b, second, 1, b.parameter({1}));
    return with_value(last, b.add(Op::Sigmoid, {last.value}));
}

/// Four levels, each twice as large as the next: upsampled, added, smoothed, joined.
Feature pyramid(GraphBuilder& b, bool gated) {
    const std::int64_t height = b.random.integer(1, 3);
    const std::int64_t width =
        b.random.chance(0.2) ? b.random.integer(4, 16) : b.random.integer(1, 3);
    const std::int64_t inner = b.random.pick({8, 16, 24, 32});
    Feature x = unit(b, image(b, 3, 8 * height, 8 * width), {8});
    std::vector<Feature> levels;
    for (int level = 0; level < 4; ++level) {
        if (level > 0) x = unit(b, x, {random_channels(b.random), 3, 2});
        levels.push_back(conv(b, x, {inner, 1}));
    }
    std::vector<Feature> smooth(4);
    Feature top = levels[3];
    for (std::size_t level = 4; level-- > 0;) {
        if (level < 3) top = sum(b, levels[level], upsample(b, top, 2));
        Feature part = conv(b, top, {inner / 4});
        if (gated) part = squeeze_excitation(b, part, true);
        smooth[3 - level] = level > 0 ? upsample(b, part, std::int64_t{1} << level) : part;
    }
    return joined(b, smooth);
}

/// 1 / (1 + exp(-k (p - t))).
std::string binarisation(GraphBuilder& b, const std::string& p, const std::string& t) {
    const std::string scaled = b.add(Op::Mul, {b.add(Op::Sub, {p, t}), b.parameter({1}, -50, -50)});
    const std::string denominator =
        b.add(Op::Add, {b.add(Op::Exp, {scaled}), b.parameter({1}, 1, 1)});
    return b.add(Op::Reciprocal, {denominator});
}

/// The feature combined with a constant that has all its extents, or some of them.
Feature with_constant(GraphBuilder& b, const Feature& x) {
    const auto dims = b.random.pick<model::Dims>({{x.images, x.channels, x.height, x.width},
                                                  {1, x.channels, x.height, x.width},
                                                  {x.channels, x.height, x.width},
                                                  {1, 1, x.height, x.width},
                                                  {x.height, x.width},
                                                  {1, x.channels, 1, 1},
                                                  {x.channels, 1, 1},
                                                  {x.width},
                                                  {}});
    const Op op = b.random.pick({Op::Add, Op::Add, Op::Sub, Op::Mul, Op::Div});
    const std::string constant = b.parameter(dims, 0.5f, 1.5f);
    if (op != Op::Div && b.random.chance(0.5)) return with_value(x, b.add(op, {constant, x.value}));
    return with_value(x, b.add(op, {x.value, constant}));
}

/// Concatenated with maps that are constant, as coordinates are.
Feature with_constant_maps(GraphBuilder& b, const Feature& x) {
    const std::int64_t maps = b.random.pick({1, 2, 16});
    const Feature constant{b.parameter({x.images, maps, x.height, x.width}), x.images, maps,
                           x.height, x.width};
    return b.random.chance(0.5) ? joined(b, {x, constant}) : joined(b, {constant, x});
}

void constants(GraphBuilder& b) {
    Feature x = random_image(b, random_channels(b.random));
    for (int step = 0; step < 4; ++step) {
        x = unit(b, x, {random_channels(b.random), b.random.pick({1, 3})});
        if (b.random.chance(0.3) && x.height * x.width < 400) x = upsample(b, x, 2);
        if (b.random.chance(0.3)) x = with_constant_maps(b, x);
        x = activation(b, with_constant(b, x));
    }
    b.output(b.random.chance(0.5) ? conv(b, x, {5}).value : x.value);
}

/// Nodes of different kernels and layouts that share a bias, or their weights.
void shared_initializers(GraphBuilder& b) {
    const std::int64_t maps = b.random.pick({4, 8, 16, 24, 64});
    const std::string bias = b.parameter({maps});
    const std::string weights = b.parameter({maps, maps, 2, 2}, -0.2f, 0.2f);
    const std::vector<std::int64_t> two = {2, 2};
    Feature x = conv(b, random_image(b, b.random.pick({3, 16})), {maps});
    for (int step = 0; step < 4; ++step) {
        const bool small = x.height * x.width < 200;
        switch (b.random.integer(0, 3)) {
            case 0:
                x = deconv(b, small ? x : conv(b, x, {maps, 3, 2}), maps, bias,
                           b.random.pick({2, 2, 4}));
                break;
            case 1:
                if (!small) break;
                x.value = b.add(Op::ConvTranspose, {x.value, weights, bias}, {{"strides", two}});
                x.height *= 2;
                x.width *= 2;
                break;
            case 2:
                if (x.height < 2 || x.width < 2) break;
                x.value = b.add(Op::Conv, {x.value, weights, bias});
                --x.height;
                --x.width;
                break;
            default: x.value = b.add(Op::Conv, {x.value, b.parameter({maps, maps, 1, 1}), bias});
        }
        if (b.random.chance(0.5)) x = activation(b, x);
    }
    b.output(b.add(Op::Identity, {x.value}));
}

void conv_bn_activation(GraphBuilder& b) {
    const Feature x = random_image(b, random_channels(b.random));
    const std::int64_t kernel = b.random.pick({1, 3, 3, 5});
    const ConvShape shape{random_channels(b.random), kernel, b.random.pick({1, 2}), 1,
                          b.random.chance(0.5)};
    b.output(unit(b, x, shape).value);
}

void bias_beside_conv(GraphBuilder& b) {
    const Feature x = random_image(b, random_channels(b.random));
    const Feature y = conv(b, x, {random_channels(b.random), b.random.pick({1, 3})});
    const std::string bias =
        b.add(Op::Reshape, {b.parameter({y.channels}), b.integers({1, y.channels, 1, 1})});
    const std::string scaled =
        b.add(Op::Mul, {b.add(Op::Add, {y.value, bias}), b.parameter({1, y.channels, 1, 1})});
    b.output(activation(b, with_value(y, scaled)).value);
}

void conv_add_activation(GraphBuilder& b) {
    const Feature x = random_image(b, random_channels(b.random));
    const Feature left = batch_normalization(b, conv(b, x, {x.channels}));
    const Feature right = b.random.chance(0.5) ? x : unit(b, x, {x.channels, 1});
    b.output(activation(b, sum(b, left, right)).value);
}

void upsample_add(GraphBuilder& b) {
    const Feature x = random_image(b, 8);
    const Feature small = unit(b, x, {16, 3, 2});
    const Feature large = unit(b, x, {16, 1});
    b.output(conv(b, sum(b, upsample_to(b, small, large), large), {5}).value);
}

void concat_of_convs(GraphBuilder& b) {
    const Feature x = random_image(b, random_channels(b.random));
    std::vector<Feature> parts;
    for (std::int64_t i = b.random.integer(2, 4); i > 0; --i)
        parts.push_back(unit(b, x, {random_channels(b.random), b.random.pick({1, 3})}));
    if (b.random.chance(0.3)) parts.push_back(x);
    const Feature whole = joined(b, parts);
    b.output(b.random.chance(0.5) ? conv(b, whole, {7}).value : whole.value);
}

/// Values that are parts of several wholes, at several places, and used for themselves.
void concatenations(GraphBuilder& b) {
    std::vector<Feature> features = {random_image(b, b.random.pick({3, 8, 16, 16, 32}))};
    const auto any = [&] {
        const auto last = static_cast<std::int64_t>(features.size()) - 1;
        return features[static_cast<std::size_t>(b.random.integer(0, last))];
    };
    for (int step = 0; step < 6; ++step) {
        const Feature x = any();
        switch (b.random.integer(0, 5)) {
            case 0:
            case 1: features.push_back(conv(b, x, {b.random.pick({3, 8, 16, 16, 32}), 1})); break;
            case 2: features.push_back(batch_normalization(b, x)); break;
            case 3: features.push_back(activation(b, x)); break;
            default:
                features.push_back(joined(b, {x, any()}));
                if (b.random.chance(0.3)) b.output(b.add(Op::Identity, {features.back().value}));
        }
    }
    b.output(b.add(Op::Identity, {features.back().value}));
}

void squeeze_excitations(GraphBuilder& b) {
    const Feature x = unit(b, random_image(b, 3), {random_channels(b.random)});
    b.output(conv(b, squeeze_excitation(b, x, b.random.chance(0.5)), {4, 1}).value);
}

void inverted_residuals(GraphBuilder& b) {
    Feature x = unit(b, random_image(b, 3), {b.random.pick({8, 16}), 3, b.random.pick({1, 2})});
    for (int i = 0; i < 3; ++i) x = inverted_residual(b, x, b.random.chance(0.6) ? x.channels : 24);
    b.output(x.value);
}

void heads(GraphBuilder& b) {
    const std::int64_t channels = b.random.pick({8, 24, 33, 96});
    const Feature x = image(b, channels, b.random.integer(1, 8), b.random.integer(1, 8));
    const Feature probability = head(b, x);
    b.output(probability.value);
    if (b.random.chance(0.4)) b.output(binarisation(b, probability.value, head(b, x).value));
}

void pyramids(GraphBuilder& b) {
    const Feature x = pyramid(b, b.random.chance(0.5));
    b.output(b.random.chance(0.5) ? head(b, x).value : x.value);
}

/// Two earlier values of the same extents and channels, if there are such.
std::string some_sum(GraphBuilder& b, const Feature& x, const std::vector<Feature>& earlier) {
    for (const Feature& y : earlier)
        if (y.channels == x.channels && y.height == x.height && y.width == x.width)
            return sum(b, x, y).value;
    return b.add(Op::Add, {x.value, x.value});
}

Feature random_step(GraphBuilder& b, const Feature& x, const std::vector<Feature>& earlier) {
    switch (b.random.integer(0, 11)) {
        case 10: return with_constant(b, x);
        case 11: return with_constant_maps(b, x);
        case 0: return activation(b, x);
        case 1: return batch_normalization(b, x);
        case 2: return depthwise(b, x, b.random.pick({3, 5}), b.random.pick({1, 2}));
        case 3: return squeeze_excitation(b, x, b.random.chance(0.5));
        case 4: return joined(b, {x, conv(b, x, {random_channels(b.random), 1})});
        case 5:
            return x.height * x.width < 400 ? upsample(b, x, 2) : unit(b, x, {x.channels, 3, 2});
        case 6:
        case 7: return with_value(x, some_sum(b, x, earlier));
        default:
            return conv(b, x,
                        {random_channels(b.random), b.random.pick({1, 3}), b.random.pick({1, 1, 2}),
                         1, b.random.chance(0.5)});
    }
}

/// Steps of any kind on values of any age, some of them outputs of the graph: what must not be
/// fused lies beside what may be.
void mixture(GraphBuilder& b) {
    std::vector<Feature> features = {random_image(b, random_channels(b.random))};
    for (int step = 0; step < 14; ++step) {
        const auto last = static_cast<std::int64_t>(features.size()) - 1;
        const std::int64_t from = b.random.chance(0.7) ? last : b.random.integer(0, last);
        features.push_back(random_step(b, features[static_cast<std::size_t>(from)], features));
        if (b.random.chance(0.15) && features.back().value != features[features.size() - 2].value)
            b.output(b.add(Op::Identity, {features.back().value}));
    }
    b.output(b.add(Op::Identity, {features.back().value}));
}

constexpr std::array kKinds = {
    GraphKind{"conv_bn_activation", conv_bn_activation},
    GraphKind{"bias_beside_conv", bias_beside_conv},
    GraphKind{"conv_add_activation", conv_add_activation},
    GraphKind{"upsample_add", upsample_add},
    GraphKind{"concat_of_convs", concat_of_convs},
    GraphKind{"concatenations", concatenations},
    GraphKind{"squeeze_excitation", squeeze_excitations},
    GraphKind{"inverted_residual", inverted_residuals},
    GraphKind{"head", heads},
    GraphKind{"pyramid", pyramids},
    GraphKind{"mixture", mixture},
    GraphKind{"constants", constants},
    GraphKind{"shared_initializers", shared_initializers},
};

}  // namespace

std::span<const GraphKind> chain_kinds() { return kKinds; }

}  // namespace dbnet::test
