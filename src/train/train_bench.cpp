// Time of a training step of a network, with losses, clipping, AdamW and the average of the
// weights:
//   dbnet_train_bench [resnet18 | MODEL.onnx] [SIZE] [BATCH] [f32 | bf16] [THREADS] [STEPS]
//   [--profile]
// Prints one line: seconds per step (the fastest and the median) and images per second.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include <torch/csrc/autograd/profiler.h>

#include "model/networks/network.hpp"
#include "model/onnx.hpp"
#include "train/compute_threads.hpp"
#include "train/graph_module.hpp"
#include "train/losses.hpp"
#include "train/optimizer.hpp"
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

/// One pixel in ten is text, one in five near an outline.
train::LossTargets targets_of(std::int64_t batch, std::int64_t size) {
    const auto some = [&](double share) {
        return (torch::rand({batch, 1, size, size}) < share).to(torch::kFloat32);
    };
    return {some(0.1), some(0.95), 0.3 + 0.4 * torch::rand({batch, 1, size, size}), some(0.2)};
}

/// What a step works on, and its parts.
class Training {
public:
    explicit Training(const Settings& settings, model::Graph graph)
        : names_(logits(graph)),
          module_(std::move(graph),
                  settings.precision == "bf16" ? train::Precision::bf16 : train::Precision::f32),
          optimizer_(module_.weights(), {}),
          average_(module_, 0.999),
          image_(torch::rand({settings.batch, 3, settings.size, settings.size})),
          targets_(targets_of(settings.batch, settings.size)) {}

    void step() {
        train::drop_gradients(module_.weights());
        const std::vector<torch::Tensor> maps = module_.logits(image_, names_);
        const auto start = Clock::now();
        const torch::Tensor threshold = maps.size() > 1 ? maps[1] : torch::Tensor();
        const train::Losses losses = train::losses_of_logits(maps[0], threshold, targets_, {});
        const auto computed = Clock::now();
        losses.total.backward();
        const auto learnt = Clock::now();
        const double norm = optimizer_.gradient_norm();
        optimizer_.step(1e-4, norm > 5 ? 5 / norm : 1, &average_, average_.share(++steps_));
        average_.update(steps_);
        loss_times_.push_back(seconds(start, computed));
        optimizer_times_.push_back(seconds(learnt, Clock::now()));
    }

    std::vector<double>& loss_times() { return loss_times_; }
    std::vector<double>& optimizer_times() { return optimizer_times_; }

private:
    using Clock = std::chrono::steady_clock;
    static double seconds(Clock::time_point from, Clock::time_point to) {
        return std::chrono::duration<double>(to - from).count();
    }

    std::vector<train::LogitSource> names_;
    train::GraphModule module_;
    train::Optimizer optimizer_;
    train::WeightAverage average_;
    torch::Tensor image_;
    train::LossTargets targets_;
    std::uint64_t steps_ = 0;
    std::vector<double> loss_times_;
    std::vector<double> optimizer_times_;
};

double median(std::vector<double>& times) {
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

void run(const Settings& settings) {
    const train::ComputeThreads threads(settings.threads);
    torch::manual_seed(1);
    Training training(settings, settings.network == "resnet18"
                                    ? model::build_network({})
                                    : model::read_onnx(settings.network));
    training.step();
    training.step();
    training.loss_times().clear();
    training.optimizer_times().clear();
    std::vector<double> times;
    for (int i = 0; i < settings.steps; ++i) {
        const auto start = std::chrono::steady_clock::now();
        training.step();
        times.push_back(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    }
    const double middle = median(times);
    std::cout << settings.network << ' ' << settings.size << 'x' << settings.size << " x "
              << settings.batch << ' ' << settings.precision << ", " << settings.threads
              << " threads: " << times.front() << " s, median " << middle << " s, "
              << static_cast<double>(settings.batch) / middle << " images/s; losses forward "
              << median(training.loss_times()) << " s, optimiser "
              << median(training.optimizer_times()) << " s\n";
    if (settings.profile) {
        torch::autograd::profiler::RecordProfile guard("train_step.json");
        training.step();
    }
}

}  // namespace

int main(int argc, char** argv) {
    dbnet::train::keep_freed_memory();
    run(parse({argv + 1, argv + argc}));
    return 0;
}
