#include "app/speed.hpp"

#include <algorithm>
#include <numeric>

#include <dbnet/error.hpp>
#include <nlohmann/json.hpp>

#include "app/quantile.hpp"
#include "core/timer.hpp"

namespace dbnet::app {
namespace {

StepTimes times_of(std::string step, std::vector<double> milliseconds) {
    std::ranges::sort(milliseconds);
    const double sum = std::accumulate(milliseconds.begin(), milliseconds.end(), 0.0);
    return {std::move(step), quantile(milliseconds, 0.5), quantile(milliseconds, 0.9),
            quantile(milliseconds, 0.99), sum / static_cast<double>(milliseconds.size())};
}

}  // namespace

Speed measure_speed(const Detector& detector, const DetectOptions& options,
                    const data::Dataset& data, int repeats, const PredictHooks& hooks) {
    Speed speed;
    speed.repeats = repeats;
    std::vector<double> forward;
    std::vector<double> postprocess;
    std::vector<double> both;
    const core::Timer timer;
    hooks.on_start(data.images().size());
    for (const data::LabelledImage& labelled : data.images()) {
        const core::Timer image_timer;
        ImageReport report{labelled.image, ""};
        try {
            const Image image = Image::read(labelled.image);
            Detection detection = detector.detect(image, options);
            report.warnings = detection.warnings;
            report.regions = detection.regions.size();
            for (int i = 0; i < repeats && !hooks.interrupted(); ++i) {
                detection = detector.detect(image, options);
                forward.push_back(detection.timing.forward);
                postprocess.push_back(detection.timing.postprocess);
                both.push_back(forward.back() + postprocess.back());
            }
            ++speed.summary.done;
        } catch (const Error& error) {
            if (error.code() == ErrorCode::invalid_argument) throw;
            report.error = error.what();
            ++speed.summary.failed;
        }
        report.milliseconds = image_timer.milliseconds();
        hooks.on_image(report);
        if ((speed.summary.interrupted = hooks.interrupted())) break;
    }
    speed.summary.seconds = timer.seconds();
    if (!both.empty())
        speed.steps = {times_of("forward", std::move(forward)),
                       times_of("postprocess", std::move(postprocess)),
                       times_of("both", std::move(both))};
    return speed;
}

double images_per_second(const Speed& speed) {
    return speed.steps.empty() ? 0 : 1000 / std::max(speed.steps.back().mean, 1e-9);
}

std::string to_json(const Speed& speed) {
    nlohmann::ordered_json json{{"schema", 1},
                                {"images", speed.summary.done},
                                {"repeats", speed.repeats},
                                {"images_per_second", images_per_second(speed)}};
    for (const StepTimes& times : speed.steps)
        json["milliseconds"][times.step] = {
            {"p50", times.p50}, {"p90", times.p90}, {"p99", times.p99}, {"mean", times.mean}};
    return json.dump(1) + "\n";
}

}  // namespace dbnet::app
