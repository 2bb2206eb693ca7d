#include "app/benchmark.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "app/quantile.hpp"
#include "core/error.hpp"
#include "core/threads.hpp"
#include "core/timer.hpp"
#include "engine/backend.hpp"
#include "model/detector_graph.hpp"
#include "model/onnx.hpp"

namespace dbnet::app {
namespace {

constexpr int kWarmUpRuns = 3;

engine::Buffer make_input(int height, int width) {
    engine::Buffer input = engine::Buffer::host(model::DataType::f32, {1, 3, height, width});
    double index = 0;
    for (float& value : input.f32()) value = static_cast<float>(std::sin(0.37 * index++) * 2);
    return input;
}

}  // namespace

BenchmarkResult benchmark(const BenchmarkOptions& options) {
    const engine::Backend& backend = engine::cpu_backend();
    const model::Graph graph = model::detector_graph(model::read_onnx(options.model)).graph;
    const engine::Buffer input = make_input(options.height, options.width);
    const auto executable = backend.compile(graph);
    BenchmarkResult result;
    result.threads = options.threads == 0 ? core::available_cores() : options.threads;
    const auto context = backend.create_context(result.threads);
    const auto run = [&] { return backend.run(*executable, *context, {&input, 1}); };
    for (int i = 0; i < kWarmUpRuns; ++i) {
        const engine::Buffer first = run().front();
        const std::span<const float> output = first.f32();
        result.output_checksum = std::accumulate(output.begin(), output.end(), 0.0);
    }
    std::vector<double> milliseconds;
    for (int i = 0; i < options.runs; ++i) {
        const core::Timer timer;
        run();
        milliseconds.push_back(timer.milliseconds());
    }
    std::ranges::sort(milliseconds);
    result.median_ms = quantile(milliseconds, 0.5);
    result.min_ms = milliseconds.front();
    result.p90_ms = quantile(milliseconds, 0.9);
    if (options.profile)
        result.steps = engine::cpu::profile(*executable, *context, {&input, 1}, options.runs);
    return result;
}

}  // namespace dbnet::app
