#include "app/parity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include <dbnet/error.hpp>

#include "app/text_picture.hpp"
#include "core/file.hpp"
#include "model/networks/network.hpp"
#include "model/onnx.hpp"
#include "model/rewrite.hpp"
#include "support/temp_dir.hpp"
#include "support/tiny_model.hpp"

namespace dbnet::app {
namespace {

using model::Graph;
using model::Tensor;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Difference, IsTheLargestAndTheMeanOfAbsoluteValues) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const float infinity = std::numeric_limits<float>::infinity();
    const std::vector<float> a{1, 2, 3, 4};
    const Difference found = difference(a, std::vector<float>{1, 2.5f, 3, 2.5f});
    EXPECT_EQ(found.largest, 1.5);
    EXPECT_EQ(found.mean, 0.5);
    EXPECT_EQ(difference(a, a).largest, 0);
    EXPECT_EQ(difference(std::vector{infinity}, std::vector{infinity}).largest, 0);
    EXPECT_TRUE(std::isinf(difference(std::vector{nan}, std::vector{nan}).largest));
    EXPECT_TRUE(std::isinf(difference(std::vector{nan}, std::vector{1.f}).largest));
    EXPECT_TRUE(std::isinf(difference(a, std::vector{1.f}).largest));
}

TEST(TextPicture, HasInkAndIsTheSameEachTime) {
    const Image first = text_picture(160, 96, 1);
    const Image again = text_picture(160, 96, 1);
    const Image other = text_picture(160, 96, 2);
    const auto bytes = [](const Image& image) {
        return std::vector<std::uint8_t>(image.row(0), image.row(0) + 3 * 160 * 96);
    };
    EXPECT_EQ(bytes(first), bytes(again));
    EXPECT_NE(bytes(first), bytes(other));
    const auto ink = [](int value) { return value == 0 || value == 255; };
    EXPECT_GT(std::ranges::count_if(bytes(first), ink), 1000);
    EXPECT_EQ(text_picture(1, 1, 3).width(), 1);
}

class ParityTest : public testing::Test {
protected:
    std::string write(const std::string& name, const Graph& graph,
                      const model::OnnxWriteOptions& options = {}) {
        model::write_onnx(graph, dir_ / name, options);
        return dir_ / name;
    }

    Parity compare_files(const std::string& a, const std::string& b, bool layers = false,
                         const std::string& runner_b = "engine") {
        const std::vector<Runner> all = runners();
        return compare({.a = {a, runner_named(all, "engine")},
                        .b = {b, runner_named(all, runner_b)},
                        .layers = layers});
    }

    const test::TempDir dir_;
};

/// The tiny model with one weight changed in the middle.
Graph changed_model(std::string& value) {
    Graph graph = test::tiny_model();
    std::size_t convolutions = 0;
    for (const model::Node& node : graph.nodes) {
        if (node.op != model::Op::Conv || ++convolutions < 4) continue;
        value = node.outputs.front();
        const Tensor& weight = graph.parameters.at(node.inputs[1]);
        std::vector<float> values(weight.f32().begin(), weight.f32().end());
        for (float& x : values) x += 0.25f;
        graph.parameters[node.inputs[1]] = Tensor::of(weight.dims(), values);
        break;
    }
    return graph;
}

TEST_F(ParityTest, OneModelIsTheSameInBothExecutorsLayerByLayer) {
    const Graph graph = test::tiny_model();
    const std::string file = write("a.onnx", graph);
    const Parity parity = compare_files(file, file, true, "reference");
    EXPECT_TRUE(parity.is_same);
    EXPECT_LT(parity.difference.largest, 1e-5);
    ASSERT_EQ(parity.inputs.size(), 3u);
    EXPECT_EQ(parity.inputs[2].dims[0], 2);
    EXPECT_EQ(parity.layers.size(), graph.nodes.size());
    EXPECT_EQ(parity.layers.back().a, graph.outputs.front().name);
    EXPECT_EQ(parity.first_beyond(1e-4), nullptr);
    EXPECT_THAT(parity.warnings, IsEmpty());
}

TEST_F(ParityTest, NamesTheFirstLayerThatDiffers) {
    std::string changed;
    const std::string b = write("b.onnx", changed_model(changed));
    const std::string a = write("a.onnx", test::tiny_model());
    const Parity parity = compare_files(a, b, true);
    EXPECT_FALSE(parity.is_same);
    ASSERT_NE(parity.first_beyond(1e-4), nullptr);
    EXPECT_EQ(parity.first_beyond(1e-4)->a, changed);
    EXPECT_EQ(parity.first_beyond(1e-4)->op, "Conv");
    EXPECT_FALSE(compare_files(a, b).is_same);
}

TEST_F(ParityTest, RenamedLayersAreMatchedByPosition) {
    const Graph graph = test::tiny_model();
    Graph renamed = graph;
    const auto rename = [&](std::string& value) {
        if (!value.empty() && value != "image" && graph.parameter(value) == nullptr)
            value = "other/" + value;
    };
    for (model::Node& node : renamed.nodes) {
        for (std::string& input : node.inputs) rename(input);
        for (std::string& output : node.outputs) rename(output);
    }
    rename(renamed.outputs.front().name);
    const Parity parity = compare_files(write("a.onnx", graph), write("b.onnx", renamed), true);
    EXPECT_TRUE(parity.is_same);
    EXPECT_EQ(parity.layers.size(), graph.nodes.size());
    EXPECT_EQ(parity.layers[1].b, "other/" + parity.layers[1].a);
}

TEST_F(ParityTest, HalfSizeWeightsAreCloseButNotTheSame) {
    const Graph graph = model::build_network({.backbone = model::Backbone::mobilenet_v3_large_half,
                                              .inner = 16,
                                              .threshold_branch = false});
    const std::string half = write("half.onnx", graph, {.f16_weights = true});
    EXPECT_GT(compare_files(write("a.onnx", graph), half).difference.largest, 0);
    Graph rounded = model::read_onnx(half);
    model::widen_weights(rounded);
    EXPECT_EQ(compare_files(write("rounded.onnx", rounded), half).difference.largest, 0);
}

TEST_F(ParityTest, TakesImagesThroughTheFirstModelsPreprocessing) {
    Graph graph = test::tiny_model();
    const std::string a = write("a.onnx", graph);
    graph.metadata["dbnet.mean"] = "0,0,0";
    const std::string b = write("b.onnx", graph);
    std::filesystem::create_directory(dir_ / "photos");
    text_picture(300, 200, 1).write(dir_ / "photos/one.png");
    text_picture(90, 120, 2).write(dir_ / "photos/two.png");
    const std::vector<Runner> all = runners();
    ParityOptions options{.a = {a, all[0]}, .b = {b, all[0]}, .data = dir_ / "photos"};
    Parity parity = compare(options);
    EXPECT_TRUE(parity.is_same);
    ASSERT_EQ(parity.inputs.size(), 2u);
    EXPECT_EQ(parity.inputs[0].name, "one.png");
    EXPECT_EQ(parity.inputs[0].dims, (model::Dims{1, 3, 192, 288}));  // max:960, to multiples of 32
    EXPECT_THAT(parity.warnings, ElementsAre(HasSubstr("mean")));
    options.size = SizeRule::parse("64x96");
    EXPECT_EQ(compare(options).inputs[1].dims, (model::Dims{1, 3, 64, 96}));
    options.data = "";
    parity = compare(options);
    ASSERT_EQ(parity.inputs.size(), 1u);
    EXPECT_EQ(parity.inputs[0].dims, (model::Dims{1, 3, 64, 96}));
}

TEST_F(ParityTest, RefusesWhatCannotBeCompared) {
    const std::string a = write("a.onnx", test::tiny_model());
    const std::vector<Runner> all = runners();
    ParityOptions options{.a = {a, all[0]}, .b = {a, all[0]}, .data = dir_ / "photos"};
    std::filesystem::create_directory(dir_ / "photos");
    EXPECT_THROW(compare(options), Error);  // no image
    core::write_file(dir_ / "photos/bad.png", "no image");
    EXPECT_THROW(compare(options), Error);  // none that can be read
    text_picture(64, 64, 1).write(dir_ / "photos/good.png");
    EXPECT_THAT(compare(options).unreadable, ElementsAre(HasSubstr("bad.png")));
    options.data = "";
    options.tolerance = -1;
    EXPECT_THROW(compare(options), Error);
    EXPECT_THROW(runner_named(all, "enigne"), Error);
    EXPECT_THROW(compare({.a = {dir_ / "none.onnx", all[0]}, .b = {a, all[0]}}), Error);
}

}  // namespace
}  // namespace dbnet::app
