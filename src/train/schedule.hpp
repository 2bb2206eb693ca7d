#pragma once

#include "train/options.hpp"

namespace dbnet::train {

/// The learning rate of the step that begins at `epoch` of `epochs` and is `step` epochs long,
/// relative to the highest one: as the kind says over the whole run (poly: (1 - epoch/epochs)^power
/// as in the paper, section 4; cosine: half a period), in the warm-up times the part of it that is
/// over when the step ends, so that the first step learns something.
double relative_rate(const ScheduleOptions& options, double epoch, double step, double epochs);

}  // namespace dbnet::train
