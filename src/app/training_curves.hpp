#pragma once

#include <string>
#include <vector>

#include <dbnet/region.hpp>

#include "eval/evaluation.hpp"
#include "train/observer.hpp"

namespace dbnet::app {

/// A line of any length in bounded memory: when there are too many points, neighbours are replaced
/// by their mean, and from then on so many new ones.
class Curve {
public:
    /// Points that are not finite are left out.
    void add(double x, double y);
    std::vector<Point> points() const;

private:
    std::vector<Point> points_;
    Point sum_;  ///< of the points that do not make one of points_ yet
    int summed_ = 0;
    int per_point_ = 1;
};

/// What the plots of a training run show: losses, learning rate and the figures of validation over
/// the optimiser's steps.
class TrainingCurves {
public:
    void add(std::uint64_t step, const train::StepLosses& losses, double rate);
    void add(std::uint64_t step, const eval::Figures& figures);

    /// Writes losses, learning_rate and, once there was a validation, hmean (.svg and .png) into
    /// `folder`, which is made if it is missing. Throws Error{io}.
    void write(const std::string& folder) const;

private:
    Curve total_, probability_, threshold_, binary_;
    Curve rate_;
    Curve precision_, recall_, hmean_;
    double best_hmean_ = -1;
    std::uint64_t best_step_ = 0;
};

}  // namespace dbnet::app
