#include "train/start.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>

#include <dbnet/error.hpp>

#include "engine/backend.hpp"
#include "model/onnx.hpp"
#include "support/ppocr_models.hpp"
#include "support/pth_file.hpp"
#include "support/temp_dir.hpp"
#include "support/tiny_model.hpp"
#include "train/affine_blocks.hpp"
#include "train/program.hpp"

namespace dbnet::train {
namespace {

using engine::Buffer;
using model::Graph;
using model::Op;
using model::Tensor;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr model::NetworkOptions kSmall{
    .backbone = model::Backbone::mobilenet_v3_large_half, .inner = 16, .seed = 1};

Buffer noise(const model::Dims& dims) {
    Buffer buffer = Buffer::host(model::DataType::f32, dims);
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (float& value : buffer.f32()) value = normal(random);
    return buffer;
}

std::vector<Buffer> run(const Graph& graph, const Buffer& input) {
    const engine::Backend& backend = engine::cpu_backend();
    return backend.run(*backend.compile(graph), *backend.create_context(1), std::span(&input, 1));
}

std::string message_of(const StartOptions& options) {
    try {
        make_start(options);
    } catch (const Error& error) {
        return error.what();
    }
    return "no error";
}

Tensor constant(const model::Dims& dims, float value) {
    return Tensor::of(
        dims, std::vector<float>(static_cast<std::size_t>(model::element_count(dims)), value));
}

/// The first value of a parameter.
float first(const Start& start, const std::string& name) {
    return start.graph.parameters.at(name).f32()[0];
}

TEST(Start, WithoutAFileEverythingIsFresh) {
    const Start start = make_start({.network = kSmall});
    start.graph.check();
    EXPECT_EQ(start.graph, model::build_network(kSmall));
    EXPECT_EQ(start.threshold, "threshold");
    EXPECT_THAT(start.fresh, Contains("decoder.thresh.6.bias"));
    EXPECT_THAT(start.fresh, Not(Contains("binary.logits.factor")));  // a constant
    EXPECT_THAT(start.used, IsEmpty());

    model::NetworkOptions plain = kSmall;
    plain.threshold_branch = false;
    EXPECT_EQ(make_start({.network = plain}).threshold, "");
}

TEST(Start, FillsInWhatFitsAndSaysWhatDoesNot) {
    const test::TempDir dir;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    test::write_pth(dir / "resnet.pth",
                    {{"conv1.weight", constant({64, 3, 7, 7}, 0.25f)},  // torchvision
                     {"module.layer1.0.bn1.bias", constant({64}, 0.5f)},
                     {"model.module.decoder.in5.weight", constant({32, 512, 1, 1}, 0.75f)},
                     {"backbone.conv1.weight", constant({64, 3, 7, 7}, 1)},  // a second one
                     {"bn1.weight", constant({32}, 1)},
                     {"bn1.bias", constant({64}, nan)},
                     {"bn1.num_batches_tracked", constant({1}, 7)},
                     {"fc.weight", constant({1000, 512}, 1)}});
    const Start start = make_start({.network = {.inner = 32}, .init = dir / "resnet.pth"});
    start.graph.check();
    EXPECT_THAT(start.used, ElementsAre("conv1.weight", "module.layer1.0.bn1.bias",
                                        "model.module.decoder.in5.weight"));
    EXPECT_EQ(first(start, "backbone.conv1.weight"), 0.25f);
    EXPECT_EQ(first(start, "backbone.layer1.0.bn1.bias"), 0.5f);
    EXPECT_EQ(first(start, "decoder.in5.weight"), 0.75f);
    EXPECT_THAT(start.unused, ElementsAre(HasSubstr("backbone.conv1.weight: another tensor"),
                                          HasSubstr("bn1.weight: is [32], the network's is [64]"),
                                          HasSubstr("bn1.bias: holds values that are not finite"),
                                          HasSubstr("fc.weight: the network has no parameter")));
    EXPECT_THAT(start.fresh, Contains("backbone.bn1.weight"));
    EXPECT_THAT(start.fresh, Not(Contains("backbone.conv1.weight")));
    const Graph random = model::build_network({.inner = 32});
    EXPECT_EQ(start.graph.parameters.at("backbone.bn1.bias"),
              random.parameters.at("backbone.bn1.bias"));
}

TEST(Start, TakesTheWeightsOfARunsFolder) {
    const test::TempDir dir;
    model::NetworkOptions other = kSmall;
    other.seed = 2;
    const Graph trained = model::build_network(other);
    std::filesystem::create_directories(dir / "checkpoints/step-000000010");
    model::write_onnx(trained, dir / "checkpoints/step-000000010/weights.onnx");
    const Start start = make_start({.network = kSmall, .init = dir.path()});
    EXPECT_EQ(start.graph.parameters, trained.parameters);
    EXPECT_THAT(start.fresh, IsEmpty());
    EXPECT_THAT(start.unused, IsEmpty());
}

TEST(Start, NothingThatFitsIsAnError) {
    const test::TempDir dir;
    test::write_pth(dir / "other.pth", {{"stem.weight", constant({8, 3, 3, 3}, 1)}});
    const std::string message = message_of({.network = kSmall, .init = dir / "other.pth"});
    EXPECT_THAT(message, HasSubstr("stem.weight"));
    EXPECT_THAT(message, HasSubstr("backbone."));
    EXPECT_THAT(message, Not(HasSubstr("backbone=init")));

    model::write_onnx(test::tiny_model(), dir / "tiny.onnx");
    EXPECT_THAT(message_of({.network = kSmall, .init = dir / "tiny.onnx"}),
                HasSubstr("model.backbone=init"));
    EXPECT_THAT(message_of({.network = kSmall, .init = dir / "missing.pth"}),
                HasSubstr("missing.pth"));
}

/// Start with a file's own network.
Start start_of(const std::string& path, bool threshold_branch = true) {
    return make_start({.network_of_init = true,
                       .network = {.threshold_branch = threshold_branch, .seed = 3},
                       .init = path});
}

TEST(Start, AFilesNetworkGetsAThresholdBranchOnTheFeaturesOfItsHead) {
    const test::TempDir dir;
    model::NetworkOptions plain = kSmall;
    plain.threshold_branch = false;
    const Graph network = model::build_network(plain);
    model::write_onnx(network, dir / "det.onnx", {.f16_weights = true});
    const Start start = start_of(dir / "det.onnx");
    start.graph.check();
    EXPECT_EQ(start.threshold, "threshold");
    // As if it had been built with the branch, on the same features and as wide.
    const Graph with_branch = model::build_network(kSmall);
    for (const auto& [name, tensor] : with_branch.parameters) {
        if (name == "binary.logits.factor") continue;
        EXPECT_EQ(start.graph.parameters.at(name).dims(), tensor.dims()) << name;
    }
    EXPECT_EQ(start.graph.parameters.size(), with_branch.parameters.size() - 1);
    const auto node = std::ranges::find(start.graph.nodes, "decoder.thresh.0", &model::Node::name);
    EXPECT_EQ(
        node->inputs[0],
        std::ranges::find(with_branch.nodes, "decoder.binarize.0", &model::Node::name)->inputs[0]);
    EXPECT_THAT(start.fresh, testing::Each(StartsWith("decoder.thresh.")));
    EXPECT_EQ(start.fresh.size() + start.used.size() + start.unused.size(),
              make_start({.network = kSmall}).fresh.size());
    EXPECT_EQ(start_of(dir / "det.onnx").graph, start.graph);  // the seed says all

    EXPECT_EQ(start_of(dir / "det.onnx", false).graph.outputs.size(), 1u);
}

TEST(Start, AFilesThresholdBranchIsKeptOrCutAway) {
    const test::TempDir dir;
    model::write_onnx(model::build_network(kSmall), dir / "weights.onnx");
    const Start start = start_of(dir.path());  // a checkpoint
    EXPECT_EQ(start.threshold, "threshold");
    EXPECT_THAT(start.fresh, IsEmpty());
    EXPECT_THAT(start.unused, IsEmpty());

    const Start without = start_of(dir.path(), false);
    EXPECT_EQ(without.threshold, "");
    EXPECT_THAT(without.unused, Contains(StartsWith("decoder.thresh.0.weight: ")));
    EXPECT_EQ(without.graph.parameter("decoder.thresh.0.weight"), nullptr);
}

TEST(Start, MapsThatAreStackedInOneOutputAreTakenApart) {
    const test::TempDir dir;
    Graph graph = model::build_network(kSmall);
    graph.add(Op::Concat, "maps", {"probability", "threshold", "binary"},
              {{"axis", std::int64_t{1}}});
    graph.outputs = {{"maps", model::DataType::f32, {-1, 3, -1, -1}}};
    model::write_onnx(graph, dir / "det.onnx");
    const Start start = start_of(dir / "det.onnx");
    EXPECT_EQ(start.graph.outputs.front().name, "probability");
    EXPECT_EQ(start.threshold, "threshold");
    EXPECT_THAT(start.fresh, IsEmpty());
}

TEST(Start, FixedExtentsAreOpened) {
    const test::TempDir dir;
    Graph graph = test::tiny_model();
    graph.inputs[0].dims = {1, 3, 64, 96};
    graph.outputs[0].dims = {1, 1, 64, 96};
    model::write_onnx(graph, dir / "fixed.onnx");
    const Start start = start_of(dir / "fixed.onnx");
    EXPECT_EQ(start.graph.inputs[0].dims, (model::Dims{-1, 3, -1, -1}));
    EXPECT_EQ(run(start.graph, noise({2, 3, 96, 160}))[1].dims(), (model::Dims{2, 1, 96, 160}));
}

double largest_difference(const Graph& a, const Graph& b) {
    const Buffer input = noise({2, 3, 64, 96});
    const Buffer x = run(a, input)[0];
    const Buffer y = run(b, input)[0];
    double largest = 0;
    for (std::size_t i = 0; i < x.f32().size(); ++i)
        largest = std::max(largest, std::abs(static_cast<double>(x.f32()[i] - y.f32()[i])));
    return largest;
}

TEST(Start, DetectorsOfOtherKindsComputeTheSameAndGetAThresholdBranch) {
    const test::TempDir dir;
    for (const Graph& graph : {test::lcnet_detector(), test::gelu_detector()}) {
        model::write_onnx(graph, dir / "det.onnx");
        const Start start = start_of(dir / "det.onnx");
        start.graph.check();
        EXPECT_EQ(start.graph.outputs.size(), 2u);
        EXPECT_LT(largest_difference(graph, start.graph), 1e-5);
        EXPECT_EQ(start_of(dir / "det.onnx", false).graph.outputs.size(), 1u);
    }
}

TEST(AffineBlocks, AreNumbersWithAnAxisAndNoScalars) {
    Graph graph = test::lcnet_detector();
    const std::vector<AffineBlock> blocks = affine_blocks(graph);
    EXPECT_EQ(blocks.size(), 9u);  // three in the stem, three in each of two blocks
    const std::set<std::string> weights = parameter_roles(graph).weights;
    std::size_t numbers = 0;
    for (const auto& [name, tensor] : graph.parameters)
        if (tensor.size() == 1 && tensor.type() == model::DataType::f32) {
            EXPECT_EQ(weights.contains(name), !tensor.dims().empty()) << name;
            numbers += weights.contains(name) ? 1 : 0;
        }
    EXPECT_EQ(numbers, 2 * blocks.size() + 1);  // and the bias of the last layer
    EXPECT_TRUE(affine_blocks(test::gelu_detector()).empty());
}

TEST(AffineBlocks, GiveTheirFactorsToTheConvolutionsBehindThem) {
    const Graph before = test::lcnet_detector();
    Graph after = before;
    balance_affine_blocks(after);
    EXPECT_LT(largest_difference(before, after), 1e-5);
    const auto factors = [](const Graph& graph) {
        std::vector<float> values;
        for (const AffineBlock& block : affine_blocks(graph))
            values.push_back(graph.parameters.at(block.factor).f32()[0]);
        return values;
    };
    EXPECT_THAT(factors(before), Contains(testing::FloatEq(0.005f)));
    // What an activation or a gate reads keeps its factor.
    EXPECT_THAT(factors(after), Contains(testing::FloatEq(1.9f)));
    EXPECT_THAT(factors(after), testing::Each(testing::Gt(0.5f)));
    for (const auto& [name, tensor] : after.parameters)
        if (tensor.dims() == model::Dims{8, 1, 3, 3})
            for (const float weight : tensor.f32()) EXPECT_LT(std::abs(weight), 1);
}

TEST(Start, NetworksThatCannotBeTrainedAreRefused) {
    const test::TempDir dir;
    const auto message = [&](auto change) {
        Graph graph = test::tiny_model();
        change(graph);
        model::write_onnx(graph, dir / "det.onnx");
        return message_of({.network_of_init = true, .init = dir / "det.onnx"});
    };
    EXPECT_THAT(message([](Graph& g) {
                    g.parameters["w"] = constant({1, 1, 1, 1}, 1);
                    g.inputs.push_back({"second", model::DataType::f32, {1}});
                }),
                HasSubstr("one f32 image"));
    EXPECT_THAT(message([](Graph& g) {
                    g.add(Op::GlobalAveragePool, "pooled", {g.outputs[0].name});
                    g.outputs = {{"pooled", model::DataType::f32, {-1, 1, 1, 1}}};
                }),
                HasSubstr("expected one channel of its extents"));
    EXPECT_THAT(message([](Graph& g) {
                    g.add(Op::Identity, "threshold", {g.outputs[0].name});
                    g.add(Op::Identity, "p", {"threshold"});
                    g.outputs = {{"p", model::DataType::f32, {-1, 1, -1, -1}}};
                }),
                HasSubstr("a value 'threshold' but no output"));
    EXPECT_THAT(message([](Graph& g) {
                    g.nodes.clear();
                    g.parameters = {{"w", constant({1, 3, 1, 1}, 1)}};
                    g.add(Op::Conv, "logits", {"image", "w"});
                    g.add(Op::Sigmoid, "probability", {"logits"});
                }),
                HasSubstr("threshold_branch: false"));
    EXPECT_THAT(message_of({.network_of_init = true}), HasSubstr("init"));
    test::write_pth(dir / "x.pth", {{"w", constant({1}, 1)}});
    EXPECT_THAT(message_of({.network_of_init = true, .init = dir / "x.pth"}),
                HasSubstr("without a network"));
}

}  // namespace
}  // namespace dbnet::train
