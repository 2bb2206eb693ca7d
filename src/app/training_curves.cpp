#include "app/training_curves.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "app/plot.hpp"
#include "core/error.hpp"

namespace dbnet::app {
namespace {

constexpr std::size_t kMostPoints = 1000;
constexpr std::size_t kMostDots = 50;

Point mean(const Point& a, const Point& b) { return {(a.x + b.x) / 2, (a.y + b.y) / 2}; }

/// A plot over the steps with the series that have points.
Plot over_steps(const std::string& title, std::vector<Series> series) {
    Plot plot{title, "step", "", {}};
    for (Series& one : series) {
        if (one.points.empty()) continue;
        plot.x.high = std::max(plot.x.high, one.points.back().x);
        plot.series.push_back(std::move(one));
    }
    return plot;
}

std::vector<double> heights(const Plot& plot) {
    std::vector<double> values;
    for (const Series& series : plot.series)
        for (const Point& point : series.points) values.push_back(point.y);
    return values;
}

}  // namespace

void Curve::add(double x, double y) {
    if (!std::isfinite(x) || !std::isfinite(y)) return;
    sum_ = {sum_.x + x, sum_.y + y};
    if (++summed_ < per_point_) return;
    points_.push_back({sum_.x / summed_, sum_.y / summed_});
    sum_ = {};
    summed_ = 0;
    if (points_.size() < kMostPoints) return;
    for (std::size_t i = 0; i < kMostPoints / 2; ++i)
        points_[i] = mean(points_[2 * i], points_[2 * i + 1]);
    points_.resize(kMostPoints / 2);
    per_point_ *= 2;
}

std::vector<Point> Curve::points() const {
    std::vector<Point> result = points_;
    if (summed_ > 0) result.push_back({sum_.x / summed_, sum_.y / summed_});
    return result;
}

void TrainingCurves::add(std::uint64_t step, const train::StepLosses& losses, double rate) {
    const auto x = static_cast<double>(step);
    total_.add(x, losses.total);
    probability_.add(x, losses.probability);
    threshold_.add(x, losses.threshold);
    binary_.add(x, losses.binary);
    rate_.add(x, rate);
}

void TrainingCurves::add(std::uint64_t step, const eval::Figures& figures) {
    const auto x = static_cast<double>(step);
    precision_.add(x, figures.precision);
    recall_.add(x, figures.recall);
    hmean_.add(x, figures.hmean);
    if (figures.hmean <= best_hmean_) return;
    best_hmean_ = figures.hmean;
    best_step_ = step;
}

void TrainingCurves::write(const std::string& folder) const {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) core::fail(ErrorCode::io, folder, ": cannot make the folder: ", error.message());

    Plot losses = over_steps("Losses", {{"total (weighted)", total_.points()},
                                        {"probability", probability_.points()},
                                        {"binary", binary_.points()},
                                        {"threshold", threshold_.points()}});
    losses.y = range_around(heights(losses), true);
    write_plot(folder + "/losses", losses);

    Plot rate = over_steps("Learning rate", {{"", rate_.points()}});
    std::vector<double> rates = heights(rate);
    rates.push_back(0);
    rate.y = range_around(rates);
    write_plot(folder + "/learning_rate", rate);

    if (best_hmean_ < 0) return;
    char title[100];
    std::snprintf(title, sizeof title, "Validation: best hmean %.4f at step %llu", best_hmean_,
                  static_cast<unsigned long long>(best_step_));
    const bool dots = hmean_.points().size() <= kMostDots;
    write_plot(folder + "/hmean", over_steps(title, {{"hmean", hmean_.points(), dots},
                                                     {"precision", precision_.points(), dots},
                                                     {"recall", recall_.points(), dots}}));
}

}  // namespace dbnet::app
