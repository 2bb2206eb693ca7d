// Neck and head of DB networks at 736 x 1280 on the CPU backend: as one fused region, and as oneDNN
// primitives (the same function, with ReLUs spelled so that no region matches). items_per_second
// counts the multiplications with additions of the network as it is written down, for both.

#include <benchmark/benchmark.h>

#include <array>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "engine/backend.hpp"
#include "model/networks/network.hpp"

namespace dbnet::engine {
namespace {

using model::Graph;
using model::Op;

struct Shape {
    const char* name;
    std::array<int, 4> channels;  ///< of C2 to C5
    int inner;

    /// Per pixel of stride 4: laterals, output convolutions, head, transposed convolutions.
    double macs_per_pixel() const {
        double macs = 0;
        for (int i = 0; i < 4; ++i) {
            const double pixels = 1.0 / (1 << 2 * i);
            macs += pixels * inner * (channels[static_cast<std::size_t>(i)] + 9.0 * inner / 4);
        }
        const double part = inner / 4.0;
        return macs + 9 * inner * part + 4 * part * part + 16 * part;
    }
};

constexpr std::array<Shape, 2> kShapes = {
    {{"ppocr_mobile", {16, 24, 56, 480}, 96}, {"resnet18", {64, 128, 256, 512}, 256}}};
constexpr int kHeight = 736 / 4;
constexpr int kWidth = 1280 / 4;

Graph network(const Shape& shape) {
    Graph graph;
    model::NetworkBuilder builder(graph, 1);
    model::Features features;
    for (std::size_t i = 0; i < shape.channels.size(); ++i)
        features.push_back(builder.input(core::concat("c", i + 2), shape.channels[i]));
    const std::string x = model::add_fpn(builder, features, shape.inner);
    const std::string logits = model::add_head_branch(builder, "binarize", x, shape.inner);
    builder.output(builder.apply(Op::Sigmoid, "probability", logits));
    return graph;
}

Graph without_regions(Graph graph) {
    for (model::Node& node : graph.nodes) {
        if (node.op != Op::Relu) continue;
        node.op = Op::LeakyRelu;
        node.attributes["alpha"] = 0.0F;
    }
    return graph;
}

void run(benchmark::State& state, const Shape& shape, const Graph& graph) {
    const Backend& backend = cpu_backend();
    const auto executable = backend.compile(graph);
    const auto context = backend.create_context(static_cast<int>(state.range(0)));
    std::vector<Buffer> inputs;
    for (int i = 0; i < 4; ++i) {
        inputs.push_back(Buffer::host(
            model::DataType::f32,
            {1, shape.channels[static_cast<std::size_t>(i)], kHeight >> i, kWidth >> i}));
        float value = 0;
        for (float& v : inputs.back().f32()) v = value = value > 1 ? -1 : value + 0.37F;
    }
    for (auto _ : state)
        benchmark::DoNotOptimize(backend.run(*executable, *context, inputs)[0].data());
    state.SetItemsProcessed(static_cast<std::int64_t>(static_cast<double>(state.iterations()) *
                                                      shape.macs_per_pixel() * kHeight * kWidth));
}

const bool kRegistered = [] {
    for (const Shape& shape : kShapes) {
        const auto add = [&](const char* kind, const Graph& graph) {
            benchmark::RegisterBenchmark((std::string(kind) + "/" + shape.name).c_str(), run, shape,
                                         graph)
                ->Arg(1)
                ->Arg(2)
                ->UseRealTime()
                ->Unit(benchmark::kMillisecond);
        };
        add("fused", network(shape));
        add("onednn", without_regions(network(shape)));
    }
    return true;
}();

}  // namespace
}  // namespace dbnet::engine
