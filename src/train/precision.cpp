#include "train/precision.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "core/timer.hpp"
#include "train/graph_module.hpp"

namespace dbnet::train {
namespace {

constexpr int kMostSamples = 2;
constexpr int kRounds = 2;
constexpr double kHopeless = 3;  ///< slower by this factor the first time: not tried again

class Trial {
public:
    Trial(const model::Graph& graph, torch::Device device, data::Size size, int samples)
        : module_(graph),
          image_(torch::linspace(-2, 2, std::int64_t{3} * samples * size.height * size.width)
                     .view({samples, 3, size.height, size.width})
                     .to(device)) {
        module_.to(device);
        module_.train();
        for (const model::ValueInfo& output : graph.outputs)
            sources_.push_back(logits_of(graph, output.name));
    }

    double seconds(Precision precision) {
        module_.set_precision(precision);
        const core::Timer timer;
        torch::Tensor loss = torch::zeros({}, image_.options());
        for (const torch::Tensor& map : module_.logits(image_, sources_))
            loss = loss + map.sigmoid().mean();
        loss.backward();
        module_.zero_grad();
        loss.item<float>();  // waits for the device
        return timer.seconds();
    }

private:
    GraphModule module_;
    torch::Tensor image_;
    std::vector<LogitSource> sources_;
};

}  // namespace

PrecisionTimes time_precisions(const model::Graph& graph, torch::Device device, data::Size size,
                               int batch_size) {
    const int samples = std::min(batch_size, kMostSamples);
    Trial trial(graph, device, size, samples);
    PrecisionTimes times{.f32 = trial.seconds(Precision::f32), .bf16 = 0, .samples = samples};
    times.f32 = trial.seconds(Precision::f32);  // without what is done once
    times.bf16 = trial.seconds(Precision::bf16);
    if (times.bf16 > kHopeless * times.f32) return times;
    times.bf16 = trial.seconds(Precision::bf16);
    for (int round = 1; round < kRounds; ++round) {
        times.f32 = std::min(times.f32, trial.seconds(Precision::f32));
        times.bf16 = std::min(times.bf16, trial.seconds(Precision::bf16));
    }
    return times;
}

std::int64_t processor_number(torch::Device device) {
    std::string name = device.str();
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line) && !line.empty();)  // the first core's
        if (line.starts_with("model name") || line.starts_with("flags")) name += line;
    // FNV-1a, so that the number is the same in every build.
    std::uint64_t number = 0xcbf29ce484222325;
    for (const char c : name) number = (number ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return static_cast<std::int64_t>(number >> 1);
}

}  // namespace dbnet::train
