#include "train/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dbnet::train {
namespace {

double decayed(const ScheduleOptions& options, double epoch, double epochs) {
    const double part = std::clamp(epoch / epochs, 0.0, 1.0);
    switch (options.kind) {
        case ScheduleOptions::Kind::constant: return 1;
        case ScheduleOptions::Kind::poly: return std::pow(1 - part, options.power);
        case ScheduleOptions::Kind::cosine: return (1 + std::cos(std::numbers::pi * part)) / 2;
        case ScheduleOptions::Kind::step:
            return std::pow(
                options.gamma,
                std::ranges::count_if(options.milestones, [&](double at) { return at <= epoch; }));
    }
    return 1;
}

bool ends_low(ScheduleOptions::Kind kind) {
    return kind == ScheduleOptions::Kind::poly || kind == ScheduleOptions::Kind::cosine;
}

}  // namespace

double relative_rate(const ScheduleOptions& options, double epoch, double step, double epochs) {
    const double floor = ends_low(options.kind) ? options.final_rate : 0;
    const double rate = floor + (1 - floor) * decayed(options, epoch, epochs);
    return options.warmup > 0 ? rate * std::min((epoch + step) / options.warmup, 1.0) : rate;
}

}  // namespace dbnet::train
