#include <gtest/gtest.h>

#include <map>
#include <set>

#include "model/onnx.hpp"
#include "model/shape_inference.hpp"
#include "support/golden.hpp"

// The published models of the golden section `engine`: what the reader finds in them and the
// extents of every intermediate value.
namespace dbnet::model {
namespace {

std::string section() { return test::golden_section("engine"); }

/// Counts per operator, Constant left out: the reader makes parameters of those.
std::map<std::string, int> operator_counts(const Graph& graph) {
    std::map<std::string, int> counts;
    for (const Node& node : graph.nodes) ++counts[std::string(to_string(node.op))];
    return counts;
}

/// Elements of the constants of the file: those that were attributes there, which the reader names
/// <node>/<attribute>, do not count.
std::int64_t parameter_elements(const Graph& graph) {
    std::set<std::string> nodes;
    for (const Node& node : graph.nodes) nodes.insert(node.name);
    std::int64_t count = 0;
    for (const auto& [name, tensor] : graph.parameters)
        if (!nodes.contains(name.substr(0, name.rfind('/')))) count += tensor.size();
    return count;
}

TEST(OnnxGolden, CountsAreThoseOfTheFiles) {
    DBNET_REQUIRE_GOLDEN(section());
    int cases = 0;
    const auto index = test::read_json(section() + "/index.json");
    for (const auto& [name, expected] : index.at("models").items()) {
        SCOPED_TRACE(name);
        const Graph graph = read_onnx(test::find_model(expected.at("file")));
        auto counts = expected.at("op_counts").get<std::map<std::string, int>>();
        counts.erase("Constant");
        EXPECT_EQ(operator_counts(graph), counts);
        EXPECT_EQ(parameter_elements(graph), expected.at("parameters").get<std::int64_t>());
        EXPECT_EQ(graph.inputs.at(0).name, expected.at("inputs").at(0).at(0).get<std::string>());
        EXPECT_EQ(graph.inputs.at(0).dims, (Dims{-1, 3, -1, -1}));
        EXPECT_EQ(graph.outputs.at(0).name, expected.at("outputs").at(0).at(0).get<std::string>());
        ++cases;
    }
    test::report_golden("engine (counts)", cases);
}

TEST(OnnxGolden, InferredExtentsAreThoseOfARun) {
    DBNET_REQUIRE_GOLDEN(section());
    int cases = 0;
    const auto index = test::read_json(section() + "/index.json");
    for (const auto& [name, model] : index.at("models").items()) {
        SCOPED_TRACE(name);
        const Graph graph = read_onnx(test::find_model(model.at("file")));
        const InferredValues values = infer_shapes(graph, {{1, 3, 96, 160}});
        const auto run = test::read_json(section() + "/" + name + "_intermediate.json");
        for (const auto& expected : run.at("tensors")) {
            const auto found = values.find(expected.at("tensor").get<std::string>());
            if (expected.at("op") == "Constant") continue;
            ASSERT_NE(found, values.end()) << expected.at("tensor");
            EXPECT_EQ(found->second.dims, expected.at("dims").get<Dims>()) << expected.at("tensor");
            ++cases;
        }
    }
    test::report_golden("engine (extents)", cases);
}

}  // namespace
}  // namespace dbnet::model
