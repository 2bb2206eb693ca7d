#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "model/attributes.hpp"
#include "model/shape_inference.hpp"

namespace dbnet::model {
namespace {

using testing::HasSubstr;
using Attributes = std::map<std::string, Attribute>;
using Integer = std::int64_t;

/// Builds graphs whose inputs are f32 values of given extents.
struct Builder {
    Graph graph;

    std::string input(const Dims& dims, DataType type = DataType::f32) {
        graph.inputs.push_back({core::concat("x", graph.inputs.size()), type, dims});
        return graph.inputs.back().name;
    }
    std::string constant(Tensor tensor) {
        const std::string name = core::concat("c", graph.parameters.size());
        graph.parameters[name] = std::move(tensor);
        return name;
    }
    std::string integers(const std::vector<Integer>& values) {
        return constant(Tensor::of({static_cast<Integer>(values.size())}, values));
    }
    std::string reals(const std::vector<float>& values) {
        return constant(Tensor::of({static_cast<Integer>(values.size())}, values));
    }
    std::string add(Op op, const std::vector<std::string>& inputs,
                    const Attributes& attributes = {}) {
        return graph.add(op, core::concat("n", graph.nodes.size()), inputs, attributes);
    }
    InferredValue infer() { return infer_shapes(graph).at(graph.nodes.back().outputs[0]); }
};

/// Extents of the output of one node over f32 inputs of given extents.
Dims shape(Op op, const std::vector<Dims>& inputs, const Attributes& attributes = {}) {
    Builder builder;
    std::vector<std::string> names;
    for (const Dims& dims : inputs) names.push_back(builder.input(dims));
    builder.add(op, names, attributes);
    return builder.infer().dims;
}

/// As above with integer lists for the further inputs; an empty list is an input left out.
Dims shape_with(Op op, const Dims& input, const std::vector<std::vector<Integer>>& lists,
                const Attributes& attributes = {}) {
    Builder builder;
    std::vector<std::string> names = {builder.input(input)};
    for (const auto& list : lists) names.push_back(list.empty() ? "" : builder.integers(list));
    builder.add(op, names, attributes);
    return builder.infer().dims;
}

template <typename Run>
std::string message_of(Run run) {
    try {
        run();
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

TEST(ShapeInference, Convolution) {
    const Dims image = {2, 3, 33, 47};
    EXPECT_EQ(shape(Op::Conv, {image, {8, 3, 3, 3}}), (Dims{2, 8, 31, 45}));
    EXPECT_EQ(shape(Op::Conv, {image, {8, 3, 3, 3}, {8}},
                    {{"strides", Dims{2, 2}}, {"pads", Dims{1, 1, 1, 1}}}),
              (Dims{2, 8, 17, 24}));
    EXPECT_EQ(shape(Op::Conv, {image, {8, 3, 3, 5}},
                    {{"dilations", Dims{2, 3}}, {"pads", Dims{0, 1, 2, 3}}}),
              (Dims{2, 8, 33 + 2 - 4, 47 + 4 - 12}));
    EXPECT_EQ(shape(Op::Conv, {image, {6, 1, 1, 1}}, {{"group", Integer{3}}}),
              (Dims{2, 6, 33, 47}));
    EXPECT_EQ(shape(Op::Conv, {{1, 3, 10}, {4, 3, 3}}), (Dims{1, 4, 8}));
}

TEST(ShapeInference, AutoPad) {
    for (const char* same : {"SAME_UPPER", "SAME_LOWER"})
        EXPECT_EQ(shape(Op::Conv, {{1, 3, 33, 48}, {8, 3, 3, 4}},
                        {{"auto_pad", same}, {"strides", Dims{2, 3}}}),
                  (Dims{1, 8, 17, 16}));
    EXPECT_EQ(shape(Op::Conv, {{1, 3, 33, 48}, {8, 3, 3, 3}},
                    {{"auto_pad", "VALID"}, {"strides", Dims{2, 2}}}),
              (Dims{1, 8, 16, 23}));
    EXPECT_EQ(
        shape(Op::MaxPool, {{1, 3, 7, 8}},
              {{"auto_pad", "SAME_UPPER"}, {"kernel_shape", Dims{2, 2}}, {"strides", Dims{2, 2}}}),
        (Dims{1, 3, 4, 4}));
    EXPECT_EQ(shape(Op::ConvTranspose, {{1, 3, 7, 8}, {3, 4, 3, 3}},
                    {{"auto_pad", "SAME_LOWER"}, {"strides", Dims{2, 2}}}),
              (Dims{1, 4, 14, 16}));
}

TEST(Attributes, AutoPadPutsTheOddElementWhereItsNameSays) {
    Node node{"n", Op::Conv, {}, {}, {{"auto_pad", "SAME_UPPER"}, {"strides", Dims{2, 2}}}};
    // Height 6: (3 - 1) * 2 + 3 - 6 = 1 element; width 7: (4 - 1) * 2 + 3 - 7 = 2 elements.
    Window window = conv_attributes(node, {1, 1, 6, 7}, {1, 1, 3, 3}).window;
    EXPECT_EQ(window.pads_begin, (Dims{0, 1}));
    EXPECT_EQ(window.pads_end, (Dims{1, 1}));
    node.attributes["auto_pad"] = "SAME_LOWER";
    window = conv_attributes(node, {1, 1, 6, 7}, {1, 1, 3, 3}).window;
    EXPECT_EQ(window.pads_begin, (Dims{1, 1}));
    EXPECT_EQ(window.pads_end, (Dims{0, 1}));
    window = conv_attributes(node, {1, 1, -1, 7}, {1, 1, 3, 3}).window;
    EXPECT_EQ(window.output, (Dims{-1, 4}));
    EXPECT_EQ(window.pads_begin, (Dims{-1, 1}));
}

TEST(ShapeInference, TransposedConvolution) {
    const Dims input = {1, 4, 5, 6};
    EXPECT_EQ(shape(Op::ConvTranspose, {input, {4, 3, 2, 2}}, {{"strides", Dims{2, 2}}}),
              (Dims{1, 3, 10, 12}));
    EXPECT_EQ(
        shape(
            Op::ConvTranspose, {input, {4, 3, 3, 3}},
            {{"strides", Dims{2, 2}}, {"pads", Dims{1, 1, 1, 1}}, {"output_padding", Dims{1, 0}}}),
        (Dims{1, 3, 10, 11}));
    EXPECT_EQ(shape(Op::ConvTranspose, {input, {4, 3, 3, 3}, {6}}, {{"group", Integer{2}}}),
              (Dims{1, 6, 7, 8}));
    EXPECT_EQ(shape(Op::ConvTranspose, {input, {4, 3, 3, 3}},
                    {{"strides", Dims{2, 2}}, {"output_shape", Dims{10, 12}}}),
              (Dims{1, 3, 10, 12}));
}

TEST(ShapeInference, Pools) {
    const Attributes kernel = {{"kernel_shape", Dims{3, 3}}, {"strides", Dims{2, 2}}};
    EXPECT_EQ(shape(Op::MaxPool, {{1, 2, 8, 9}}, kernel), (Dims{1, 2, 3, 4}));
    Attributes ceil = kernel;
    ceil["ceil_mode"] = Integer{1};
    EXPECT_EQ(shape(Op::AveragePool, {{1, 2, 8, 9}}, ceil), (Dims{1, 2, 4, 4}));
    // A third window would start in the padding at the end.
    ceil = {{"kernel_shape", Dims{1, 1}}, {"strides", Dims{2, 2}}, {"ceil_mode", Integer{1}}};
    EXPECT_EQ(shape(Op::MaxPool, {{1, 2, 4, 5}}, ceil), (Dims{1, 2, 2, 3}));
    Attributes dilated = kernel;
    dilated["dilations"] = Dims{2, 3};
    EXPECT_EQ(shape(Op::MaxPool, {{1, 2, 8, 9}}, dilated), (Dims{1, 2, 2, 2}));
    EXPECT_EQ(shape(Op::GlobalAveragePool, {{1, 2, 8, 9}}), (Dims{1, 2, 1, 1}));
}

TEST(ShapeInference, Elementwise) {
    EXPECT_EQ(shape(Op::Add, {{2, 3, 1}, {5}}), (Dims{2, 3, 5}));
    EXPECT_EQ(shape(Op::Mul, {{4, 1, 6}, {3, 1}}), (Dims{4, 3, 6}));
    EXPECT_EQ(shape(Op::Sub, {{-1, 3}, {1, 3}}), (Dims{-1, 3}));
    EXPECT_EQ(shape(Op::Div, {{-1, 3}, {7, 3}}), (Dims{7, 3}));
    EXPECT_EQ(shape(Op::HardSwish, {{2, 3}}), (Dims{2, 3}));
    EXPECT_EQ(shape(Op::Erf, {{2, 3}}), (Dims{2, 3}));
    EXPECT_EQ(shape(Op::Gelu, {{2, 3}}), (Dims{2, 3}));
    EXPECT_EQ(shape(Op::Clip, {{2, 3}, {}}), (Dims{2, 3}));
}

TEST(ShapeInference, MoreOperators) {
    EXPECT_EQ(shape(Op::Max, {{2, 1}, {3}, {1, 1}}), (Dims{2, 3}));
    EXPECT_EQ(shape(Op::PRelu, {{2, 3, 4, 4}, {3, 1, 1}}), (Dims{2, 3, 4, 4}));
    EXPECT_EQ(shape(Op::DepthToSpace, {{1, 8, -1, 3}}, {{"blocksize", std::int64_t{2}}}),
              (Dims{1, 2, -1, 6}));
    EXPECT_EQ(shape(Op::InstanceNormalization, {{1, 3, 4}, {3}, {3}}), (Dims{1, 3, 4}));
    EXPECT_EQ(shape(Op::LayerNormalization, {{1, 3, 4}, {4}, {4}}), (Dims{1, 3, 4}));
    EXPECT_EQ(shape(Op::DeformConv, {{1, 4, 8, 8}, {6, 4, 3, 3}, {1, 18, 6, 6}}),
              (Dims{1, 6, 6, 6}));
    EXPECT_THAT(
        [] {
            shape(Op::DeformConv, {{1, 4, 8, 8}, {6, 4, 3, 3}, {1, 18, 5, 6}});
        },
        testing::Throws<Error>());
}

TEST(ShapeInference, Products) {
    EXPECT_EQ(shape(Op::MatMul, {{2, 1, 3, 4}, {5, 4, 6}}), (Dims{2, 5, 3, 6}));
    EXPECT_EQ(shape(Op::MatMul, {{4}, {4, 6}}), (Dims{6}));
    EXPECT_EQ(shape(Op::MatMul, {{3, 4}, {4}}), (Dims{3}));
    EXPECT_EQ(
        shape(Op::Gemm, {{4, 3}, {5, 4}, {5}}, {{"transA", Integer{1}}, {"transB", Integer{1}}}),
        (Dims{3, 5}));
}

TEST(ShapeInference, Layout) {
    EXPECT_EQ(shape(Op::Concat, {{1, 2, 3}, {1, 5, 3}}, {{"axis", Integer{-2}}}), (Dims{1, 7, 3}));
    EXPECT_EQ(shape(Op::Concat, {{-1, 2}, {4, -1}}, {{"axis", Integer{1}}}), (Dims{4, -1}));
    EXPECT_EQ(shape(Op::Transpose, {{1, 2, 3}}), (Dims{3, 2, 1}));
    EXPECT_EQ(shape(Op::Transpose, {{1, 2, 3}}, {{"perm", Dims{1, 0, 2}}}), (Dims{2, 1, 3}));
    EXPECT_EQ(shape(Op::Flatten, {{2, 3, 4}}), (Dims{2, 12}));
    EXPECT_EQ(shape(Op::Flatten, {{2, 3, 4}}, {{"axis", Integer{-1}}}), (Dims{6, 4}));
    EXPECT_EQ(shape(Op::Flatten, {{2, 3, 4}}, {{"axis", Integer{0}}}), (Dims{1, 24}));
    EXPECT_EQ(shape_with(Op::Squeeze, {1, 2, 1}, {}), (Dims{2}));
    EXPECT_EQ(shape_with(Op::Squeeze, {1, 2, 1}, {{-1}}), (Dims{1, 2}));
    EXPECT_EQ(shape_with(Op::Unsqueeze, {2, 3}, {{0, -1}}), (Dims{1, 2, 3, 1}));
}

TEST(ShapeInference, Reshape) {
    EXPECT_EQ(shape_with(Op::Reshape, {2, 3, 4}, {{0, -1}}), (Dims{2, 12}));
    EXPECT_EQ(shape_with(Op::Reshape, {2, 3, 4}, {{4, 6}}), (Dims{4, 6}));
    // What a zero copies need not be known.
    EXPECT_EQ(shape_with(Op::Reshape, {-1, 96, 1, 1}, {{0, -1}}), (Dims{-1, 96}));
    EXPECT_EQ(shape_with(Op::Reshape, {-1, 3, 4}, {{-1, 12}}), (Dims{-1, 12}));
    EXPECT_THAT(message_of([] {
                    shape_with(Op::Reshape, {2, 3}, {{4, -1}});
                }),
                HasSubstr("node 'n0' (Reshape)"));
}

TEST(ShapeInference, SliceAndPad) {
    EXPECT_EQ(shape_with(Op::Slice, {10, 20}, {{2}, {-1}, {1}}), (Dims{10, 17}));
    EXPECT_EQ(shape_with(Op::Slice, {10, 20}, {{1, 0}, {100, 20}, {0, 1}, {3, 7}}), (Dims{3, 3}));
    const Integer lowest = std::numeric_limits<Integer>::min();
    EXPECT_EQ(shape_with(Op::Slice, {10}, {{-1}, {lowest}, {0}, {-1}}), (Dims{10}));
    EXPECT_EQ(shape_with(Op::Slice, {10}, {{-2}, {0}, {0}, {-4}}), (Dims{2}));
    EXPECT_EQ(shape_with(Op::Slice, {-1, 20}, {{0}, {5}, {0}}), (Dims{-1, 20}));
    EXPECT_EQ(shape_with(Op::Pad, {2, 3}, {{0, 1, 2, -1}}), (Dims{4, 3}));
    EXPECT_EQ(shape_with(Op::Pad, {2, 3}, {{4, 5}, {}, {-1}}), (Dims{2, 12}));
    EXPECT_THAT(message_of([] {
                    shape_with(Op::Pad, {2, 3}, {{0, 3, 0, 0}}, {{"mode", "reflect"}});
                }),
                HasSubstr("reflected"));
}

TEST(ShapeInference, SplitGivesEachOutputItsPart) {
    Builder builder;
    builder.input({2, 7});
    builder.graph.nodes.push_back({"split",
                                   Op::Split,
                                   {"x0"},
                                   {"a", "b", "c"},
                                   {{"axis", Integer{1}}, {"num_outputs", Integer{3}}}});
    const InferredValues values = infer_shapes(builder.graph);
    EXPECT_EQ(values.at("a").dims, (Dims{2, 3}));
    EXPECT_EQ(values.at("b").dims, (Dims{2, 3}));
    EXPECT_EQ(values.at("c").dims, (Dims{2, 1}));
}

TEST(ShapeInference, ReduceMean) {
    EXPECT_EQ(shape_with(Op::ReduceMean, {2, 3, 4}, {{-1, 0}}), (Dims{1, 3, 1}));
    EXPECT_EQ(shape_with(Op::ReduceMean, {2, 3, 4}, {{1}}, {{"keepdims", Integer{0}}}),
              (Dims{2, 4}));
    EXPECT_EQ(shape_with(Op::ReduceMean, {2, 3, 4}, {}), (Dims{1, 1, 1}));
    EXPECT_EQ(shape_with(Op::ReduceMean, {2, 3}, {}, {{"noop_with_empty_axes", Integer{1}}}),
              (Dims{2, 3}));
}

TEST(ShapeInference, Resize) {
    EXPECT_EQ(shape_with(Op::Resize, {1, 3, 10, 11}, {{}, {}, {1, 3, 20, 5}}), (Dims{1, 3, 20, 5}));
    EXPECT_EQ(shape_with(Op::Resize, {1, 3, 10, 11}, {{}, {}, {20, 5}}, {{"axes", Dims{2, 3}}}),
              (Dims{1, 3, 20, 5}));
    Builder builder;
    builder.add(Op::Resize, {builder.input({1, 3, 10, -1}), "", builder.reals({1, 1, 1.55f, 2})});
    EXPECT_EQ(builder.infer().dims, (Dims{1, 3, 15, -1}));
}

TEST(Attributes, ResizeScalesFollowFromSizes) {
    const Node node{"n", Op::Resize, {}, {}, {{"mode", "linear"}}};
    const auto attributes = resize_attributes(node, {1, 2, 4, 8}, {}, Dims{1, 2, 6, 4});
    EXPECT_THAT(attributes.scales, testing::ElementsAre(1.f, 1.f, 1.5f, 0.5f));
    EXPECT_EQ(attributes.mode, ResizeMode::linear);
    EXPECT_EQ(attributes.coordinates, ResizeCoordinates::half_pixel);
}

TEST(ShapeInference, GatherAndConstants) {
    Builder builder;
    const std::string table = builder.input({5, 6, 7});
    builder.add(Op::Gather, {table, builder.constant(Tensor::of({2, 3}, Dims(6, 0)))},
                {{"axis", Integer{1}}});
    EXPECT_EQ(builder.infer().dims, (Dims{5, 2, 3, 7}));

    Builder filled;
    filled.input({1});
    filled.add(Op::ConstantOfShape, {filled.integers({2, 3})},
               {{"value", Tensor::of({1}, Dims{4})}});
    EXPECT_EQ(filled.infer().dims, (Dims{2, 3}));
    EXPECT_EQ(filled.infer().type, DataType::i64);

    Builder constant;
    constant.input({1});
    constant.add(Op::Constant, {}, {{"value", Tensor::scalar(Integer{4})}});
    EXPECT_TRUE(constant.infer().is_constant);
}

/// The chain that PyTorch exports for F.interpolate(x, size=other.shape[2:]).
Graph size_from_shape(const Dims& image) {
    Builder b;
    const std::string x = b.input(image);
    const std::string coarse =
        b.add(Op::MaxPool, {x}, {{"kernel_shape", Dims{2, 2}}, {"strides", Dims{2, 2}}});
    const std::string head = b.add(
        Op::Slice, {b.add(Op::Shape, {coarse}), b.integers({0}), b.integers({2}), b.integers({0})});
    const std::string tail =
        b.add(Op::Slice, {b.add(Op::Shape, {x}), b.integers({2}),
                          b.integers({std::numeric_limits<Integer>::max()}), b.integers({0})});
    const std::string wide = b.add(Op::Cast, {tail}, {{"to", Integer{7}}});
    const std::string sizes = b.add(Op::Concat, {head, wide}, {{"axis", Integer{0}}});
    b.add(Op::Resize, {coarse, "", "", sizes}, {{"mode", "nearest"}});
    return b.graph;
}

TEST(ShapeInference, FollowsSizesThatAreComputed) {
    Graph graph = size_from_shape({-1, 3, -1, -1});
    const std::string last = graph.nodes.back().name;
    EXPECT_EQ(infer_shapes(graph).at(last).dims, (Dims{-1, 3, -1, -1}));
    EXPECT_EQ(infer_shapes(graph, {{2, 3, 33, 47}}).at(last).dims, (Dims{2, 3, 33, 47}));
    EXPECT_EQ(infer_shapes(graph, {{1, 3, 64, -1}}).at(last).dims, (Dims{1, 3, 64, -1}));
}

/// The chain of older exporters: scales as a quotient of extents.
TEST(ShapeInference, FollowsArithmeticOnExtents) {
    Builder b;
    const std::string x = b.input({1, 8, -1, 40});
    const std::string index = b.constant(Tensor::scalar(Integer{3}));
    const std::string width = b.add(Op::Gather, {b.add(Op::Shape, {x}), index});
    const std::string twice = b.add(Op::Mul, {width, b.constant(Tensor::scalar(Integer{2}))});
    const std::string wide = b.add(Op::Unsqueeze, {twice, b.integers({0})});
    const std::string real = b.add(Op::Cast, {wide}, {{"to", Integer{1}}});
    const std::string ratio = b.add(Op::Div, {real, b.reals({16})});
    const std::string ones = b.add(Op::ConstantOfShape, {b.integers({3})},
                                   {{"value", Tensor::of({1}, std::vector<float>{1})}});
    const std::string scales = b.add(Op::Concat, {ones, ratio}, {{"axis", Integer{0}}});
    b.add(Op::Resize, {x, "", scales});
    const InferredValues values = infer_shapes(b.graph);
    EXPECT_EQ(values.at(scales).constant, Tensor::of({4}, std::vector<float>{1, 1, 1, 5}));
    EXPECT_EQ(b.infer().dims, (Dims{1, 8, -1, 200}));
}

TEST(ShapeInference, SubtractionKeepsUnknownExtentsUnknown) {
    Builder b;
    const std::string x = b.input({-1, 4});
    const std::string less = b.add(Op::Sub, {b.add(Op::Shape, {x}), b.integers({0, 2})});
    b.add(Op::ConstantOfShape, {less});
    EXPECT_FALSE(infer_shapes(b.graph).at(less).is_constant);
    EXPECT_EQ(b.infer().dims, (Dims{-1, 2}));
}

TEST(ShapeInference, UnknownRanksTravelUntilTheInputIsKnown) {
    Builder b;
    const std::string x = b.input({-1, 3, -1});
    b.add(Op::Relu, {b.add(Op::Squeeze, {x})});
    EXPECT_FALSE(b.infer().has_rank);
    const auto values = infer_shapes(b.graph, {{1, 3, 5}});
    EXPECT_EQ(values.at(b.graph.nodes.back().name).dims, (Dims{3, 5}));
}

TEST(ShapeInference, RefusesShapesThatOnlyARunCanKnow) {
    Builder b;
    const std::string x = b.input({4});
    b.add(Op::Reshape, {x, b.add(Op::Cast, {b.input({1})}, {{"to", Integer{7}}})});
    EXPECT_THAT(message_of([&] { b.infer(); }), HasSubstr("node 'n1' (Reshape)"));
}

TEST(ShapeInference, RefusesWhatDoesNotFit) {
    const Dims image = {1, 3, 8, 8};
    const auto refused = [](Op op, const std::vector<Dims>& inputs, const Attributes& attributes,
                            const std::string& expected) {
        const std::string message = message_of([&] { shape(op, inputs, attributes); });
        EXPECT_THAT(message, HasSubstr("node 'n0' (" + std::string(to_string(op)) + ")"));
        EXPECT_THAT(message, HasSubstr(expected));
    };
    const Attributes none;
    refused(Op::Conv, {image, {8, 4, 3, 3}}, none, "channels");
    refused(Op::Conv, {image, {8, 3, 9, 9}}, none, "padded input has 8");
    refused(Op::Conv, {image, {8, 3, 3}}, none, "rank");
    refused(Op::Conv, {image, {8, 3, 3, 3}, {7}}, none, "input 2");
    refused(Op::Conv, {image, {8, 3, 3, 3}}, {{"strides", Dims{0, 1}}}, "strides");
    refused(Op::Conv, {image, {8, 3, 3, 3}}, {{"strides", Dims{1}}}, "strides");
    refused(Op::Conv, {image, {8, 3, 3, 3}}, {{"pads", Dims{-1, 0, 0, 0}}}, "pads");
    refused(Op::Conv, {image, {8, 1, 3, 3}}, {{"group", Integer{3}}}, "group");
    refused(Op::Conv, {image, {8, 3, 3, 3}}, {{"auto_pad", "SAME"}}, "SAME_UPPER");
    refused(Op::Conv, {image, {8, 3, 3, 3}}, {{"kernel_shape", Dims{3, 4}}}, "kernel_shape");
    refused(Op::ConvTranspose, {image, {3, 3, 3, 3}}, {{"output_padding", Dims{1, 1}}},
            "output_padding");
    refused(Op::ConvTranspose, {image, {3, 3, 3, 3}}, {{"pads", Dims{5, 5, 5, 5}}}, "nothing");
    refused(Op::MaxPool, {image}, none, "kernel_shape");
    refused(Op::MaxPool, {image}, {{"kernel_shape", Dims{2, 2}}, {"pads", Dims{2, 0, 0, 0}}},
            "pads");
    refused(Op::MaxPool, {{3, 4}}, {{"kernel_shape", Dims{2}}}, "spatial");
    refused(Op::Add, {{2, 3}, {4}}, none, "broadcast");
    refused(Op::MatMul, {{2, 3}, {4, 5}}, none, "multiplied");
    refused(Op::Gemm, {{2, 3}, {3, 5}, {2, 3}}, none, "broadcast");
    refused(Op::Concat, {{1, 2}, {1, 2, 3}}, {{"axis", Integer{1}}}, "ranks");
    refused(Op::Concat, {{1, 2}, {2, 2}}, {{"axis", Integer{1}}}, "joined");
    refused(Op::Concat, {{1, 2}}, none, "axis");
    refused(Op::Softmax, {{1, 2}}, {{"axis", Integer{2}}}, "axis");
    refused(Op::Transpose, {{1, 2}}, {{"perm", Dims{0, 0}}}, "twice");
    refused(Op::BatchNormalization, {image, {3}, {3}, {3}, {4}}, none, "input 4");
    refused(Op::Resize, {image}, none, "neither");
    refused(Op::Cast, {image}, {{"to", Integer{8}}}, "element type 8");
}

TEST(ShapeInference, RefusesWrongTypes) {
    Builder b;
    const std::string integers = b.input({1, 3, 8, 8}, DataType::i64);
    b.add(Op::Relu, {integers});
    EXPECT_THAT(message_of([&] { b.infer(); }), HasSubstr("has type i64"));
    Builder mixed;
    mixed.add(Op::Add, {mixed.input({1}), mixed.input({1}, DataType::i64)});
    EXPECT_THAT(message_of([&] { mixed.infer(); }), HasSubstr("types f32 and i64"));
}

TEST(ShapeInference, RefusesAbsurdSizes) {
    const Integer huge = Integer{1} << 30;
    const Attributes pads = {{"kernel_shape", Dims{1, 1}}};
    EXPECT_THAT(message_of([&] { shape(Op::Relu, {{huge, huge}}); }), HasSubstr("elements"));
    EXPECT_THAT(message_of([&] {
                    shape_with(Op::Pad, {2, 3}, {{0, 0, huge, huge}});
                }),
                HasSubstr("elements"));
    EXPECT_THAT(message_of([&] {
                    shape_with(Op::Slice, {2, 3}, {{1}, {1}, {0}});
                }),
                HasSubstr("nothing is left"));
    EXPECT_THAT(message_of([&] {
                    shape_with(Op::Unsqueeze, {2, 3}, {{0, 1, 2, 3, 4, 5, 6}});
                }),
                HasSubstr("dimensions"));
}

TEST(ShapeInference, ChecksTheGivenInputs) {
    const Graph graph = size_from_shape({-1, 3, -1, -1});
    EXPECT_THROW(infer_shapes(graph, {{1, 4, 8, 8}}), Error);
    EXPECT_THROW(infer_shapes(graph, {{1, 3, 8}}), Error);
    EXPECT_THROW(infer_shapes(graph, {{1, 3, 8, 0}}), Error);
    EXPECT_THROW(infer_shapes(graph, {{1, 3, 8, 8}, {1}}), Error);
}

}  // namespace
}  // namespace dbnet::model
