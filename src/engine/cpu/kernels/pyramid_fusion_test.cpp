#include "engine/cpu/kernels/pyramid_fusion.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <span>

#include "core/error.hpp"
#include "engine/backend.hpp"

namespace dbnet::engine::cpu {
namespace {

using model::Dims;
using model::Graph;
using model::Op;
using model::Tensor;

/// How a test network differs from MhLiao's FPN and head.
struct Variant {
    int levels = 4;
    int inner = 10;
    int out = 6;
    bool gates = false;
    bool biases = false;
    bool finest_first = false;  ///< order of the concatenation
    bool lateral_first = true;  ///< order of the operands of the top-down sums
    bool lateral_relu = false;  ///< another neck
    bool head_leaky = false;    ///< another head
    bool threshold = false;     ///< a second branch of the head
    std::string resize_mode = "nearest";
    std::string rounding = "floor";
};

constexpr std::array<int, 4> kChannels = {5, 8, 16, 24};

/// Adds nodes with random parameters.
class Network {
public:
    explicit Network(const Variant& variant) : variant_(variant) {
        std::vector<std::string> features;
        for (int i = 0; i < variant.levels; ++i) {
            features.push_back(core::concat("c", i + 2));
            graph.inputs.push_back({features.back(), model::DataType::f32, dims(i)});
        }
        const std::string features_at_4 = concat(neck(features));
        head("map", features_at_4);
        if (variant.threshold) head("threshold", features_at_4);
    }

    Dims dims(int level) const {
        const int factor = 1 << (variant_.levels - 1 - level);
        return {1, kChannels[static_cast<std::size_t>(level)], 2 * factor, 3 * factor};
    }

    Graph graph;

private:
    Tensor random(const Dims& extents) {
        const auto count = static_cast<std::size_t>(model::element_count(extents));
        const double fan = static_cast<double>(count) / static_cast<double>(extents[0]);
        std::vector<float> values(count);
        for (float& v : values) v = static_cast<float>(normal_(engine_) / std::sqrt(fan));
        return Tensor::of(extents, values);
    }
    std::string parameter(const std::string& name, Tensor tensor) {
        graph.parameters[name] = std::move(tensor);
        return name;
    }
    std::string conv(const std::string& name, const std::string& in, int from, int to, int kernel,
                     bool bias) {
        std::vector<std::string> inputs = {
            in, parameter(name + ".weight", random({to, from, kernel, kernel}))};
        if (bias) inputs.push_back(parameter(name + ".bias", random({to})));
        return graph.add(Op::Conv, name, inputs,
                         {{"kernel_shape", std::vector<std::int64_t>{kernel, kernel}},
                          {"pads", std::vector<std::int64_t>(4, kernel / 2)}});
    }
    std::string deconv(const std::string& name, const std::string& in, int from, int to) {
        return graph.add(Op::ConvTranspose, name,
                         {in, parameter(name + ".weight", random({from, to, 2, 2})),
                          parameter(name + ".bias", random({to}))},
                         {{"kernel_shape", std::vector<std::int64_t>{2, 2}},
                          {"strides", std::vector<std::int64_t>{2, 2}}});
    }
    std::string gate(const std::string& name, const std::string& in, int channels) {
        if (!variant_.gates) return in;
        std::string at = graph.add(Op::GlobalAveragePool, name + ".pool", {in});
        at = conv(name + ".squeeze", at, channels, 2, 1, true);
        at = graph.add(Op::Relu, name + ".relu", {at});
        at = conv(name + ".excite", at, 2, channels, 1, true);
        at = graph.add(Op::HardSigmoid, name + ".sigmoid", {at}, {{"alpha", 0.3F}});
        at = graph.add(Op::Mul, name + ".mul", {in, at});
        return graph.add(Op::Add, name + ".add", {in, at});
    }
    std::string upsample(const std::string& name, const std::string& in, int factor) {
        const auto f = static_cast<float>(factor);
        const std::vector<float> scales = {1, 1, f, f};
        return graph.add(Op::Resize, name,
                         {in, "", parameter(name + ".scales", Tensor::of({4}, scales))},
                         {{"mode", variant_.resize_mode},
                          {"coordinate_transformation_mode", std::string("asymmetric")},
                          {"nearest_mode", variant_.rounding}});
    }

    std::vector<std::string> neck(const std::vector<std::string>& features) {
        std::vector<std::string> outs(features.size());
        std::string above;
        for (int i = variant_.levels - 1; i >= 0; --i) {
            const auto level = static_cast<std::size_t>(i);
            const std::string name = core::concat("level", i);
            std::string f = conv(name + ".lateral", features[level], kChannels[level],
                                 variant_.inner, 1, variant_.biases);
            f = gate(name + ".lateral_gate", f, variant_.inner);
            if (variant_.lateral_relu) f = graph.add(Op::Relu, name + ".lateral_relu", {f});
            if (!above.empty()) {
                const std::string up = upsample(name + ".up", above, 2);
                f = graph.add(Op::Add, name + ".sum",
                              variant_.lateral_first ? std::vector{f, up} : std::vector{up, f});
            }
            above = f;
            const std::string p =
                conv(name + ".out", f, variant_.inner, variant_.out, 3, variant_.biases);
            outs[level] = gate(name + ".out_gate", p, variant_.out);
        }
        return outs;
    }

    std::string concat(const std::vector<std::string>& outs) {
        std::vector<std::string> maps;
        for (std::size_t i = 0; i < outs.size(); ++i)
            maps.push_back(i == 0 ? outs[0] : upsample(core::concat("up", i), outs[i], 1 << i));
        if (!variant_.finest_first) std::reverse(maps.begin(), maps.end());
        return graph.add(Op::Concat, "concat", maps, {{"axis", std::int64_t{1}}});
    }

    void head(const std::string& map, const std::string& from) {
        const std::string name = map + ".";
        std::string at = conv(name + "conv", from, variant_.out * variant_.levels, 7, 3, true);
        at = graph.add(variant_.head_leaky ? Op::LeakyRelu : Op::Relu, name + "relu", {at});
        at = deconv(name + "deconv1", at, 7, 9);
        at = graph.add(Op::Relu, name + "deconv1.relu", {at});
        at = deconv(name + "deconv2", at, 9, 1);
        graph.add(Op::Sigmoid, map, {at});
        graph.outputs.push_back({map, model::DataType::f32, {-1, 1, -1, -1}});
    }

    Variant variant_;
    std::mt19937 engine_{5};
    std::normal_distribution<double> normal_;
};

std::vector<Buffer> random_inputs(const Network& network, int levels) {
    std::mt19937 engine(9);
    std::normal_distribution<float> normal;
    std::vector<Buffer> inputs;
    for (int i = 0; i < levels; ++i) {
        inputs.push_back(Buffer::host(model::DataType::f32, network.dims(i)));
        for (float& v : inputs.back().f32()) v = normal(engine);
    }
    return inputs;
}

std::vector<Buffer> reference(const Graph& graph, const std::vector<Buffer>& inputs) {
    const Backend& backend = reference_backend();
    const auto executable = backend.compile(graph);
    return backend.run(*executable, *backend.create_context(1), inputs);
}

/// Runs a region that begins at the graph's inputs.
std::vector<std::vector<float>> run_region(const FusedRegion& region, const Graph& graph,
                                           const std::vector<Buffer>& inputs) {
    std::vector<Dims> dims;
    std::vector<const float*> pointers;
    for (const std::string& name : region.inputs)
        for (std::size_t i = 0; i < inputs.size(); ++i)
            if (graph.inputs[i].name == name) {
                dims.push_back(inputs[i].dims());
                pointers.push_back(inputs[i].f32().data());
            }
    const auto kernel = region.instantiate(dims);
    if (kernel == nullptr) return {};
    const Buffer scratch = Buffer::host(
        model::DataType::f32, {static_cast<std::int64_t>(kernel->scratch_bytes(2) / 4 + 1)});
    const Dims& finest = inputs[0].dims();
    std::vector<std::vector<float>> maps(region.outputs.size());
    std::vector<float*> outputs;
    for (std::vector<float>& map : maps) {
        map.resize(static_cast<std::size_t>(16 * finest[2] * finest[3]));
        outputs.push_back(map.data());
    }
    kernel->run(pointers, outputs, static_cast<std::byte*>(scratch.data()), 2);
    return maps;
}

void expect_near(std::span<const float> actual, std::span<const float> expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i)
        ASSERT_NEAR(actual[i], expected[i], 1e-5) << "at " << i;
}

void expect_whole_match(const Variant& variant) {
    const Network network(variant);
    const auto regions = match_pyramid(network.graph);
    ASSERT_EQ(regions.size(), 1U);
    const FusedRegion& region = *regions[0];
    EXPECT_EQ(region.name, "pyramid");
    EXPECT_EQ(region.outputs.size(), variant.threshold ? 2U : 1U);
    EXPECT_EQ(region.nodes.size(), network.graph.nodes.size());
    const auto inputs = random_inputs(network, variant.levels);
    const auto actual = run_region(region, network.graph, inputs);
    const auto expected = reference(network.graph, inputs);
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
        EXPECT_EQ(region.outputs[i], network.graph.outputs[i].name);
        expect_near(actual[i], expected[i].f32());
    }
}

TEST(PyramidFusion, WholeNetworksEqualTheReference) {
    expect_whole_match({});
    expect_whole_match({.gates = true});
    expect_whole_match({.biases = true});
    expect_whole_match({.gates = true, .biases = true, .finest_first = true});
    expect_whole_match({.levels = 2, .lateral_first = false});
    expect_whole_match({.levels = 3, .inner = 40, .out = 3});
    expect_whole_match({.gates = true, .threshold = true});
}

std::vector<std::string> names_of(const Graph& graph) {
    std::vector<std::string> names;
    for (const auto& region : match_pyramid(graph)) names.push_back(region->name);
    return names;
}

TEST(PyramidFusion, MatchesTheHeadOrItsTailBehindOtherNetworks) {
    const Network other_neck({.lateral_relu = true});
    const auto regions = match_pyramid(other_neck.graph);
    ASSERT_EQ(regions.size(), 1U);
    EXPECT_EQ(regions[0]->name, "head");
    const std::vector<std::string> expected = {"level0.out", "level1.out", "level2.out",
                                               "level3.out"};
    EXPECT_EQ(regions[0]->inputs, expected);

    const Network other_head({.head_leaky = true});
    const auto tails = match_pyramid(other_head.graph);
    ASSERT_EQ(tails.size(), 1U);
    EXPECT_EQ(tails[0]->name, "head_tail");
    EXPECT_EQ(tails[0]->inputs, std::vector<std::string>{"map.relu"});
    EXPECT_EQ(tails[0]->nodes.size(), 4U);
}

TEST(PyramidFusion, LeavesOtherUpsamplingAlone) {
    EXPECT_EQ(names_of(Network({.resize_mode = "linear"}).graph),
              std::vector<std::string>{"head_tail"});
    EXPECT_EQ(names_of(Network({.rounding = "ceil"}).graph), std::vector<std::string>{"head_tail"});
}

TEST(PyramidFusion, InnerValuesMustNotBeUsedElsewhere) {
    const auto with_output = [](const std::string& value) {
        Network network({});
        network.graph.outputs.push_back({value, model::DataType::f32, {-1, -1, -1, -1}});
        return names_of(network.graph);
    };
    EXPECT_EQ(with_output("level2.sum"), std::vector<std::string>{"head"});
    EXPECT_EQ(with_output("concat"), std::vector<std::string>{"head_tail"});
    EXPECT_EQ(with_output("map.deconv1"), std::vector<std::string>{});
    EXPECT_EQ(with_output("level0.out"), std::vector<std::string>{"head"});

    Network two_heads({.threshold = true});
    two_heads.graph.outputs.push_back({"threshold.conv", model::DataType::f32, {-1, 7, -1, -1}});
    EXPECT_EQ(names_of(two_heads.graph), (std::vector<std::string>{"head_tail", "head_tail"}));

    Network network({});
    network.graph.add(Op::Relu, "elsewhere", {"up3"});
    network.graph.outputs.push_back({"elsewhere", model::DataType::f32, {-1, -1, -1, -1}});
    EXPECT_EQ(names_of(network.graph), std::vector<std::string>{"head_tail"});
}

TEST(PyramidFusion, HeadTailEqualsTheReference) {
    const Network network({.head_leaky = true});
    const auto inputs = random_inputs(network, 4);
    const auto regions = match_pyramid(network.graph);
    Graph front = network.graph;
    front.outputs = {{"map.relu", model::DataType::f32, {-1, 7, -1, -1}}};
    front.remove_dead();
    const Buffer before = reference(front, inputs)[0];
    const auto kernel = regions[0]->instantiate({before.dims()});
    const Buffer scratch = Buffer::host(
        model::DataType::f32, {static_cast<std::int64_t>(kernel->scratch_bytes(2) / 4 + 1)});
    const Buffer expected = reference(network.graph, inputs)[0];
    std::vector<float> map(expected.f32().size());
    const float* input = before.f32().data();
    float* output = map.data();
    kernel->run({&input, 1}, {&output, 1}, static_cast<std::byte*>(scratch.data()), 2);
    expect_near(map, expected.f32());
}

TEST(PyramidFusion, OtherExtentsAreLeftToTheNodes) {
    const auto regions = match_pyramid(Network({.levels = 2}).graph);
    EXPECT_NE(regions[0]->instantiate({{1, 5, 4, 6}, {1, 8, 2, 3}}), nullptr);
    EXPECT_EQ(regions[0]->instantiate({{1, 5, 5, 6}, {1, 8, 2, 3}}), nullptr);
    EXPECT_EQ(regions[0]->instantiate({{1, 6, 4, 6}, {1, 8, 2, 3}}), nullptr);
}

}  // namespace
}  // namespace dbnet::engine::cpu
