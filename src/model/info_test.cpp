#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <dbnet/error.hpp>

#include "model/info.hpp"

namespace dbnet::model {
namespace {

using testing::HasSubstr;

Tensor zeros(const Dims& dims) {
    return Tensor::of(dims, std::vector<float>(static_cast<std::size_t>(element_count(dims))));
}

/// Conv 3x3 of stride 2, transposed convolution, Flatten, MatMul and Gemm over [N, 3, 8, 8].
Graph network() {
    Graph graph;
    graph.name = "net";
    graph.inputs = {{"image", DataType::f32, {-1, 3, 8, 8}}};
    graph.metadata["licence"] = "Apache-2.0";
    graph.parameters = {{"w1", zeros({6, 1, 3, 3})},
                        {"w2", zeros({6, 2, 2, 2})},
                        {"w3", zeros({128, 5})},
                        {"w4", zeros({7, 5})}};
    graph.add(Op::Conv, "conv", {"image", "w1"},
              {{"group", std::int64_t{3}}, {"pads", Dims{1, 1, 1, 1}}, {"strides", Dims{2, 2}}});
    graph.add(Op::ConvTranspose, "deconv", {"conv", "w2"}, {{"strides", Dims{2, 2}}});
    graph.add(Op::Flatten, "flat", {"deconv"});
    graph.add(Op::MatMul, "product", {"flat", "w3"});
    graph.add(Op::Gemm, "logits", {"product", "w4"}, {{"transB", std::int64_t{1}}});
    graph.outputs = {{"logits", DataType::f32, {-1, 7}}};
    return graph;
}

TEST(Info, CountsByHand) {
    const ModelInfo info = describe(network());
    // Each of the 6x4x4 outputs of the convolution sums 9 products; each of the 6x4x4 inputs of
    // the transposed one goes into 2x2x2 outputs; 128x5 and 5x7 are the matrices.
    EXPECT_EQ(info.macs, 96 * 9 + 96 * 8 + 640 + 35);
    EXPECT_EQ(info.macs_at, (Dims{1, 3, 8, 8}));
    EXPECT_EQ(info.parameters, 54 + 48 + 640 + 35);
    EXPECT_EQ(info.parameter_bytes, 4 * info.parameters);
    EXPECT_EQ(info.operators.at("Conv"), 1);
    EXPECT_EQ(count_macs(network(), {{3, 3, 8, 8}}), 3 * info.macs);
}

TEST(Info, TextNamesEverything) {
    const std::string text = to_text(describe(network()));
    for (const char* part : {"image f32[?, 3, 8, 8]", "logits f32[?, 7]", "ConvTranspose",
                             "licence = Apache-2.0", "777 (0.00 MB)", "[1, 3, 8, 8]"})
        EXPECT_THAT(text, HasSubstr(part));
}

TEST(Info, NeedsAnImage) {
    Graph graph = network();
    graph.inputs[0].dims = {-1, 192};
    EXPECT_THROW(describe(graph), Error);
}

}  // namespace
}  // namespace dbnet::model
