#include "app/export.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <dbnet/error.hpp>

#include "model/networks/network.hpp"
#include "model/onnx.hpp"
#include "model/rewrite.hpp"
#include "support/temp_dir.hpp"
#include "support/tiny_model.hpp"

namespace dbnet::app {
namespace {

using model::Graph;
using testing::Each;
using testing::EndsWith;
using testing::Field;
using testing::Gt;
using testing::Le;

/// A whole network as training leaves it.
Graph trained() {
    Graph graph = model::build_network(
        {.backbone = model::Backbone::mobilenet_v3_large_half, .inner = 16, .seed = 4});
    graph.metadata["dbnet.size"] = "736";
    graph.metadata["dbnet.training"] = "dbnet, 10 steps";
    return graph;
}

class ExportTest : public testing::Test {
protected:
    std::string checkpoint(const std::string& folder, const Graph& graph) {
        std::filesystem::create_directories(dir_ / folder);
        model::write_onnx(graph, dir_ / (folder + "/weights.onnx"));
        return dir_ / folder;
    }

    const test::TempDir dir_;
};

TEST_F(ExportTest, CutsToTheProbabilityMapAndKeepsTheMetadata) {
    const Graph whole = trained();
    const Export result = export_model({.source = checkpoint("step-1", whole)});
    EXPECT_TRUE(result.is_faithful);
    EXPECT_TRUE(result.is_dynamic);
    EXPECT_THAT(result.checks, Each(Field(&ExportCheck::difference, Le(1e-4))));
    EXPECT_EQ(result.checks.size(), 3u);
    const Graph exported = model::parse_onnx(result.onnx, "exported");
    EXPECT_EQ(
        exported.outputs,
        (std::vector<model::ValueInfo>{{"probability", model::DataType::f32, {-1, 1, -1, -1}}}));
    EXPECT_EQ(exported.metadata, whole.metadata);
    for (const auto& [name, tensor] : exported.parameters) {
        EXPECT_FALSE(name.starts_with("decoder.thresh"));
        EXPECT_EQ(tensor, whole.parameters.at(name)) << name;
    }
}

TEST_F(ExportTest, WritesMetadataThatDetectorsUnderstand) {
    const std::string source = checkpoint("step-1", trained());
    const Export result = export_model(
        {.source = source, .metadata = {{"dbnet.size", "640"}, {"dbnet.licence", "MIT"}}});
    EXPECT_EQ(model::parse_onnx(result.onnx, "exported").metadata,
              (std::map<std::string, std::string>{{"dbnet.size", "640"},
                                                  {"dbnet.licence", "MIT"},
                                                  {"dbnet.training", "dbnet, 10 steps"}}));
    EXPECT_THROW(export_model({.source = source, .metadata = {{"dbnet.size", "huge"}}}), Error);
}

TEST_F(ExportTest, HalfSizeWeightsAreCheckedAgainstBoth) {
    const std::string source = checkpoint("step-1", trained());
    const Export whole = export_model({.source = source});
    const Export half = export_model({.source = source, .f16 = true});
    EXPECT_LT(half.onnx.size(), 0.75 * static_cast<double>(whole.onnx.size()));
    EXPECT_THAT(half.checks, Each(Field(&ExportCheck::difference, Le(1e-4))));
    EXPECT_THAT(half.checks, Each(Field(&ExportCheck::rounding, Gt(0))));
}

/// sigmoid(c (mean of 1.0003 x - mean of x)): f16 rounds 1.0003 to 1.
TEST_F(ExportTest, WeightsThatDoNotSurviveRoundingAreNotFaithful) {
    Graph graph;
    graph.inputs = {{"image", model::DataType::f32, {-1, 3, -1, -1}}};
    const auto constant = [&](const std::string& name, model::Dims dims, float value) {
        const auto count = static_cast<std::size_t>(model::element_count(dims));
        graph.parameters[name] = model::Tensor::of(dims, std::vector<float>(count, value));
        return name;
    };
    const std::map<std::string, model::Attribute> same{
        {"pads", std::vector<std::int64_t>{37, 37, 37, 37}},
        {"strides", std::vector<std::int64_t>{16, 16}}};
    graph.add(model::Op::Conv, "more", {"image", constant("a", {1, 3, 75, 75}, 1.0003f)}, same);
    graph.add(model::Op::Conv, "less", {"image", constant("b", {1, 3, 75, 75}, 1)}, same);
    graph.add(model::Op::Sub, "difference", {"more", "less"});
    graph.add(model::Op::Mul, "logits", {"difference", constant("k", {1}, 3)});
    graph.add(model::Op::Sigmoid, "probability", {"logits"});
    graph.outputs = {{"probability", model::DataType::f32, {-1, 1, -1, -1}}};
    model::write_onnx(graph, dir_ / "det.onnx");
    const Export half = export_model({.source = dir_ / "det.onnx", .f16 = true});
    EXPECT_FALSE(half.is_faithful);
    EXPECT_THAT(half.checks, Each(Field(&ExportCheck::rounding, Gt(0.1))));
}

TEST_F(ExportTest, TakesTheGenerationThatIsAskedFor) {
    Graph graph = trained();
    checkpoint("run/checkpoints/step-000000010", graph);
    model::write_onnx(graph, dir_ / "run/best.onnx");
    const auto weights = [&](train::Generation generation) {
        return export_model({.source = dir_ / "run", .generation = generation}).weights;
    };
    EXPECT_THAT(weights(train::Generation::best_or_last), EndsWith("best.onnx"));
    EXPECT_THAT(weights(train::Generation::last), EndsWith("step-000000010/weights.onnx"));
    EXPECT_EQ(default_export_file({.source = dir_ / "run"}), dir_ / "run/model.onnx");
    EXPECT_EQ(default_export_file({.source = dir_ / "run", .f16 = true}),
              dir_ / "run/model_f16.onnx");
    EXPECT_THROW(default_export_file({.source = dir_ / "run/checkpoints/step-000000010"}), Error);
}

TEST_F(ExportTest, OpensFixedExtentsAndWritesOtherOpsets) {
    Graph graph = test::tiny_model();
    graph.inputs[0].dims = {1, 3, 64, 96};
    graph.outputs[0].dims = {1, 1, 64, 96};
    model::write_onnx(graph, dir_ / "fixed.onnx", {.f16_weights = true});
    const Export result = export_model({.source = dir_ / "fixed.onnx", .opset = 14});
    EXPECT_TRUE(result.is_dynamic);
    EXPECT_TRUE(result.is_faithful);
    ASSERT_EQ(result.checks.size(), 1u);
    EXPECT_EQ(result.checks[0].dims, (model::Dims{1, 3, 64, 96}));
    EXPECT_EQ(model::parse_onnx(result.onnx, "exported").inputs[0].dims,
              (model::Dims{-1, 3, -1, -1}));
    EXPECT_THROW(export_model({.source = dir_ / "fixed.onnx", .opset = 8}), Error);
}

}  // namespace
}  // namespace dbnet::app
