#include "model/networks/network.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include <dbnet/error.hpp>

#include "model/shape_inference.hpp"

namespace dbnet::model {
namespace {

/// Trainable values: everything but the running statistics and constants such as resize factors.
std::int64_t trainable(const Graph& graph) {
    std::int64_t count = 0;
    for (const auto& [name, tensor] : graph.parameters)
        if (name.ends_with(".weight") || name.ends_with(".bias")) count += tensor.size();
    return count;
}

Graph network(NetworkOptions options) {
    Graph graph = build_network(options);
    graph.check();
    return graph;
}

TEST(Network, ResNet18HasThePublishedNumberOfParameters) {
    // Specification, 1.2: 12.177 M for inference, 12.341 M with the threshold branch.
    EXPECT_NEAR(static_cast<double>(trainable(network({.threshold_branch = false}))), 12.177e6,
                500);
    EXPECT_NEAR(static_cast<double>(trainable(network({}))), 12.341e6, 500);
    // 3.1: 164,417 per branch.
    EXPECT_EQ(trainable(network({})) - trainable(network({.threshold_branch = false})), 164'417);
}

TEST(Network, MapsAreAsLargeAsTheInput) {
    for (const Backbone backbone :
         {Backbone::resnet18, Backbone::mobilenet_v3_large, Backbone::mobilenet_v3_large_half})
        for (const bool serial : {false, true}) {
            SCOPED_TRACE(testing::Message() << to_string(backbone) << (serial ? " serial" : ""));
            const Graph graph = network({.backbone = backbone, .inner = 64, .serial = serial});
            const InferredValues values = infer_shapes(graph, {{2, 3, 96, 160}});
            ASSERT_EQ(graph.outputs.size(), 3u);
            for (const ValueInfo& output : graph.outputs)
                EXPECT_EQ(values.at(output.name).dims, (Dims{2, 1, 96, 160})) << output.name;
        }
}

TEST(Network, FeaturesOfTheHalfWidthMobileNetAreRoundedAsPaddleOcrDoes) {
    Graph graph;
    NetworkBuilder builder(graph, 0);
    const Features features = add_mobilenet_v3_large(builder, builder.input("image", 3), 0.5);
    std::vector<int> channels;
    for (const std::string& feature : features) channels.push_back(builder.channels(feature));
    EXPECT_EQ(channels, (std::vector<int>{16, 24, 56, 480}));  // specification, 1.5
}

TEST(Network, InitialValuesDependOnTheSeedAlone) {
    const auto weights = [](std::uint64_t seed, bool threshold) {
        const Graph graph =
            build_network({.inner = 64, .threshold_branch = threshold, .seed = seed});
        const auto values = graph.parameter("backbone.layer3.1.conv2.weight")->f32();
        return std::vector<float>(values.begin(), values.end());
    };
    EXPECT_EQ(weights(1, true), weights(1, false));
    EXPECT_NE(weights(1, true), weights(2, true));
}

TEST(Network, WeightsAreDrawnWithTheStatedDeviation) {
    const Graph graph = build_network({});
    const auto deviation = [&](const char* name) {
        double sum = 0;
        const auto values = graph.parameter(name)->f32();
        for (const float x : values) sum += static_cast<double>(x) * x;
        return std::sqrt(sum / static_cast<double>(values.size()));
    };
    EXPECT_NEAR(deviation("backbone.layer4.1.conv2.weight"), std::sqrt(2.0 / (9 * 512)), 1e-4);
    EXPECT_NEAR(deviation("decoder.out2.weight"), std::sqrt(2.0 / (9 * 256)), 3e-4);
    EXPECT_NEAR(deviation("decoder.binarize.3.weight"), std::sqrt(2.0 / 256), 2e-3);
    EXPECT_FLOAT_EQ(graph.parameter("decoder.thresh.4.bias")->f32()[0], 1e-4f);
}

TEST(Network, RefusesWhatMakesNoSense) {
    EXPECT_THROW(build_network({.inner = 30}), Error);
    EXPECT_THROW(build_network({.k = 0}), Error);
    EXPECT_THROW(backbone_named("resnet19"), Error);
    EXPECT_EQ(backbone_named("mobilenet_v3_large"), Backbone::mobilenet_v3_large);
}

}  // namespace
}  // namespace dbnet::model
