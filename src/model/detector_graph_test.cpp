#include "model/detector_graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <dbnet/error.hpp>

#include "model/operators.hpp"
#include "model/shape_inference.hpp"

namespace dbnet::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// A network whose outputs are Sigmoids of a convolution of the image, one map each.
Graph network(const std::vector<std::string>& outputs) {
    Graph graph;
    graph.inputs = {{"x", DataType::f32, {-1, 3, -1, -1}}};
    graph.parameters["w"] = Tensor::of({1, 3, 1, 1}, std::vector<float>{1, 2, 3});
    graph.add(Op::Conv, "conv", {"x", "w"});
    for (const std::string& output : outputs) {
        graph.add(Op::Sigmoid, output, {"conv"});
        graph.outputs.push_back({output, DataType::f32, {-1, 1, -1, -1}});
    }
    return graph;
}

std::vector<std::string> outputs_of(const Graph& graph) {
    std::vector<std::string> names;
    for (const ValueInfo& output : graph.outputs) names.push_back(output.name);
    return names;
}

/// Extents of the first output for an image of 64x96.
Dims map_of(const Graph& graph) {
    return infer_shapes(graph, {{1, 3, 64, 96}}).at(graph.outputs[0].name).dims;
}

TEST(DetectorGraph, LeavesWhatIsAsItShouldBe) {
    const Graph graph = network({"maps"});
    const DetectorGraph detector = detector_graph(graph);
    EXPECT_EQ(detector.graph, graph);
    EXPECT_FALSE(detector.takes_pixels);
}

TEST(DetectorGraph, ChannelsMayComeLast) {
    Graph graph = network({"maps"});
    graph.inputs[0].dims = {1, -1, -1, 3};
    graph.nodes[0].inputs[0] = "first";
    graph.nodes.insert(
        graph.nodes.begin(),
        Node{"first", Op::Transpose, {"x"}, {"first"}, {{"perm", Dims{0, 3, 1, 2}}}});
    graph.add(Op::Transpose, "last", {"maps"}, {{"perm", Dims{0, 2, 3, 1}}});
    graph.outputs[0].name = "last";
    const DetectorGraph detector = detector_graph(graph);
    EXPECT_EQ(detector.graph.inputs[0].dims, (Dims{1, 3, -1, -1}));
    EXPECT_EQ(map_of(detector.graph), (Dims{1, 1, 64, 96}));
    detector.graph.check();
}

TEST(DetectorGraph, BytesAreRoundedPixels) {
    Graph graph = network({"maps"});
    graph.inputs[0].type = DataType::u8;
    graph.nodes[0].inputs[0] = "number";
    graph.nodes.insert(graph.nodes.begin(),
                       Node{"number", Op::Cast, {"x"}, {"number"}, {{"to", std::int64_t{1}}}});
    const DetectorGraph detector = detector_graph(graph);
    EXPECT_TRUE(detector.takes_pixels);
    EXPECT_EQ(detector.graph.inputs[0].type, DataType::f32);
    EXPECT_EQ(detector.graph.nodes[0].op, Op::Add);
    EXPECT_EQ(detector.graph.nodes[1].op, Op::Cast);
    EXPECT_EQ(map_of(detector.graph), (Dims{1, 1, 64, 96}));
}

TEST(DetectorGraph, MapsMayHaveNoChannels) {
    for (const std::int64_t axes : {1, 2}) {
        Graph graph = network({"maps"});
        graph.inputs[0].dims = {1, 3, 64, 96};
        graph.parameters["axes"] =
            axes == 1 ? Tensor::of({1}, Dims{1}) : Tensor::of({2}, Dims{0, 1});
        graph.add(Op::Squeeze, "flat", {"maps", "axes"});
        graph.outputs[0].name = "flat";
        EXPECT_EQ(map_of(detector_graph(graph).graph), (Dims{1, 1, 64, 96})) << axes;
    }
}

TEST(DetectorGraph, TheProbabilityIsKnownByItsName) {
    EXPECT_THAT(outputs_of(detector_graph(network({"threshold", "Prob_map"})).graph),
                ElementsAre("Prob_map"));
    EXPECT_THAT(outputs_of(detector_graph(network({"thresh_binary", "binary"})).graph),
                ElementsAre("binary"));
    EXPECT_THAT(outputs_of(detector_graph(network({"a", "b"})).graph), ElementsAre("a", "b"));
}

TEST(DetectorGraph, AnOutputIsChosenByCallOrMetadata) {
    Graph graph = network({"prob", "other"});
    EXPECT_THAT(outputs_of(detector_graph(graph, "other").graph), ElementsAre("other"));
    graph.metadata["dbnet.output"] = "other";
    EXPECT_THAT(outputs_of(detector_graph(graph).graph), ElementsAre("other"));
    EXPECT_THAT(outputs_of(detector_graph(graph, "prob").graph), ElementsAre("prob"));
    try {
        detector_graph(graph, "nothing");
        FAIL() << "an output that does not exist";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        EXPECT_THAT(error.what(), HasSubstr("prob, other"));
    }
}

TEST(DetectorGraph, OutputsThatAreNoMapsDoNotCount) {
    Graph graph = network({"maps"});
    graph.add(Op::GlobalAveragePool, "score", {"conv"});
    graph.outputs.insert(graph.outputs.begin(), {"score", DataType::f32, {-1, 1, 1, 1}});
    EXPECT_THAT(outputs_of(detector_graph(graph).graph), ElementsAre("maps"));
}

TEST(DetectorGraph, RefusesWhatTakesNoImage) {
    Graph graph = network({"maps"});
    graph.inputs[0].dims = {3, 64, 96};
    EXPECT_THROW(detector_graph(graph), Error);
    graph.inputs[0].dims = {1, 3, 64, 96};
    graph.inputs.push_back({"more", DataType::f32, {1}});
    EXPECT_THROW(detector_graph(graph), Error);
}

}  // namespace
}  // namespace dbnet::model
