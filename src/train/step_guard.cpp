#include "train/step_guard.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dbnet::train {
namespace {

using torch::Tensor;

constexpr std::size_t kWindow = 100;  ///< losses
constexpr std::size_t kFewest = 20;
constexpr double kTimesMedian = 10;
constexpr double kTimesDistance = 20;

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

double StepGuard::limit() const {
    const std::vector<double>& losses = history_.losses;
    if (losses.size() < kFewest) return std::numeric_limits<double>::max();
    const double middle = median(losses);
    std::vector<double> distances;
    for (const double loss : losses) distances.push_back(std::abs(loss - middle));
    return std::max(kTimesMedian * middle, middle + kTimesDistance * median(distances));
}

void StepGuard::accept(double loss) {
    history_.in_a_row = 0;
    if (history_.losses.size() == kWindow) history_.losses.erase(history_.losses.begin());
    history_.losses.push_back(loss);
}

void StepGuard::skip() {
    ++history_.skipped;
    ++history_.in_a_row;
}

void StepGuard::has_returned() {
    history_.losses.clear();
    history_.in_a_row = 0;
    ++history_.returns;
}

double StepGuard::rate_factor() const { return std::exp2(-static_cast<double>(history_.returns)); }

StatisticsCopy::StatisticsCopy(const GraphModule& module) {
    for (const auto& [name, value] : module.statistics())
        pairs_.push_back({value, value.detach().clone()});
}

void StatisticsCopy::keep() {
    const torch::NoGradGuard no_gradient;
    for (Pair& pair : pairs_) pair.copy.copy_(pair.value);
}

void StatisticsCopy::restore() {
    const torch::NoGradGuard no_gradient;
    for (Pair& pair : pairs_) pair.value.copy_(pair.copy);
}

std::string bad_statistic(const GraphModule& module) {
    const torch::NoGradGuard no_gradient;
    // A sum is finite only if all its terms are.
    std::vector<Tensor> sums;
    for (const auto& [name, value] : module.statistics()) sums.push_back(value.sum());
    if (sums.empty() || torch::stack(sums).isfinite().all().item<bool>()) return {};
    for (const auto& [name, value] : module.statistics())
        if (!value.isfinite().all().item<bool>()) return name;
    return {};  // large numbers whose sum is not finite
}

}  // namespace dbnet::train
