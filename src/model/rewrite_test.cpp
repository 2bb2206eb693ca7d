#include "model/rewrite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <dbnet/error.hpp>

#include "model/onnx.hpp"
#include "model/shape_inference.hpp"
#include "support/tiny_model.hpp"

namespace dbnet::model {
namespace {

using testing::HasSubstr;

TEST(Cut, KeepsWhatTheOutputsNeedAndNothingElse) {
    Graph graph;
    graph.inputs = {{"x", DataType::f32, {-1, 3, -1, -1}}};
    graph.parameters["w"] = Tensor::of({2, 3, 1, 1}, std::vector<float>(6, 1));
    graph.parameters["v"] = Tensor::of({5, 2, 1, 1}, std::vector<float>(10, 1));
    graph.add(Op::Conv, "a", {"x", "w"});
    graph.add(Op::Relu, "b", {"a"});
    graph.add(Op::Conv, "c", {"b", "v"});
    graph.outputs = {{"c", DataType::f32, {-1, 5, -1, -1}}};
    graph.metadata["dbnet.size"] = "736";

    const Graph all = cut(graph, {"c"});
    EXPECT_EQ(all, graph);

    const Graph part = cut(graph, {"b", "a"});
    part.check();
    EXPECT_EQ(part.nodes.size(), 2u);
    EXPECT_EQ(part.parameters.size(), 1u);
    EXPECT_EQ(part.metadata, graph.metadata);
    EXPECT_EQ(part.outputs, (std::vector<ValueInfo>{{"b", DataType::f32, {-1, 2, -1, -1}},
                                                    {"a", DataType::f32, {-1, 2, -1, -1}}}));

    EXPECT_THROW(cut(graph, {"w"}), Error);  // a parameter is not computed
    EXPECT_THROW(cut(graph, {"nothing"}), Error);
}

TEST(MakeDynamic, OpensTheExtentsOfAFixedGraph) {
    Graph graph = test::tiny_model();
    const Graph dynamic = graph;
    graph.inputs[0].dims = {1, 3, 64, 96};
    graph.outputs[0].dims = {1, 1, 64, 96};
    EXPECT_TRUE(make_dynamic(graph));
    EXPECT_EQ(graph, dynamic);
}

TEST(MakeDynamic, LeavesAGraphAloneThatFitsOneSizeOnly) {
    Graph graph;
    graph.inputs = {{"x", DataType::f32, {1, 3, 32, 32}}};
    graph.parameters["shape"] = Tensor::of({4}, std::vector<std::int64_t>{1, 3, 32, 32});
    graph.add(Op::Reshape, "y", {"x", "shape"});
    graph.outputs = {{"y", DataType::f32, {1, 3, 32, 32}}};
    const Graph before = graph;
    EXPECT_FALSE(make_dynamic(graph));
    EXPECT_EQ(graph, before);

    // Fits the shapes, but the output does not follow the input: sizes baked into a Resize.
    graph.parameters["shape"] = Tensor::of({4}, std::vector<std::int64_t>{1, 3, 64, 64});
    graph.nodes.clear();
    graph.add(Op::Resize, "y", {"x", "", "", "shape"}, {{"mode", std::string("nearest")}});
    graph.outputs = {{"y", DataType::f32, {1, 3, 64, 64}}};
    EXPECT_FALSE(make_dynamic(graph));
}

TEST(WidenWeights, UndoesWhatWritingHalfSizeWeightsDoes) {
    Graph graph;
    graph.inputs = {{"x", DataType::f32, {-1, 128, -1, -1}}};
    graph.parameters["small"] = Tensor::of({128, 1, 3, 3}, std::vector<float>(128 * 9, 1.0003f));
    graph.parameters["large"] =
        Tensor::of({128, 128, 1, 1}, std::vector<float>(128 * 128, 1.0003f));
    graph.parameters["bias"] = Tensor::of({128}, std::vector<float>(128, 1.0003f));
    graph.add(Op::Conv, "a", {"x", "small"},
              {{"group", std::int64_t{128}}, {"pads", std::vector<std::int64_t>{1, 1, 1, 1}}});
    graph.add(Op::Conv, "b", {"a", "large", "bias"});
    graph.outputs = {{"b", DataType::f32, {-1, 128, -1, -1}}};

    Graph read = parse_onnx(serialize_onnx(graph, {.f16_weights = true}), "half");
    EXPECT_EQ(read.nodes.size(), 3u);
    widen_weights(read);
    read.check();
    EXPECT_EQ(read.nodes.size(), 2u);
    ASSERT_EQ(read.parameters.size(), 3u);
    EXPECT_EQ(read.parameters.at("small"), graph.parameters.at("small"));
    EXPECT_EQ(read.parameters.at("bias"), graph.parameters.at("bias"));
    EXPECT_EQ(read.parameters.at("large"),
              graph.parameters.at("large").cast(DataType::f16).cast(DataType::f32));
    EXPECT_NE(read.parameters.at("large"), graph.parameters.at("large"));
}

}  // namespace
}  // namespace dbnet::model
