#include "engine/cpu/passes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/backend.hpp"
#include "support/random_graph.hpp"

namespace dbnet::engine::cpu {
namespace {

using model::Dims;
using model::Graph;
using model::Op;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<Op> operators(const Graph& graph) {
    std::vector<Op> result;
    for (const model::Node& node : graph.nodes) result.push_back(node.op);
    return result;
}

std::vector<Buffer> run(const Graph& graph, const std::vector<Buffer>& inputs) {
    const auto executable = reference_backend().compile(graph);
    const auto context = reference_backend().create_context(1);
    return reference_backend().run(*executable, *context, inputs);
}

/// Both graphs compute the same on the oracle, up to rounding.
void expect_same_function(const test::GraphCase& graph_case, const Graph& optimised) {
    const std::vector<Buffer> expected = run(graph_case.graph, graph_case.inputs);
    const std::vector<Buffer> actual = run(optimised, graph_case.inputs);
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t k = 0; k < expected.size(); ++k) {
        ASSERT_EQ(actual[k].dims(), expected[k].dims());
        if (expected[k].type() != model::DataType::f32) continue;
        float largest = 1e-6f;
        for (const float x : expected[k].f32()) largest = std::max(largest, std::abs(x));
        for (std::size_t i = 0; i < expected[k].f32().size(); ++i)
            ASSERT_NEAR(actual[k].f32()[i], expected[k].f32()[i], 1e-5f * largest);
    }
}

/// Optimises a case, checks that it computes the same, and returns its operators.
std::vector<Op> optimised_operators(const test::GraphCase& graph_case) {
    const Graph optimised = optimise(graph_case.graph);
    optimised.check();
    expect_same_function(graph_case, optimised);
    return operators(optimised);
}

std::string batch_norm(test::GraphBuilder& b, const std::string& x, std::int64_t channels) {
    return b.add(Op::BatchNormalization,
                 {x, b.parameter({channels}, 0.5f, 1.5f), b.parameter({channels}),
                  b.parameter({channels}), b.parameter({channels}, 0.5f, 2.0f)},
                 {{"epsilon", 1e-5f}});
}

std::string scalar(test::GraphBuilder& b, float value) { return b.parameter({}, value, value); }

TEST(Passes, KeepWhatRandomNetworksCompute) {
    for (const test::GraphKind& kind : test::chain_kinds())
        for (std::uint64_t seed = 100; seed < 110; ++seed) {
            const test::GraphCase graph_case = test::random_graph(kind, seed);
            SCOPED_TRACE(test::describe(graph_case));
            expect_same_function(graph_case, optimise(graph_case.graph));
        }
}

TEST(Passes, FoldWhatIsAffineIntoTheConvolution) {
    test::GraphBuilder b(1);
    const std::string x = b.input({1, 3, 9, 7});
    std::string y = b.add(Op::Conv, {x, b.parameter({5, 3, 3, 3})});
    y = batch_norm(b, y, 5);
    y = b.add(Op::Add, {b.parameter({1, 5, 1, 1}), y});
    y = b.add(Op::Mul, {y, b.parameter({5, 1, 1}, 0.5f, 2.0f)});
    y = b.add(Op::Sub, {scalar(b, 0.25f), y});
    y = b.add(Op::Div, {y, scalar(b, 3.0f)});
    b.output(b.add(Op::Relu, {y}));
    EXPECT_THAT(optimised_operators(b.finish("affine")), ElementsAre(Op::Conv, Op::Relu));
}

TEST(Passes, FoldIntoGroupedAndTransposedConvolutions) {
    test::GraphBuilder b(2);
    const std::string x = b.input({2, 6, 5, 5});
    std::string y = b.add(Op::ConvTranspose, {x, b.parameter({6, 2, 2, 2}), b.parameter({4})},
                          {{"group", std::int64_t{2}}, {"strides", Dims{2, 2}}});
    y = batch_norm(b, y, 4);
    y = b.add(Op::Conv, {y, b.parameter({8, 1, 3, 3})}, {{"group", std::int64_t{4}}});
    b.output(batch_norm(b, y, 8));
    EXPECT_THAT(optimised_operators(b.finish("grouped")), ElementsAre(Op::ConvTranspose, Op::Conv));
}

TEST(Passes, DoNotFoldIntoAConvolutionThatSomethingElseReads) {
    test::GraphBuilder b(3);
    const std::string x = b.input({1, 3, 6, 6});
    const std::string y = b.add(Op::Conv, {x, b.parameter({4, 3, 1, 1})});
    b.output(b.add(Op::Add, {y, batch_norm(b, y, 4)}));
    EXPECT_THAT(optimised_operators(b.finish("two readers")),
                ElementsAre(Op::Conv, Op::Mul, Op::Add, Op::Add));
}

TEST(Passes, DoNotFoldWhatVariesInsideAChannel) {
    test::GraphBuilder b(4);
    const std::string x = b.input({1, 3, 4, 4});
    const std::string y = b.add(Op::Conv, {x, b.parameter({4, 3, 1, 1})});
    b.output(b.add(Op::Add, {y, b.parameter({1, 1, 1, 4})}));
    EXPECT_THAT(optimised_operators(b.finish("per column")), ElementsAre(Op::Conv, Op::Add));
}

TEST(Passes, RecogniseHardSwishHoweverItIsSpelled) {
    const auto relu6 = [](test::GraphBuilder& b, const std::string& x) {
        return b.add(Op::Clip, {b.add(Op::Add, {x, scalar(b, 3)}), scalar(b, 0), scalar(b, 6)});
    };
    for (int spelling = 0; spelling < 4; ++spelling) {
        test::GraphBuilder b(5);
        const std::string x = b.input({1, 3, 6, 5}, -5, 5);
        std::string y;
        if (spelling == 0)
            y = b.add(Op::Div, {b.add(Op::Mul, {x, relu6(b, x)}), scalar(b, 6)});
        else if (spelling == 1)
            y = b.add(Op::Mul, {scalar(b, 1.0f / 6), b.add(Op::Mul, {relu6(b, x), x})});
        else if (spelling == 2)
            y = b.add(Op::Mul, {x, b.add(Op::Div, {relu6(b, x), scalar(b, 6)})});
        else
            y = b.add(Op::Mul,
                      {b.add(Op::HardSigmoid, {x}, {{"alpha", 1.0f / 6}, {"beta", 0.5f}}), x});
        b.output(y);
        EXPECT_THAT(optimised_operators(b.finish("hard swish")), ElementsAre(Op::HardSwish))
            << "spelling " << spelling;
    }
}

TEST(Passes, LeaveWhatOnlyResemblesHardSwish) {
    test::GraphBuilder b(6);
    const std::string x = b.input({1, 3, 6, 5}, -5, 5);
    const std::string sum = b.add(Op::Add, {x, scalar(b, 2)});
    const std::string clip = b.add(Op::Clip, {sum, scalar(b, 0), scalar(b, 6)});
    b.output(b.add(Op::Div, {b.add(Op::Mul, {x, clip}), scalar(b, 6)}));
    EXPECT_THAT(optimised_operators(b.finish("not hard swish")),
                ElementsAre(Op::Add, Op::Clip, Op::Mul, Op::Div));
}

TEST(Passes, RecogniseGeluHoweverItIsSpelled) {
    for (int spelling = 0; spelling < 4; ++spelling) {
        test::GraphBuilder b(12);
        const std::string x = b.input({1, 3, 6, 5}, -4, 4);
        const std::string scaled = spelling % 2 == 0 ? b.add(Op::Div, {x, scalar(b, 1.41421354f)})
                                                     : b.add(Op::Mul, {scalar(b, 0.707106769f), x});
        const std::string one = b.add(Op::Add, {b.add(Op::Erf, {scaled}), scalar(b, 1)});
        const std::string half = scalar(b, 0.5f);
        if (spelling < 2)
            b.output(b.add(Op::Mul, {b.add(Op::Mul, {x, one}), half}));
        else if (spelling == 2)
            b.output(b.add(Op::Mul, {x, b.add(Op::Mul, {one, half})}));
        else
            b.output(b.add(Op::Mul, {b.add(Op::Mul, {half, x}), one}));
        EXPECT_THAT(optimised_operators(b.finish("gelu")), ElementsAre(Op::Gelu)) << spelling;
    }
}

TEST(Passes, LeaveWhatOnlyResemblesGelu) {
    test::GraphBuilder b(13);
    const std::string x = b.input({1, 3, 6, 5}, -4, 4);
    const std::string erf = b.add(Op::Erf, {b.add(Op::Div, {x, scalar(b, 1.5f)})});
    const std::string product = b.add(Op::Mul, {x, b.add(Op::Add, {erf, scalar(b, 1)})});
    b.output(b.add(Op::Mul, {product, scalar(b, 0.5f)}));
    EXPECT_THAT(optimised_operators(b.finish("no gelu")),
                testing::Not(testing::Contains(Op::Gelu)));
}

TEST(Passes, RecogniseTheLogisticFunction) {
    test::GraphBuilder b(7);
    const std::string x = b.input({1, 1, 6, 5}, -2, 2);
    const std::string exp = b.add(Op::Exp, {b.add(Op::Mul, {x, scalar(b, -50)})});
    b.output(b.add(Op::Reciprocal, {b.add(Op::Add, {scalar(b, 1), exp})}));
    EXPECT_THAT(optimised_operators(b.finish("step function")), ElementsAre(Op::Mul, Op::Sigmoid));
}

TEST(Passes, FoldConstantsAndFixedExtents) {
    test::GraphBuilder b(8);
    const std::string x = b.input({1, 3, 6, 4});
    const std::string twice = b.add(Op::Mul, {b.integers({1, 3, 6, 4}), b.integers({1, 1, 2, 2})});
    b.output(b.add(Op::Resize, {x, "", "", twice}, {{"mode", "nearest"}}));
    const std::string weights =
        b.add(Op::Transpose, {b.parameter({1, 1, 3, 5})}, {{"perm", Dims{3, 2, 0, 1}}});
    b.output(b.add(Op::Conv, {x, weights}));
    EXPECT_THAT(optimised_operators(b.finish("constants")), ElementsAre(Op::Resize, Op::Conv));
}

TEST(Passes, DoNotFoldWhatWouldFillTheMemory) {
    test::GraphBuilder b(9);
    const std::string shape = b.integers({1 << 13, 1 << 13});
    b.output(b.add(Op::ConstantOfShape, {shape}));
    const std::string x = b.input({1});
    b.output(b.add(Op::Relu, {x}));
    EXPECT_THAT(operators(optimise(b.finish("large").graph)),
                ElementsAre(Op::ConstantOfShape, Op::Relu));
}

TEST(Passes, FoldWithinABudgetForTheWholeGraph) {
    test::GraphBuilder b(14);
    const std::string shape = b.integers({1, 1 << 10, 1 << 10});
    std::vector<std::string> filled;
    for (int i = 0; i < 40; ++i) filled.push_back(b.add(Op::ConstantOfShape, {shape}));
    b.output(b.add(Op::Concat, filled, {{"axis", std::int64_t{0}}}));
    const Graph optimised = optimise(b.finish("many constants").graph);
    std::int64_t elements = 0;
    for (const auto& [name, tensor] : optimised.parameters) elements += tensor.size();
    EXPECT_LT(elements, 8 << 20) << "of 40 million";
    EXPECT_GT(optimised.nodes.size(), 20u);
}

TEST(Passes, LeaveProductsOfLargeConstantsToTheRun) {
    test::GraphBuilder b(15);
    const std::string matrix = b.add(Op::ConstantOfShape, {b.integers({1 << 10, 1 << 10})});
    b.output(b.add(Op::MatMul, {matrix, matrix}));
    EXPECT_THAT(operators(optimise(b.finish("a billion multiplications").graph)),
                ElementsAre(Op::MatMul));
}

TEST(Passes, FoldLongChainsIntoOneSetOfWeights) {
    test::GraphBuilder b(16);
    std::string x = b.add(Op::Conv, {b.input({1, 3, 5, 5}), b.parameter({4, 3, 1, 1})});
    for (int i = 0; i < 300; ++i)
        x = b.add(i % 2 == 0 ? Op::Mul : Op::Add, {x, b.parameter({1, 4, 1, 1}, 0.9f, 1.1f)});
    b.output(x);
    const test::GraphCase graph_case = b.finish("a long chain");
    const Graph optimised = optimise(graph_case.graph);
    EXPECT_THAT(operators(optimised), ElementsAre(Op::Conv));
    EXPECT_EQ(optimised.parameters.size(), 2u);
    expect_same_function(graph_case, optimised);
}

TEST(Passes, RemoveWhatChangesNothingAndWhatNobodyNeeds) {
    test::GraphBuilder b(10);
    const std::string x = b.input({1, 3, 4, 4});
    const std::string same = b.add(Op::Cast, {b.add(Op::Identity, {x})}, {{"to", std::int64_t{1}}});
    b.add(Op::Sigmoid, {same});
    b.output(b.add(Op::Relu, {same}));
    const test::GraphCase graph_case = b.finish("identities");
    EXPECT_THAT(optimised_operators(graph_case), ElementsAre(Op::Relu));
    EXPECT_THAT(optimise(graph_case.graph).parameters, IsEmpty());
}

TEST(Passes, KeepTheNamesOfOutputs) {
    test::GraphBuilder b(11);
    const std::string x = b.input({1, 3, 4, 4});
    const std::string y = b.add(Op::Identity, {b.add(Op::Conv, {x, b.parameter({2, 3, 1, 1})})});
    b.output(y);
    b.output(batch_norm(b, y, 2));
    const test::GraphCase graph_case = b.finish("outputs");
    const Graph optimised = optimise(graph_case.graph);
    EXPECT_EQ(optimised.outputs, graph_case.graph.outputs);
    expect_same_function(graph_case, optimised);
}

}  // namespace
}  // namespace dbnet::engine::cpu
