#include "engine/reference/reference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "core/error.hpp"
#include "model/operators.hpp"
#include "support/graph_builder.hpp"
#include "support/random_graph.hpp"

// The oracle has no oracle: its operators are checked on cases computed by hand, by properties, and
// against definitions written in another way.
namespace dbnet::engine {
namespace {

using model::DataType;
using model::Dims;
using model::Op;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pointwise;

using Attributes = std::map<std::string, model::Attribute>;
using Ints = std::vector<std::int64_t>;
using Reals = std::vector<float>;

Buffer reals(Dims dims, const Reals& values) {
    return buffer_of(model::Tensor::of(std::move(dims), values));
}

Buffer ints(const Ints& values) {
    return buffer_of(model::Tensor::of({static_cast<std::int64_t>(values.size())}, values));
}

/// 0, 1, 2, ...
Buffer ramp(Dims dims) {
    Buffer buffer = Buffer::host(DataType::f32, std::move(dims));
    std::iota(buffer.f32().begin(), buffer.f32().end(), 0.0f);
    return buffer;
}

std::vector<Buffer> evaluate(Op op, const std::vector<Buffer>& inputs, Attributes attributes = {},
                             std::size_t outputs = 1) {
    model::Node node{"the node", op, {}, {}, std::move(attributes)};
    for (std::size_t i = 0; i < inputs.size(); ++i)
        node.inputs.push_back(inputs[i].data() == nullptr ? "" : core::concat("x", i));
    for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back(core::concat("y", i));
    return reference::evaluate(node, inputs);
}

Buffer compute(Op op, const std::vector<Buffer>& inputs, Attributes attributes = {}) {
    return evaluate(op, inputs, std::move(attributes)).at(0);
}

Reals values(const Buffer& buffer) { return {buffer.f32().begin(), buffer.f32().end()}; }
Ints integers(const Buffer& buffer) { return {buffer.i64().begin(), buffer.i64().end()}; }

void expect_reals(const Buffer& actual, const Dims& dims, const Reals& expected) {
    EXPECT_EQ(actual.dims(), dims);
    EXPECT_THAT(values(actual), Pointwise(testing::FloatNear(1e-5f), expected));
}

std::string error_of(Op op, const std::vector<Buffer>& inputs, Attributes attributes = {}) {
    try {
        evaluate(op, inputs, std::move(attributes));
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

double dot(const Buffer& a, const Buffer& b) {
    return std::inner_product(a.f32().begin(), a.f32().end(), b.f32().begin(), 0.0);
}

Buffer random(std::uint64_t seed, const Dims& dims) {
    test::Random generator(seed);
    return test::random_buffer(generator, dims, -1, 1);
}

struct Grid {
    std::int64_t stride;
    std::int64_t dilation;
    Ints pads;  ///< top, left, bottom, right
    std::int64_t group;
};

Attributes attributes_of(const Grid& grid) {
    return {{"strides", Ints{grid.stride, grid.stride}},
            {"dilations", Ints{grid.dilation, grid.dilation}},
            {"pads", grid.pads},
            {"group", grid.group}};
}

const std::vector<Grid> kGrids = {
    {1, 1, {0, 0, 0, 0}, 1}, {1, 1, {1, 1, 1, 1}, 2}, {2, 1, {0, 1, 2, 0}, 1},
    {1, 2, {2, 0, 1, 2}, 4}, {3, 2, {1, 1, 1, 1}, 2},
};

/// A weight for an input of 4 channels.
Dims weight_dims(const Grid& grid) { return {grid.group == 4 ? 8 : 6, 4 / grid.group, 2, 3}; }

/// Convolution by other means: the input laid into zeros, the kernel spread out with zeros, a dense
/// correlation at every place, of which every stride-th is kept.
class DenseConvolution {
public:
    DenseConvolution(const Buffer& input, const Buffer& weight, const Grid& grid)
        : input_(input), weight_(weight), grid_(grid) {}

    double at(std::int64_t n, std::int64_t m, std::int64_t row, std::int64_t column) const {
        const std::int64_t height = (weight_.dims()[2] - 1) * grid_.dilation + 1;
        const std::int64_t width = (weight_.dims()[3] - 1) * grid_.dilation + 1;
        double sum = 0;
        for (std::int64_t c = 0; c < input_.dims()[1]; ++c)
            for (std::int64_t y = 0; y < height; ++y)
                for (std::int64_t x = 0; x < width; ++x)
                    sum += kernel(m, c, y, x) *
                           pixel(n, c, row * grid_.stride + y, column * grid_.stride + x);
        return sum;
    }

private:
    /// Zero beyond the input; the origin is the padding's corner.
    double pixel(std::int64_t n, std::int64_t c, std::int64_t y, std::int64_t x) const {
        const Dims& dims = input_.dims();
        y -= grid_.pads[0];
        x -= grid_.pads[1];
        if (y < 0 || x < 0 || y >= dims[2] || x >= dims[3]) return 0;
        return input_
            .f32()[static_cast<std::size_t>(((n * dims[1] + c) * dims[2] + y) * dims[3] + x)];
    }

    /// Zero between the elements of a dilated kernel and for channels of other groups.
    double kernel(std::int64_t m, std::int64_t c, std::int64_t y, std::int64_t x) const {
        const Dims& dims = weight_.dims();
        const std::int64_t group = m / (dims[0] / grid_.group);
        if (c / dims[1] != group || y % grid_.dilation != 0 || x % grid_.dilation != 0) return 0;
        const std::int64_t row = (m * dims[1] + c % dims[1]) * dims[2] + y / grid_.dilation;
        return weight_.f32()[static_cast<std::size_t>(row * dims[3] + x / grid_.dilation)];
    }

    Buffer input_;
    Buffer weight_;
    Grid grid_;
};

TEST(Reference, ConvIsTheDenseCorrelationOfThePaddedInput) {
    for (const Grid& grid : kGrids) {
        const Buffer input = random(1, {2, 4, 7, 9});
        const Buffer weight = random(2, weight_dims(grid));
        const Buffer bias = random(3, {weight.dims()[0]});
        const Buffer output = compute(Op::Conv, {input, weight, bias}, attributes_of(grid));
        const DenseConvolution dense(input, weight, grid);
        const Dims& dims = output.dims();
        EXPECT_EQ(dims[2], (7 + grid.pads[0] + grid.pads[2] - grid.dilation - 1) / grid.stride + 1);
        EXPECT_EQ(dims[3],
                  (9 + grid.pads[1] + grid.pads[3] - 2 * grid.dilation - 1) / grid.stride + 1);
        for (std::int64_t i = 0; i < output.size(); ++i) {
            const std::int64_t m = i / (dims[2] * dims[3]) % dims[1];
            const double expected =
                dense.at(i / (dims[1] * dims[2] * dims[3]), m, i / dims[3] % dims[2], i % dims[3]) +
                bias.f32()[static_cast<std::size_t>(m)];
            ASSERT_NEAR(output.f32()[static_cast<std::size_t>(i)], expected, 1e-5) << i;
        }
    }
}

TEST(Reference, ConvTransposeIsTheAdjointOfConv) {
    for (const Grid& grid : kGrids) {
        const Buffer x = random(4, {2, 4, 7, 9});
        const Buffer weight = random(5, weight_dims(grid));
        const Buffer conv_x = compute(Op::Conv, {x, weight}, attributes_of(grid));
        const Buffer y = random(6, conv_x.dims());
        Attributes attributes = attributes_of(grid);
        const auto left_over = [&](std::int64_t extent, std::int64_t reach, std::size_t axis) {
            return (extent + grid.pads[axis] + grid.pads[axis + 2] - reach) % grid.stride;
        };
        attributes["output_padding"] =
            Ints{left_over(7, grid.dilation + 1, 0), left_over(9, 2 * grid.dilation + 1, 1)};
        const Buffer transposed_y = compute(Op::ConvTranspose, {y, weight}, attributes);
        ASSERT_EQ(transposed_y.dims(), x.dims());
        EXPECT_NEAR(dot(conv_x, y), dot(x, transposed_y), 1e-4);
    }
}

TEST(Reference, ConvTransposeLaysTheKernelDownAtEveryPixel) {
    const Buffer x = reals({1, 1, 2, 2}, {1, 2, 3, 4});
    const Buffer weight = reals({1, 1, 2, 2}, {10, 20, 30, 40});
    const Buffer bias = reals({1}, {0.5});
    expect_reals(compute(Op::ConvTranspose, {x, weight, bias}, {{"strides", Ints{2, 2}}}),
                 {1, 1, 4, 4},
                 {10.5, 20.5, 20.5, 40.5, 30.5, 40.5, 60.5, 80.5,  //
                  30.5, 60.5, 40.5, 80.5, 90.5, 120.5, 120.5, 160.5});
    // Overlapping: the full convolution of the two.
    expect_reals(compute(Op::ConvTranspose, {x, weight}), {1, 1, 3, 3},
                 {10, 40, 40, 60, 200, 160, 90, 240, 160});
}

TEST(Reference, AutoPadPutsTheOddPixelWhereItsNameSays) {
    const Buffer x = reals({1, 1, 1, 4}, {1, 2, 3, 4});
    const Buffer weight = reals({1, 1, 1, 2}, {1, 10});
    const auto conv = [&](const char* rule) {
        return values(compute(Op::Conv, {x, weight}, {{"auto_pad", std::string(rule)}}));
    };
    EXPECT_THAT(conv("SAME_UPPER"), ElementsAre(21, 32, 43, 4));
    EXPECT_THAT(conv("SAME_LOWER"), ElementsAre(10, 21, 32, 43));
    EXPECT_THAT(conv("VALID"), ElementsAre(21, 32, 43));
}

TEST(Reference, BatchNormalizationShiftsAndScalesEachChannel) {
    const Buffer x = reals({1, 2, 1, 2}, {1, 3, -1, 5});
    expect_reals(compute(Op::BatchNormalization,
                         {x, reals({2}, {2, 10}), reals({2}, {0.5, -1}), reals({2}, {1, 2}),
                          reals({2}, {3, 8})},
                         {{"epsilon", 1.0f}}),
                 {1, 2, 1, 2}, {0.5, 2.5, -11, 9});
}

TEST(Reference, FunctionsOfOneNumber) {
    const Buffer x = reals({4}, {-4, -1, 0.5, 4});
    expect_reals(compute(Op::Relu, {x}), {4}, {0, 0, 0.5, 4});
    expect_reals(compute(Op::LeakyRelu, {x}), {4}, {-0.04f, -0.01f, 0.5, 4});
    expect_reals(compute(Op::LeakyRelu, {x}, {{"alpha", 0.5f}}), {4}, {-2, -0.5, 0.5, 4});
    expect_reals(compute(Op::HardSigmoid, {x}), {4}, {0, 0.3f, 0.6f, 1});
    expect_reals(compute(Op::HardSigmoid, {x}, {{"alpha", 0.1f}, {"beta", 0.25f}}), {4},
                 {0, 0.15f, 0.3f, 0.65f});
    expect_reals(compute(Op::HardSwish, {x}), {4}, {0, -1.0f / 3, 0.5f * 3.5f / 6, 4});
    expect_reals(compute(Op::Sigmoid, {x}), {4},
                 {0.01798621f, 0.26894142f, 0.62245933f, 0.98201379f});
    expect_reals(compute(Op::Exp, {x}), {4}, {0.01831564f, 0.36787944f, 1.64872127f, 54.59815f});
    expect_reals(compute(Op::Erf, {x}), {4}, {-1, -0.84270079f, 0.52049988f, 1});
    expect_reals(compute(Op::Gelu, {x}), {4},
                 {-0.00012669f, -0.15865525f, 0.34573123f, 3.99987331f});
    expect_reals(compute(Op::Gelu, {x}, {{"approximate", "tanh"}}), {4},
                 {-0.00007014f, -0.15880801f, 0.34571401f, 3.99992986f});
    expect_reals(compute(Op::Reciprocal, {x}), {4}, {-0.25, -1, 2, 0.25});
    expect_reals(compute(Op::Sqrt, {reals({3}, {0, 2, 9})}), {3}, {0, 1.41421356f, 3});
    expect_reals(compute(Op::Identity, {x}), {4}, {-4, -1, 0.5, 4});
}

TEST(Reference, ClipHasOptionalBounds) {
    const Buffer x = reals({3}, {-4, 0.5, 4});
    const Buffer low = reals({}, {-1});
    const Buffer high = reals({}, {2});
    expect_reals(compute(Op::Clip, {x, low, high}), {3}, {-1, 0.5, 2});
    expect_reals(compute(Op::Clip, {x, Buffer(), high}), {3}, {-4, 0.5, 2});
    expect_reals(compute(Op::Clip, {x, low}), {3}, {-1, 0.5, 4});
    EXPECT_THAT(error_of(Op::Clip, {x, x}), HasSubstr("is not one number"));
}

TEST(Reference, OperandsAreBroadcast) {
    const Buffer a = reals({2, 1, 2}, {0, 1, 10, 11});
    const Buffer b = reals({3, 1}, {100, 200, 300});
    expect_reals(compute(Op::Add, {a, b}), {2, 3, 2},
                 {100, 101, 200, 201, 300, 301, 110, 111, 210, 211, 310, 311});
    const Buffer two = reals({}, {2});
    expect_reals(compute(Op::Sub, {two, a}), {2, 1, 2}, {2, 1, -8, -9});
    expect_reals(compute(Op::Mul, {a, two}), {2, 1, 2}, {0, 2, 20, 22});
    expect_reals(compute(Op::Div, {a, two}), {2, 1, 2}, {0, 0.5, 5, 5.5});
    expect_reals(compute(Op::Pow, {a, two}), {2, 1, 2}, {0, 1, 100, 121});
    EXPECT_THAT(error_of(Op::Add, {reals({2}, {1, 2}), reals({3}, {1, 2, 3})}),
                HasSubstr("'the node' (Add)"));
}

TEST(Reference, IntegersWrapAndTruncate) {
    constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
    constexpr std::int64_t highest = std::numeric_limits<std::int64_t>::max();
    const auto pair = [](Op op, std::int64_t a, std::int64_t b) {
        return integers(compute(op, {ints({a}), ints({b})}))[0];
    };
    EXPECT_EQ(pair(Op::Div, -7, 2), -3);
    EXPECT_EQ(pair(Op::Div, lowest, -1), lowest);
    EXPECT_EQ(pair(Op::Add, highest, 1), lowest);
    EXPECT_EQ(pair(Op::Mul, highest, 2), -2);
    EXPECT_EQ(pair(Op::Sub, 3, 10), -7);
    EXPECT_EQ(pair(Op::Pow, 3, 4), 81);
    EXPECT_EQ(pair(Op::Pow, 10, 40), highest);
    EXPECT_THAT(error_of(Op::Div, {ints({1}), ints({0})}), HasSubstr("by zero"));
}

TEST(Reference, MaxPoolIgnoresPaddingAndCeilModeAddsAWindow) {
    const Buffer x = reals({1, 1, 1, 5}, {-5, -1, -2, -4, -3});
    const Attributes window = {{"kernel_shape", Ints{1, 2}}, {"strides", Ints{1, 2}}};
    EXPECT_THAT(values(compute(Op::MaxPool, {x}, window)), ElementsAre(-1, -2));
    Attributes ceil = window;
    ceil["ceil_mode"] = std::int64_t{1};
    EXPECT_THAT(values(compute(Op::MaxPool, {x}, ceil)), ElementsAre(-1, -2, -3));
    Attributes padded = window;
    padded["pads"] = Ints{0, 1, 0, 0};
    EXPECT_THAT(values(compute(Op::MaxPool, {x}, padded)), ElementsAre(-5, -1, -3));
    const Attributes dilated = {{"kernel_shape", Ints{1, 2}}, {"dilations", Ints{1, 3}}};
    EXPECT_THAT(values(compute(Op::MaxPool, {x}, dilated)), ElementsAre(-4, -1));
}

TEST(Reference, AveragePoolCountsWhatItIsTold) {
    const Buffer x = reals({1, 1, 1, 4}, {2, 4, 6, 8});
    Attributes attributes = {{"kernel_shape", Ints{1, 3}},
                             {"strides", Ints{1, 2}},
                             {"pads", Ints{0, 1, 0, 1}},
                             {"ceil_mode", std::int64_t{1}}};
    EXPECT_THAT(values(compute(Op::AveragePool, {x}, attributes)), ElementsAre(3, 6, 8));
    attributes["count_include_pad"] = std::int64_t{1};
    // The last window covers 8, one padding, and one place beyond it, which does not count.
    EXPECT_THAT(values(compute(Op::AveragePool, {x}, attributes)), ElementsAre(2, 6, 4));
}

TEST(Reference, Means) {
    const Buffer x = ramp({2, 3, 4});
    expect_reals(compute(Op::ReduceMean, {x, ints({1})}), {2, 1, 4}, {4, 5, 6, 7, 16, 17, 18, 19});
    expect_reals(compute(Op::ReduceMean, {x, ints({-1, 0})}, {{"keepdims", std::int64_t{0}}}), {3},
                 {7.5, 11.5, 15.5});
    expect_reals(compute(Op::ReduceMean, {x}), {1, 1, 1}, {11.5});
    expect_reals(
        compute(Op::ReduceMean, {ramp({2}), ints({})}, {{"noop_with_empty_axes", std::int64_t{1}}}),
        {2}, {0, 1});
    expect_reals(compute(Op::GlobalAveragePool, {ramp({1, 2, 2, 2})}), {1, 2, 1, 1}, {1.5, 5.5});
}

TEST(Reference, SoftmaxAlongAnyAxis) {
    const Buffer x = reals({2, 2}, {0, std::log(3.0f), 1000, 1000});
    expect_reals(compute(Op::Softmax, {x}), {2, 2}, {0.25, 0.75, 0.5, 0.5});
    const Buffer y = reals({2, 2}, {1, 2, 1 + std::log(4.0f), 2});
    expect_reals(compute(Op::Softmax, {y}, {{"axis", std::int64_t{0}}}), {2, 2},
                 {0.2f, 0.5, 0.8f, 0.5});
}

Reals resized(const Reals& line, std::int64_t size, const char* mode, const char* coordinates,
              const char* rounding = "round_prefer_floor") {
    const auto width = static_cast<std::int64_t>(line.size());
    return values(compute(
        Op::Resize, {reals({1, 1, 1, width}, line), Buffer(), Buffer(), ints({1, 1, 1, size})},
        {{"mode", std::string(mode)},
         {"coordinate_transformation_mode", std::string(coordinates)},
         {"nearest_mode", std::string(rounding)}}));
}

TEST(Reference, ResizeNearestRoundsAsNamed) {
    const Reals line = {0, 1, 2};
    // x / 2: 0, 0.5, 1, 1.5, 2, 2.5
    EXPECT_THAT(resized(line, 6, "nearest", "asymmetric", "floor"), ElementsAre(0, 0, 1, 1, 2, 2));
    EXPECT_THAT(resized(line, 6, "nearest", "asymmetric", "ceil"), ElementsAre(0, 1, 1, 2, 2, 2));
    EXPECT_THAT(resized(line, 6, "nearest", "asymmetric", "round_prefer_floor"),
                ElementsAre(0, 0, 1, 1, 2, 2));
    EXPECT_THAT(resized(line, 6, "nearest", "asymmetric", "round_prefer_ceil"),
                ElementsAre(0, 1, 1, 2, 2, 2));
    // -0.25, 0.25, 0.75, 1.25, 1.75, 2.25
    EXPECT_THAT(resized(line, 6, "nearest", "half_pixel"), ElementsAre(0, 0, 1, 1, 2, 2));
    EXPECT_THAT(resized(line, 2, "nearest", "align_corners"), ElementsAre(0, 2));
    EXPECT_THAT(resized(line, 1, "nearest", "half_pixel", "round_prefer_ceil"), ElementsAre(1));
    EXPECT_THAT(resized(line, 1, "nearest", "pytorch_half_pixel"), ElementsAre(0));
    // 2 * 7 / 4 = 3.5 is a tie although the scale, 4 / 7, is not a float.
    const Reals seven = {0, 1, 2, 3, 4, 5, 6};
    EXPECT_THAT(resized(seven, 4, "nearest", "asymmetric", "round_prefer_ceil"),
                ElementsAre(0, 2, 4, 5));
    EXPECT_THAT(resized(seven, 4, "nearest", "asymmetric", "round_prefer_floor"),
                ElementsAre(0, 2, 3, 5));
}

TEST(Reference, ResizeLinearKeepsARampARamp) {
    const Reals line = {0, 1, 2, 3};
    EXPECT_THAT(resized(line, 7, "linear", "align_corners"),
                Pointwise(testing::FloatNear(1e-6f), Reals{0, 0.5, 1, 1.5, 2, 2.5, 3}));
    EXPECT_THAT(
        resized(line, 8, "linear", "half_pixel"),
        Pointwise(testing::FloatNear(1e-6f), Reals{0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3}));
    EXPECT_THAT(resized(line, 8, "linear", "asymmetric"),
                Pointwise(testing::FloatNear(1e-6f), Reals{0, 0.5, 1, 1.5, 2, 2.5, 3, 3}));
    EXPECT_THAT(resized(line, 2, "linear", "half_pixel"),
                Pointwise(testing::FloatNear(1e-6f), Reals{0.5, 2.5}));
}

TEST(Reference, ResizeByScalesInTwoDirections) {
    const Buffer x = reals({1, 1, 2, 2}, {1, 2, 3, 4});
    const Buffer y =
        compute(Op::Resize, {x, Buffer(), reals({4}, {1, 1, 2, 3})},
                {{"coordinate_transformation_mode", "asymmetric"}, {"nearest_mode", "floor"}});
    expect_reals(y, {1, 1, 4, 6}, {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2,  //
                                   3, 3, 3, 4, 4, 4, 3, 3, 3, 4, 4, 4});
    // Half-pixel: centred on the input although 2 * 1.4 is cut to 2.
    expect_reals(
        compute(Op::Resize, {reals({2}, {0, 1}), Buffer(), reals({1}, {1.4f})},
                {{"mode", "linear"}, {"coordinate_transformation_mode", "half_pixel_symmetric"}}),
        {2}, {0.5f - 0.5f / 1.4f, 0.5f + 0.5f / 1.4f});
}

TEST(Reference, PadModes) {
    const Buffer x = reals({3}, {1, 2, 3});
    const Buffer pads = ints({2, 3});
    EXPECT_THAT(values(compute(Op::Pad, {x, pads})), ElementsAre(0, 0, 1, 2, 3, 0, 0, 0));
    EXPECT_THAT(values(compute(Op::Pad, {x, pads, reals({}, {9})})),
                ElementsAre(9, 9, 1, 2, 3, 9, 9, 9));
    EXPECT_THAT(values(compute(Op::Pad, {x, pads}, {{"mode", "edge"}})),
                ElementsAre(1, 1, 1, 2, 3, 3, 3, 3));
    EXPECT_THAT(values(compute(Op::Pad, {x, ints({2, 2})}, {{"mode", "reflect"}})),
                ElementsAre(3, 2, 1, 2, 3, 2, 1));
    EXPECT_THAT(values(compute(Op::Pad, {x, ints({-1, 1})})), ElementsAre(2, 3, 0));
    expect_reals(compute(Op::Pad, {ramp({1, 2}), ints({1, 0}), Buffer(), ints({-2})}), {2, 2},
                 {0, 0, 0, 1});
}

TEST(Reference, SlicesGoBothWays) {
    const Buffer x = ramp({2, 5});
    const auto slice = [&](const Ints& starts, const Ints& ends, const Ints& axes,
                           const Ints& steps) {
        return compute(Op::Slice, {x, ints(starts), ints(ends), ints(axes), ints(steps)});
    };
    expect_reals(slice({1}, {99}, {1}, {2}), {2, 2}, {1, 3, 6, 8});
    expect_reals(slice({-1}, {-99}, {-1}, {-2}), {2, 3}, {4, 2, 0, 9, 7, 5});
    expect_reals(slice({1, 2}, {2, 4}, {0, 1}, {1, 1}), {1, 2}, {7, 8});
    expect_reals(compute(Op::Slice, {x, ints({1}), ints({2})}), {1, 5}, {5, 6, 7, 8, 9});
}

TEST(Reference, ConcatUndoesSplit) {
    const Buffer x = ramp({2, 5, 3});
    const std::vector<Buffer> parts =
        evaluate(Op::Split, {x, ints({1, 3, 1})}, {{"axis", std::int64_t{1}}}, 3);
    expect_reals(parts[2], {2, 1, 3}, {12, 13, 14, 27, 28, 29});
    EXPECT_EQ(values(compute(Op::Concat, parts, {{"axis", std::int64_t{-2}}})), values(x));
    const std::vector<Buffer> uneven =
        evaluate(Op::Split, {ramp({5})}, {{"num_outputs", std::int64_t{2}}}, 2);
    EXPECT_THAT(values(uneven[0]), ElementsAre(0, 1, 2));
    EXPECT_THAT(values(uneven[1]), ElementsAre(3, 4));
    EXPECT_THAT(error_of(Op::Concat, {ramp({2, 2}), ramp({3, 2})}, {{"axis", std::int64_t{1}}}),
                HasSubstr("'the node' (Concat): 'x1'"));
}

TEST(Reference, ElementsMoveWhereTheyShould) {
    const Buffer x = ramp({2, 3});
    expect_reals(compute(Op::Transpose, {x}), {3, 2}, {0, 3, 1, 4, 2, 5});
    const Buffer y = compute(Op::Transpose, {ramp({2, 3, 4})}, {{"perm", Ints{1, 2, 0}}});
    EXPECT_EQ(y.dims(), (Dims{3, 4, 2}));
    EXPECT_EQ(y.f32()[(2 * 4 + 1) * 2 + 1], 1 * 12 + 2 * 4 + 1);
    expect_reals(compute(Op::Gather, {x, ints({2, -3})}, {{"axis", std::int64_t{1}}}), {2, 2},
                 {2, 0, 5, 3});
    const Buffer scalar = buffer_of(model::Tensor::scalar(std::int64_t{1}));
    expect_reals(compute(Op::Gather, {x, scalar}), {3}, {3, 4, 5});
    EXPECT_THAT(error_of(Op::Gather, {x, ints({2})}), HasSubstr("index 2 into an axis of 2"));
}

TEST(Reference, ExtentsChangeAndElementsStay) {
    const Buffer x = ramp({1, 2, 1, 3});
    EXPECT_EQ(compute(Op::Squeeze, {x}).dims(), (Dims{2, 3}));
    EXPECT_EQ(compute(Op::Squeeze, {x, ints({-2})}).dims(), (Dims{1, 2, 3}));
    EXPECT_EQ(compute(Op::Unsqueeze, {ramp({2}), ints({0, -1})}).dims(), (Dims{1, 2, 1}));
    EXPECT_EQ(compute(Op::Flatten, {x}, {{"axis", std::int64_t{2}}}).dims(), (Dims{2, 3}));
    expect_reals(compute(Op::Reshape, {x, ints({3, -1})}), {3, 2}, {0, 1, 2, 3, 4, 5});
    EXPECT_EQ(compute(Op::Reshape, {x, ints({0, 0, -1})}).dims(), (Dims{1, 2, 3}));
    EXPECT_THAT(error_of(Op::Reshape, {x, ints({4, -1})}), HasSubstr("'the node' (Reshape)"));
}

TEST(Reference, ExtentsAsValues) {
    const Buffer x = ramp({4, 5, 6});
    EXPECT_THAT(integers(compute(Op::Shape, {x})), ElementsAre(4, 5, 6));
    EXPECT_THAT(
        integers(compute(Op::Shape, {x}, {{"start", std::int64_t{-2}}, {"end", std::int64_t{2}}})),
        ElementsAre(5));
    expect_reals(compute(Op::ConstantOfShape, {ints({2, 2})}), {2, 2}, {0, 0, 0, 0});
    const Attributes seven = {{"value", model::Tensor::of({1}, Ints{7})}};
    EXPECT_THAT(integers(compute(Op::ConstantOfShape, {ints({3})}, seven)), ElementsAre(7, 7, 7));
    EXPECT_THAT(integers(compute(Op::Constant, {}, seven)), ElementsAre(7));
    EXPECT_THAT(integers(compute(Op::Cast, {reals({3}, {-1.7f, 0.2f, 2.9f})},
                                 {{"to", model::onnx_type_number(DataType::i64)}})),
                ElementsAre(-1, 0, 2));
}

TEST(Reference, Products) {
    const Buffer a = reals({2, 3}, {1, 2, 3, 4, 5, 6});
    const Buffer b = reals({3, 2}, {1, 10, 2, 20, 3, 30});
    expect_reals(compute(Op::MatMul, {a, b}), {2, 2}, {14, 140, 32, 320});
    expect_reals(compute(Op::MatMul, {reals({3}, {1, 1, 1}), b}), {2}, {6, 60});
    expect_reals(compute(Op::MatMul, {a, reals({3}, {1, 0, 1})}), {2}, {4, 10});
    const Buffer batch = compute(Op::MatMul, {ramp({2, 1, 2, 3}), ramp({4, 3, 1})});
    EXPECT_EQ(batch.dims(), (Dims{2, 4, 2, 1}));
    EXPECT_EQ(batch.f32()[(1 * 4 + 3) * 2 + 1], 9 * 9 + 10 * 10 + 11 * 11);
    const Attributes attributes = {
        {"alpha", 2.0f}, {"beta", 0.5f}, {"transA", std::int64_t{1}}, {"transB", std::int64_t{1}}};
    const Buffer a_transposed = compute(Op::Transpose, {a});
    const Buffer b_transposed = compute(Op::Transpose, {b});
    expect_reals(compute(Op::Gemm, {a_transposed, b_transposed, reals({2, 1}, {2, 4})}, attributes),
                 {2, 2}, {29, 281, 66, 642});
}

/// ONNX: the odd element of the padding comes first, except with SAME_UPPER.
TEST(Reference, OutputShapeOfConvTransposePutsTheOddPixelFirst) {
    const Buffer x = reals({1, 1, 1, 2}, {1, 2});
    const Buffer weight = reals({1, 1, 1, 3}, {1, 10, 100});
    // With stride 2 all there is is 1 10 102 20 200; four of it are asked for.
    const auto transposed = [&](Attributes attributes) {
        attributes["strides"] = Ints{1, 2};
        return values(compute(Op::ConvTranspose, {x, weight}, std::move(attributes)));
    };
    EXPECT_THAT(transposed({{"output_shape", Ints{1, 4}}}), ElementsAre(10, 102, 20, 200));
    EXPECT_THAT(transposed({{"output_shape", Ints{1, 4}}, {"auto_pad", "SAME_LOWER"}}),
                ElementsAre(10, 102, 20, 200));
    EXPECT_THAT(transposed({{"output_shape", Ints{1, 4}}, {"auto_pad", "SAME_UPPER"}}),
                ElementsAre(1, 10, 102, 20));
}

TEST(Reference, MoreFunctionsOfOneNumber) {
    const Buffer x = reals({4}, {-2.5, -0.5, 0.5, 1.5});
    expect_reals(compute(Op::Abs, {x}), {4}, {2.5, 0.5, 0.5, 1.5});
    expect_reals(compute(Op::Neg, {x}), {4}, {2.5, 0.5, -0.5, -1.5});
    expect_reals(compute(Op::Floor, {x}), {4}, {-3, -1, 0, 1});
    expect_reals(compute(Op::Ceil, {x}), {4}, {-2, 0, 1, 2});
    expect_reals(compute(Op::Round, {x}), {4}, {-2, 0, 0, 2});
    expect_reals(compute(Op::Elu, {x}, {{"alpha", 2.0f}}), {4},
                 {-1.83583f, -0.78693868f, 0.5, 1.5});
    expect_reals(compute(Op::Softplus, {x}), {4},
                 {0.07888974f, 0.47407698f, 0.97407698f, 1.7014133f});
    expect_reals(compute(Op::Mish, {x}), {4},
                 {-0.1968162f, -0.22074377f, 0.37524521f, 1.40337827f});
    expect_reals(compute(Op::Tanh, {x}), {4},
                 {-0.9866143f, -0.46211716f, 0.46211716f, 0.90514825f});
    EXPECT_THAT(integers(compute(Op::Abs, {ints({-3, 4})})), ElementsAre(3, 4));
}

TEST(Reference, FunctionsOfSeveralNumbers) {
    const Buffer x = reals({2, 2}, {1, -2, 3, -4});
    expect_reals(compute(Op::Max, {x, reals({2}, {0, -3}), reals({}, {2})}), {2, 2}, {2, 2, 3, 2});
    expect_reals(compute(Op::Min, {x, reals({2, 1}, {0, 2})}), {2, 2}, {0, -2, 2, -4});
    expect_reals(compute(Op::PRelu, {x, reals({2}, {10, 0.5f})}), {2, 2}, {1, -1, 3, -2});
    const Buffer greater = compute(Op::Greater, {x, reals({}, {1})});
    EXPECT_EQ(greater.type(), DataType::boolean);
    expect_reals(compute(Op::Where, {greater, x, reals({1, 2}, {7, 8})}), {2, 2}, {7, 8, 3, 8});
    const Buffer less = compute(Op::Less, {x, reals({}, {0})});
    const auto number = [](const Buffer& boolean) {
        return compute(Op::Cast, {boolean}, {{"to", std::int64_t{1}}});
    };
    expect_reals(number(compute(Op::Not, {less})), {2, 2}, {1, 0, 1, 0});
    expect_reals(number(compute(Op::Or, {less, greater})), {2, 2}, {0, 1, 1, 1});
    expect_reals(number(compute(Op::And, {less, greater})), {2, 2}, {0, 0, 0, 0});
    expect_reals(number(compute(Op::Equal, {ints({1, 2, 3}), ints({3, 2, 1})})), {3}, {0, 1, 0});
    expect_reals(compute(Op::Expand, {reals({2, 1}, {1, 2}), ints({2, 1, 3})}), {2, 2, 3},
                 {1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2});
}

TEST(Reference, Reductions) {
    const Buffer x = reals({2, 3}, {1, 5, -2, 4, 0, 7});
    const Buffer rows = ints({1});
    expect_reals(compute(Op::ReduceMax, {x, rows}), {2, 1}, {5, 7});
    expect_reals(compute(Op::ReduceMin, {x, ints({0})}, {{"keepdims", std::int64_t{0}}}), {3},
                 {1, 0, -2});
    expect_reals(compute(Op::ReduceSum, {x, rows}), {2, 1}, {4, 11});
    EXPECT_THAT(integers(compute(Op::ReduceSum, {ints({2, 3, 4})})), ElementsAre(9));
}

TEST(Reference, DepthToSpaceInBothOrders) {
    const Buffer x = ramp({1, 8, 1, 1});
    const auto shuffled = [&](const char* mode) {
        return compute(Op::DepthToSpace, {x},
                       {{"blocksize", std::int64_t{2}}, {"mode", std::string(mode)}});
    };
    expect_reals(shuffled("DCR"), {1, 2, 2, 2}, {0, 2, 4, 6, 1, 3, 5, 7});
    expect_reals(shuffled("CRD"), {1, 2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
}

TEST(Reference, NormalisationsOfRows) {
    // Mean 2, variance 8/3.
    const Buffer x = reals({1, 1, 3}, {0, 2, 4});
    const float unit = 1.2247449f;
    expect_reals(compute(Op::InstanceNormalization, {x, reals({1}, {2}), reals({1}, {1})},
                         {{"epsilon", 0.0f}}),
                 {1, 1, 3}, {1 - 2 * unit, 1, 1 + 2 * unit});
    expect_reals(compute(Op::LayerNormalization, {x, reals({3}, {1, 2, 3}), reals({3}, {0, 5, 0})},
                         {{"epsilon", 0.0f}}),
                 {1, 1, 3}, {-unit, 5, 3 * unit});
}

TEST(Reference, QuantisationRoundsHalvesToEvenAndSaturates) {
    const Buffer x = reals({5}, {0.25, 0.75, -0.25, 1000, -1000});
    const Buffer scale = reals({}, {0.5});
    const Buffer zero = buffer_of(model::Tensor::scalar(3.0f).cast(DataType::u8));
    const Buffer q = compute(Op::QuantizeLinear, {x, scale, zero});
    EXPECT_EQ(q.type(), DataType::u8);
    expect_reals(compute(Op::DequantizeLinear, {q, scale, zero}), {5}, {0, 1, 0, 126, -1.5});
    const Buffer rows =
        compute(Op::QuantizeLinear, {reals({1, 2}, {1, 1}), reals({2}, {0.5, 0.25})});
    expect_reals(compute(Op::DequantizeLinear, {rows, reals({2}, {1, 1})}), {1, 2}, {2, 4});
}

TEST(Reference, DeformConvWithoutOffsetsIsConv) {
    for (const Grid& grid : kGrids) {
        const Buffer x = random(7, {2, 4, 7, 9});
        const Buffer weight = random(8, weight_dims(grid));
        const Buffer expected = compute(Op::Conv, {x, weight}, attributes_of(grid));
        Dims offsets = expected.dims();
        offsets[1] = 12;
        Buffer none = Buffer::host(DataType::f32, offsets);
        std::ranges::fill(none.f32(), 0.0f);
        expect_reals(compute(Op::DeformConv, {x, weight, none}, attributes_of(grid)),
                     expected.dims(), values(expected));
    }
}

TEST(Reference, DeformConvReadsBetweenPixelsAndWeighs) {
    const Buffer x = reals({1, 1, 2, 2}, {1, 2, 3, 4});
    const Buffer weight = reals({1, 1, 1, 1}, {10});
    // Down by a half, to the right by a quarter, at every pixel.
    const Buffer offsets =
        reals({1, 2, 2, 2}, {0.5f, 0.5f, 0.5f, 0.5f, 0.25f, 0.25f, 0.25f, 0.25f});
    const Buffer masks = reals({1, 1, 2, 2}, {1, 1, 0.5f, 0});
    const Buffer bias = reals({1}, {1});
    expect_reals(compute(Op::DeformConv, {x, weight, offsets, bias, masks}), {1, 1, 2, 2},
                 {23.5, 23.5, 9.125, 1});
}

TEST(Reference, CubicResizePassesThroughThePixels) {
    const Buffer x = reals({1, 1, 1, 4}, {1, 3, 2, 5});
    const auto resized = [&](float scale, const char* coordinates) {
        return values(
            compute(Op::Resize, {x, Buffer(), reals({4}, {1, 1, 1, scale})},
                    {{"mode", "cubic"}, {"coordinate_transformation_mode", coordinates}}));
    };
    EXPECT_THAT(resized(1, "half_pixel"), ElementsAre(1, 3, 2, 5));
    const Reals twice = resized(2, "asymmetric");
    EXPECT_FLOAT_EQ(twice[2], 3);
    // Keys' weights at a half with a = -0.75: -0.09375, 0.59375, 0.59375, -0.09375.
    EXPECT_NEAR(twice[3], 0.59375 * (3 + 2) - 0.09375 * (1 + 5), 1e-5);
}

TEST(Reference, RefusesWhatDoesNotFit) {
    const Buffer x = ramp({1, 2, 3, 3});
    EXPECT_THAT(error_of(Op::Conv, {x, ramp({4, 3, 1, 1})}), HasSubstr("'the node' (Conv)"));
    EXPECT_THAT(error_of(Op::Conv, {x, ramp({4, 2, 1, 1}), ramp({3})}), HasSubstr("bias"));
    EXPECT_THAT(error_of(Op::BatchNormalization, {x, ramp({2}), ramp({3}), ramp({2}), ramp({2})}),
                HasSubstr("expected one number per channel: [2]"));
    EXPECT_THAT(error_of(Op::Add, {x, ints({1})}), HasSubstr("has type i64"));
    EXPECT_THAT(error_of(Op::Sigmoid, {ints({1})}), HasSubstr("no arithmetic on i64"));
    EXPECT_THAT(error_of(Op::Relu, {ramp(Dims(9, 1))}), HasSubstr("9 dimensions"));
    EXPECT_THAT(error_of(Op::Gemm, {ramp({2, 2}), ramp({2, 2}), ramp({3})}),
                HasSubstr("'the node' (Gemm)"));
}

TEST(Reference, RandomGraphsHaveEveryOperatorAndRun) {
    std::set<Op> seen;
    for (const test::GraphKind& kind : test::operator_kinds())
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const test::GraphCase graph_case = test::random_graph(kind, seed);
            SCOPED_TRACE(test::describe(graph_case));
            const Backend& backend = reference_backend();
            const auto executable = backend.compile(graph_case.graph);
            const auto context = backend.create_context(1);
            for (const Buffer& output : backend.run(*executable, *context, graph_case.inputs)) {
                if (output.type() != DataType::f32) continue;
                for (const float value : output.f32()) ASSERT_TRUE(std::isfinite(value));
            }
            for (const model::Node& node : graph_case.graph.nodes) seen.insert(node.op);
        }
    EXPECT_EQ(seen.size(), model::operators().size());
}

}  // namespace
}  // namespace dbnet::engine
