// What the backbone's matcher claims and, as important, what it leaves alone.

#include "engine/cpu/kernels/backbone_fusion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dbnet::engine::cpu {
namespace {

using model::Attribute;
using model::Dims;
using model::Graph;
using model::Op;
using model::Tensor;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct ConvOptions {
    int kernel = 1;
    int stride = 1;
    int groups = 1;
    bool bias = true;
};

/// A graph with one input "x" of `channels` channels, and the nodes that a test adds.
class Builder {
public:
    explicit Builder(int channels) {
        graph.inputs.push_back({"x", model::DataType::f32, {-1, channels, -1, -1}});
    }

    std::string conv(const std::string& name, const std::string& x, int in, int out,
                     const ConvOptions& options = {}) {
        const Dims dims = {out, in / options.groups, options.kernel, options.kernel};
        const std::vector<float> weights(static_cast<std::size_t>(model::element_count(dims)),
                                         0.5F);
        graph.parameters[name + ".weight"] = Tensor::of(dims, std::span<const float>(weights));
        std::vector<std::string> inputs = {x, name + ".weight"};
        if (options.bias) {
            const std::vector<float> bias(static_cast<std::size_t>(out), 0.1F);
            graph.parameters[name + ".bias"] = Tensor::of({out}, std::span<const float>(bias));
            inputs.push_back(name + ".bias");
        }
        const std::int64_t pad = options.kernel / 2;
        return graph.add(
            Op::Conv, name, inputs,
            {{"kernel_shape", std::vector<std::int64_t>{options.kernel, options.kernel}},
             {"strides", std::vector<std::int64_t>{options.stride, options.stride}},
             {"pads", std::vector<std::int64_t>{pad, pad, pad, pad}},
             {"group", std::int64_t{options.groups}}});
    }

    std::string relu(const std::string& x) { return graph.add(Op::Relu, x + ".relu", {x}); }

    /// 8-16-8 channels with an Add of the input.
    std::string block(const std::string& name, const std::string& x, int stride = 1) {
        const std::string a = relu(conv(name + ".expand", x, 8, 16));
        const std::string b = relu(
            conv(name + ".depthwise", a, 16, 16, {.kernel = 3, .stride = stride, .groups = 16}));
        const std::string c = conv(name + ".project", b, 16, 8, {.bias = false});
        return stride == 1 ? graph.add(Op::Add, name + ".sum", {x, c}) : c;
    }

    void output(const std::string& value) {
        graph.outputs.push_back({value, model::DataType::f32, {-1, -1, -1, -1}});
    }

    Graph graph;
};

std::vector<std::string> names(const std::vector<std::unique_ptr<FusedRegion>>& regions) {
    std::vector<std::string> found;
    for (const auto& region : regions) found.push_back(region->name);
    return found;
}

TEST(BackboneFusion, FindsStemBlocksAndThePointwiseConvolutionBehindThem) {
    Builder b(3);
    std::string x = b.relu(b.conv("stem", "x", 3, 8, {.kernel = 3, .stride = 2}));
    x = b.block("one", x);
    x = b.block("two", x, 2);
    x = b.relu(b.conv("last", x, 8, 24));
    b.output(x);
    const auto regions = match_backbone(b.graph);
    ASSERT_THAT(names(regions),
                ElementsAre("stem", "inverted_residual", "inverted_residual", "pointwise"));
    EXPECT_THAT(regions[0]->inputs, ElementsAre("x"));
    EXPECT_THAT(regions[1]->inputs, ElementsAre(regions[0]->outputs[0]));
    EXPECT_THAT(regions[1]->outputs, ElementsAre("one.sum"));
    EXPECT_THAT(regions[1]->nodes, ElementsAre(2, 3, 4, 5, 6, 7));
    EXPECT_THAT(regions[2]->outputs, ElementsAre("two.project"));
    EXPECT_THAT(regions[3]->outputs, ElementsAre(x));
    EXPECT_GT(regions[1]->weight_bytes(), sizeof(float) * (8 * 16 + 16 * 9 + 16 * 8));
}

TEST(BackboneFusion, InstantiatesWhereTheExtentsSuit) {
    Builder b(8);
    b.output(b.block("one", "x"));
    const auto regions = match_backbone(b.graph);
    ASSERT_THAT(regions, SizeIs(1));
    EXPECT_NE(regions[0]->instantiate({{1, 8, 32, 32}}), nullptr);
    EXPECT_EQ(regions[0]->instantiate({{1, 8, 1, 1}}), nullptr);
    EXPECT_EQ(regions[0]->instantiate({{1, 9, 32, 32}}), nullptr);
    EXPECT_EQ(regions[0]->instantiate({{8, 32, 32}}), nullptr);
}

TEST(BackboneFusion, InnerValuesThatOthersNeedPreventIt) {
    for (const char* inner : {"one.expand", "one.expand.relu", "one.depthwise.relu"}) {
        Builder used(8);
        used.output(used.block("one", "x"));
        used.output(used.relu(inner));
        EXPECT_THAT(match_backbone(used.graph), IsEmpty()) << inner << " used";
        Builder output(8);
        output.output(output.block("one", "x"));
        output.output(inner);
        EXPECT_THAT(match_backbone(output.graph), IsEmpty()) << inner << " an output";
    }
}

TEST(BackboneFusion, AProjectionThatOthersNeedEndsTheBlockBeforeTheSum) {
    Builder b(8);
    b.output(b.block("one", "x"));
    b.output("one.project");
    const auto regions = match_backbone(b.graph);
    ASSERT_THAT(regions, SizeIs(1));
    EXPECT_THAT(regions[0]->outputs, ElementsAre("one.project"));
}

TEST(BackboneFusion, TheSumWithAnotherValueIsNotTheResidual) {
    Builder b(8);
    const std::string other = b.relu("x");
    const std::string a = b.relu(b.conv("expand", "x", 8, 16));
    const std::string d = b.conv("depthwise", a, 16, 16, {.kernel = 3, .groups = 16});
    const std::string p = b.conv("project", d, 16, 8);
    b.output(b.graph.add(Op::Add, "sum", {p, other}));
    const auto regions = match_backbone(b.graph);
    ASSERT_THAT(regions, SizeIs(1));
    EXPECT_THAT(regions[0]->outputs, ElementsAre("project"));
}

TEST(BackboneFusion, LeavesOtherConvolutionsAlone) {
    const auto middle = [](const ConvOptions& options, int in = 16) {
        Builder b(8);
        const std::string a = b.relu(b.conv("expand", "x", 8, in));
        const std::string d = b.conv("middle", a, in, 16, options);
        b.output(b.conv("project", d, 16, 8));
        return match_backbone(b.graph).size();
    };
    EXPECT_EQ(middle({.kernel = 3, .groups = 16}), 1U);
    EXPECT_EQ(middle({.kernel = 3}), 0U);
    EXPECT_EQ(middle({.kernel = 3, .groups = 8}), 0U);
    EXPECT_EQ(middle({.kernel = 3, .groups = 8}, 8), 0U);
    EXPECT_EQ(middle({.kernel = 7, .groups = 16}), 0U);
    EXPECT_EQ(middle({.kernel = 3, .stride = 3, .groups = 16}), 0U);
    EXPECT_EQ(middle({.kernel = 1, .groups = 16}), 0U);
}

TEST(BackboneFusion, LeavesOtherStemsAlone) {
    const auto stem = [](int in, const ConvOptions& options) {
        Builder b(in);
        b.output(b.relu(b.conv("stem", "x", in, 8, options)));
        return match_backbone(b.graph).size();
    };
    EXPECT_EQ(stem(3, {.kernel = 3, .stride = 2}), 1U);
    EXPECT_EQ(stem(3, {.kernel = 3, .stride = 1}), 0U);
    EXPECT_EQ(stem(3, {.kernel = 7, .stride = 2}), 0U);
    EXPECT_EQ(stem(16, {.kernel = 3, .stride = 2}), 0U);
}

TEST(BackboneFusion, ActivationsNeedConstantBounds) {
    const auto stem_nodes = [](bool constant) {
        Builder b(3);
        b.graph.parameters["low"] = Tensor::scalar(0.0F);
        if (constant)
            b.graph.parameters["high"] = Tensor::scalar(6.0F);
        else
            b.graph.inputs.push_back({"high", model::DataType::f32, {}});
        const std::string x = b.conv("stem", "x", 3, 8, {.kernel = 3, .stride = 2});
        b.output(b.graph.add(Op::Clip, "clip", {x, "low", "high"}));
        return match_backbone(b.graph)[0]->nodes.size();
    };
    EXPECT_EQ(stem_nodes(true), 2U);
    EXPECT_EQ(stem_nodes(false), 1U);
}

}  // namespace
}  // namespace dbnet::engine::cpu
