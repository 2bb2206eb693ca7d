#pragma once

#include "train/observer.hpp"

namespace dbnet::app {

/// Means over consecutive steps of a training run.
class StepMeans {
public:
    void add(const train::StepReport& report);

    bool empty() const noexcept { return weight_ == 0; }
    /// Losses are means over the steps that were not skipped; without any they are NaN.
    train::StepLosses losses() const;
    double gradient_norm() const;
    /// Sums, in seconds.
    const train::StepTimes& times() const noexcept { return times_; }
    /// Samples over the time of their steps; 0 without steps.
    double images_per_second() const;
    double seconds_per_step() const;

    /// What was added before counts for less: `factor` in [0, 1] of what it did.
    void fade(double factor);

private:
    double weight_ = 0;  ///< steps
    double learnt_ = 0;  ///< of them, those that were not skipped
    double samples_ = 0;
    train::StepLosses losses_;
    double gradient_norm_ = 0;
    train::StepTimes times_;
};

}  // namespace dbnet::app
