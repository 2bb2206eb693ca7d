#pragma once

#include "train/options.hpp"

namespace dbnet::train {

/// The learning rate of the step that begins at `epoch` of `epochs`, relative to the highest one:
/// linear from 0 to 1 in the warm-up, then as the kind says over the whole run (poly:
/// (1 - epoch/epochs)^power as in the paper, section 4; cosine: half a period).
double relative_rate(const ScheduleOptions& options, double epoch, double epochs);

}  // namespace dbnet::train
