#include "train/parity_runner.hpp"

#include <gtest/gtest.h>

#include "app/parity.hpp"
#include "model/networks/network.hpp"
#include "model/onnx.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::train {
namespace {

TEST(ParityRunner, LibTorchComputesWhatTheEngineDoesLayerByLayer) {
    const test::TempDir dir;
    const model::Graph graph = model::build_network(
        {.backbone = model::Backbone::mobilenet_v3_large_half, .inner = 16, .seed = 1});
    model::write_onnx(graph, dir / "det.onnx");
    const std::vector<app::Runner> runners = app::runners();
    const app::Parity parity =
        app::compare({.a = {dir / "det.onnx", libtorch_runner()},
                      .b = {dir / "det.onnx", app::runner_named(runners, "engine")},
                      .layers = true});
    EXPECT_TRUE(parity.is_same);
    EXPECT_LT(parity.difference.largest, 1e-5);
    EXPECT_EQ(parity.layers.size(), graph.nodes.size());
}

}  // namespace
}  // namespace dbnet::train
