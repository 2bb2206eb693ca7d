#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <dbnet/error.hpp>

#include "model/graph.hpp"
#include "model/operators.hpp"

namespace dbnet::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// x -> a -> b, with a parameter for b.
Graph chain() {
    Graph graph;
    graph.inputs = {{"x", DataType::f32, {1, 3}}};
    graph.parameters["p"] = Tensor::scalar(1.f);
    graph.add(Op::Relu, "a", {"x"});
    graph.add(Op::Add, "b", {"a", "p"});
    graph.outputs = {{"b", DataType::f32, {1, 3}}};
    return graph;
}

std::string check_message(const Graph& graph) {
    try {
        graph.check();
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

std::vector<std::string> names(const Graph& graph) {
    std::vector<std::string> result;
    for (const Node& node : graph.nodes) result.push_back(node.name);
    return result;
}

TEST(Operators, TableIsInTheOrderOfTheEnumeration) {
    for (const OperatorInfo& info : operators()) {
        EXPECT_EQ(&operator_info(info.op), &info) << info.name;
        EXPECT_EQ(to_string(info.op), info.name);
        EXPECT_EQ(find_operator(info.name), &info);
        EXPECT_GE(info.first_opset, kMinOpset);
        EXPECT_LE(info.first_opset, kMaxOpset);
    }
    EXPECT_EQ(operators().back().op, Op::Where);
    EXPECT_EQ(find_operator("Loop"), nullptr);
}

TEST(Operators, TypeNumbersAreTheInverseOfEachOther) {
    for (const DataType type :
         {DataType::f32, DataType::f16, DataType::bf16, DataType::f64, DataType::i8, DataType::u8,
          DataType::i32, DataType::i64, DataType::boolean})
        EXPECT_EQ(data_type_from_onnx(onnx_type_number(type)), type);
    EXPECT_EQ(data_type_from_onnx(8), std::nullopt);  // string
}

TEST(Graph, AValidOnePasses) { EXPECT_EQ(check_message(chain()), "no error"); }

TEST(Graph, CheckNamesWhatIsWrong) {
    Graph graph = chain();
    graph.nodes[1].inputs[1] = "q";
    EXPECT_THAT(check_message(graph), HasSubstr("node 'b' (Add): input 'q'"));

    graph = chain();
    std::swap(graph.nodes[0], graph.nodes[1]);
    EXPECT_THAT(check_message(graph),
                HasSubstr("node 'b' (Add): input 'a' is not computed before"));

    graph = chain();
    graph.nodes[1].outputs = {"x"};
    EXPECT_THAT(check_message(graph), HasSubstr("output 'x' has the name of another value"));

    graph = chain();
    graph.nodes[0].inputs = {"x", "p"};
    EXPECT_THAT(check_message(graph), HasSubstr("node 'a' (Relu): it has 2 inputs; 1 to 1"));

    graph = chain();
    graph.nodes[1].inputs[0] = "";
    EXPECT_THAT(check_message(graph), HasSubstr("node 'b' (Add): input 0 is missing"));

    graph = chain();
    graph.nodes[0].attributes["alpha"] = 1.f;
    EXPECT_THAT(check_message(graph), HasSubstr("attribute 'alpha' is not supported"));

    graph = chain();
    graph.nodes[0].op = Op::LeakyRelu;
    graph.nodes[0].attributes["alpha"] = std::int64_t{1};
    EXPECT_THAT(check_message(graph), HasSubstr("attribute 'alpha' has the wrong type"));

    graph = chain();
    graph.outputs[0].name = "c";
    EXPECT_THAT(check_message(graph), HasSubstr("nothing computes the graph's output 'c'"));

    graph = chain();
    graph.outputs.clear();
    EXPECT_THAT(check_message(graph), HasSubstr("no output"));

    graph = chain();
    graph.inputs.push_back({"p", DataType::f32, {}});
    EXPECT_THAT(check_message(graph), HasSubstr("input 'p'"));
}

TEST(Graph, SortPutsNodesAfterTheirInputsAndKeepsTheRest) {
    Graph graph = chain();
    graph.add(Op::Exp, "c", {"x"});
    std::swap(graph.nodes[0], graph.nodes[1]);
    graph.sort();
    EXPECT_THAT(names(graph), ElementsAre("a", "b", "c"));
    graph.sort();
    EXPECT_THAT(names(graph), ElementsAre("a", "b", "c"));
    EXPECT_EQ(check_message(graph), "no error");
}

TEST(Graph, SortRefusesACycle) {
    Graph graph = chain();
    graph.nodes[0].inputs[0] = "b";
    EXPECT_THROW(
        {
            try {
                graph.sort();
            } catch (const Error& error) {
                EXPECT_EQ(error.code(), ErrorCode::malformed);
                EXPECT_THAT(error.what(), HasSubstr("node 'a' (Relu)"));
                throw;
            }
        },
        Error);
}

TEST(Graph, RemoveDeadKeepsWhatTheOutputsNeed) {
    Graph graph = chain();
    graph.parameters["unused"] = Tensor::scalar(2.f);
    graph.add(Op::Mul, "dead", {"b", "unused"});
    graph.remove_dead();
    EXPECT_EQ(graph, chain());
}

TEST(Graph, TypedAttributes) {
    Node node{"n", Op::Concat, {}, {}, {{"axis", std::int64_t{2}}, {"list", Dims{1, 2}}}};
    EXPECT_TRUE(node.has("axis"));
    EXPECT_EQ(node.get_int("axis", 0), 2);
    EXPECT_EQ(node.get_int("other", 7), 7);
    EXPECT_EQ(node.get_ints("list", {}), (Dims{1, 2}));
    EXPECT_EQ(node.get_string("text", "default"), "default");
    EXPECT_THROW(node.get_float("axis", 0), Error);
}

}  // namespace
}  // namespace dbnet::model
