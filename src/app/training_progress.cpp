#include "app/training_progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace dbnet::app {
namespace {

constexpr double kMemorySeconds = 20;

template <typename... Args>
std::string format(const char* pattern, Args... args) {
    char text[128];
    std::snprintf(text, sizeof text, pattern, args...);
    return text;
}

std::string losses_text(const train::StepLosses& losses) {
    std::string text = format("loss %.3g (prob %.3g", losses.total, losses.probability);
    if (!std::isnan(losses.threshold))
        text += format(" thr %.3g bin %.3g", losses.threshold, losses.binary);
    if (losses.teacher > 0) text += format(" teacher %.3g", losses.teacher);
    return text + ")";
}

/// Which of the two waits for the other: the network or the samples.
std::string waiting_text(const train::StepTimes& times) {
    constexpr double kNoticed = 0.02;
    const double share = times.total() > 0 ? times.data / times.total() : 0;
    return share < kNoticed ? "data ready" : format("waits for data %.0f %%", 100 * share);
}

}  // namespace

void TrainingProgress::add(const train::StepReport& report) {
    if (timer_)
        training_seconds_ += report.times.total();
    else
        timer_.emplace();
    recent_.fade(std::exp(-report.times.total() / kMemorySeconds));
    recent_.add(report);

    const train::RunPosition& at = report.at;
    const double epochs =
        at.step == 0 ? 0 : at.epoch * static_cast<double>(at.steps) / static_cast<double>(at.step);
    // A narrow terminal cuts the end.
    text_ = format("epoch %.1f/%.6g  step %llu/%llu  ", at.epoch, std::round(epochs * 10) / 10,
                   static_cast<unsigned long long>(at.step),
                   static_cast<unsigned long long>(at.steps)) +
            core::duration_text(seconds_left(report)) + " left  " +
            format("%.2g s/step  %.3g samples/s  ", recent_.seconds_per_step(),
                   recent_.images_per_second()) +
            waiting_text(recent_.times()) + format("  lr %.1e  ", report.rate) +
            losses_text(recent_.losses());
}

double TrainingProgress::seconds_left(const train::StepReport& report) const {
    const double steps = report.at.steps > report.at.step
                             ? static_cast<double>(report.at.steps - report.at.step)
                             : 0;
    const double overhead =
        training_seconds_ > 0 ? std::max(1.0, timer_->seconds() / training_seconds_) : 1;
    return steps * recent_.seconds_per_step() * overhead;
}

}  // namespace dbnet::app
