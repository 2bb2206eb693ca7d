#pragma once

#include <optional>
#include <string>

#include "app/step_means.hpp"
#include "core/timer.hpp"

namespace dbnet::app {

/// The line that shows how a training run goes: "epoch 3.3/100  step 410/12500  1:40:45 left  0.5
/// s/step  16 samples/s  data ready  lr 9.8e-04  loss 2.31 (prob 0.28 thr 0.09 bin 0.61)". Losses
/// and speed are means in which a step counts less and less, to a third after 20 seconds of
/// training. "waits for data 35 %" is the share of the time in which there was no batch. The time
/// left also holds the validations and checkpoints to come, by their share of the time up to now.
class TrainingProgress {
public:
    void add(const train::StepReport& report);
    const std::string& text() const noexcept { return text_; }

private:
    double seconds_left(const train::StepReport& report) const;

    StepMeans recent_;
    double training_seconds_ = 0;       ///< of the steps after the first
    std::optional<core::Timer> timer_;  ///< since the first step was done
    std::string text_;
};

}  // namespace dbnet::app
