// The best of some hundreds of settings is the best on these images by luck in part, and often lies
// at an edge of the grid. What is as good as the best as far as the images can tell is a region of
// the grid; its middle is where a change of the images, or of the setting, costs least.
#include "app/plateau.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace dbnet::app {
namespace {

constexpr std::size_t kAxes = 4;

/// Where a trial stands in the grid: on each axis the number of smaller values that were tried.
using Place = std::array<double, kAxes>;

std::array<float, kAxes> values_of(const Trial& trial) {
    return {trial.threshold, trial.box_threshold, trial.min_size, trial.unclip.ratio};
}

class Grid {
public:
    explicit Grid(const std::vector<Trial>& trials) {
        for (std::size_t axis = 0; axis < kAxes; ++axis) {
            std::vector<float>& values = values_[axis];
            for (const Trial& trial : trials) values.push_back(values_of(trial)[axis]);
            std::ranges::sort(values);
            values.erase(std::ranges::unique(values).begin(), values.end());
        }
    }

    Place place_of(const Trial& trial) const {
        Place place;
        for (std::size_t axis = 0; axis < kAxes; ++axis)
            place[axis] = static_cast<double>(
                std::ranges::lower_bound(values_[axis], values_of(trial)[axis]) -
                values_[axis].begin());
        return place;
    }

private:
    std::array<std::vector<float>, kAxes> values_;
};

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

/// The place nearest to which all are, the sum of the steps being the measure.
Place middle_of(const std::vector<Place>& places) {
    Place middle;
    for (std::size_t axis = 0; axis < kAxes; ++axis) {
        std::vector<double> on_axis;
        for (const Place& place : places) on_axis.push_back(place[axis]);
        middle[axis] = median(std::move(on_axis));
    }
    return middle;
}

double steps_between(const Place& a, const Place& b) {
    double steps = 0;
    for (std::size_t axis = 0; axis < kAxes; ++axis) steps += std::abs(a[axis] - b[axis]);
    return steps;
}

}  // namespace

Plateau plateau_of(const std::vector<Trial>& trials) {
    const Grid grid(trials);
    const Trial& best = trials.front();
    std::vector<std::size_t> members;
    std::vector<Place> places;
    for (std::size_t i = 0; i < trials.size(); ++i) {
        const Trial& trial = trials[i];
        if (trial.unclip.unclip != best.unclip.unclip ||
            trial.figures.hmean < best.figures.hmean - best.confidence.hmean_error)
            continue;
        members.push_back(i);
        places.push_back(grid.place_of(trial));
    }
    const Place middle = middle_of(places);
    // Of equally near ones the first, which has the best hmean.
    const auto nearest = std::ranges::min_element(
        places, {}, [&](const Place& place) { return steps_between(place, middle); });
    return {members[static_cast<std::size_t>(nearest - places.begin())], members.size()};
}

}  // namespace dbnet::app
