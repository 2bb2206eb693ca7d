// Time of a training step, forward and backward, of a network:
//   dbnet_train_bench [resnet18 | MODEL.onnx] [SIZE] [BATCH] [f32 | bf16] [THREADS] [STEPS]
//   [--profile]
// Prints one line: seconds per step (the fastest and the median) and images per second.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/profiler.h>

#include "model/networks/network.hpp"
#include "model/onnx.hpp"
#include "train/graph_module.hpp"
#include "train/process_memory.hpp"

namespace {

using namespace dbnet;

struct Settings {
    std::string network = "resnet18";
    std::int64_t size = 416;
    std::int64_t batch = 8;
    std::string precision = "bf16";
    int threads = 2;
    int steps = 5;
    bool profile = false;
};

Settings parse(std::vector<std::string> arguments) {
    Settings settings;
    settings.profile = std::erase(arguments, "--profile") > 0;
    arguments.resize(6);
    const auto number = [&](std::size_t i, auto& to) {
        if (!arguments[i].empty()) to = std::stoi(arguments[i]);
    };
    if (!arguments[0].empty()) settings.network = arguments[0];
    number(1, settings.size);
    number(2, settings.batch);
    if (!arguments[3].empty()) settings.precision = arguments[3];
    number(4, settings.threads);
    number(5, settings.steps);
    return settings;
}

/// The logits that losses are computed from: of each output but the binary map.
std::vector<train::LogitSource> logits(const model::Graph& graph) {
    std::vector<train::LogitSource> names;
    for (const model::ValueInfo& output : graph.outputs)
        if (output.name != "binary") names.push_back(train::logits_of(graph, output.name));
    return names;
}

double step(train::GraphModule& module, const torch::Tensor& image,
            const std::vector<train::LogitSource>& names) {
    const auto start = std::chrono::steady_clock::now();
    torch::Tensor loss = torch::zeros({});
    for (const torch::Tensor& map : module.logits(image, names)) loss = loss + map.sigmoid().mean();
    loss.backward();
    module.zero_grad();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void profiled_step(train::GraphModule& module, const torch::Tensor& image,
                   const std::vector<train::LogitSource>& names) {
    torch::autograd::profiler::RecordProfile guard("train_step.json");
    step(module, image, names);
}

void run(const Settings& settings) {
    at::set_num_threads(settings.threads);
    model::Graph graph = settings.network == "resnet18" ? model::build_network({})
                                                        : model::read_onnx(settings.network);
    const std::vector<train::LogitSource> names = logits(graph);
    train::GraphModule module(std::move(graph), settings.precision == "bf16"
                                                    ? train::Precision::bf16
                                                    : train::Precision::f32);
    const torch::Tensor image = torch::rand({settings.batch, 3, settings.size, settings.size});
    step(module, image, names);
    step(module, image, names);
    std::vector<double> times;
    for (int i = 0; i < settings.steps; ++i) times.push_back(step(module, image, names));
    std::sort(times.begin(), times.end());
    const double median = times[times.size() / 2];
    std::cout << settings.network << ' ' << settings.size << 'x' << settings.size << " x "
              << settings.batch << ' ' << settings.precision << ", " << settings.threads
              << " threads: " << times.front() << " s, median " << median << " s, "
              << static_cast<double>(settings.batch) / median << " images/s\n";
    if (settings.profile) profiled_step(module, image, names);
}

}  // namespace

int main(int argc, char** argv) {
    dbnet::train::keep_freed_memory();
    run(parse({argv + 1, argv + argc}));
    return 0;
}
