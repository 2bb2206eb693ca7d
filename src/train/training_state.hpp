#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include <torch/torch.h>

#include "train/graph_module.hpp"
#include "train/optimizer.hpp"
#include "train/step_guard.hpp"

namespace dbnet::train {

/// What a run remembers besides weights and optimiser.
struct Progress {
    std::uint64_t step = 0;     ///< of the optimiser, done
    std::uint64_t samples = 0;  ///< consumed: where the loader goes on
    double best_hmean = -1;     ///< of all validations; negative: there was none
    /// Of the validation with best_hmean.
    double best_loss = std::numeric_limits<double>::infinity();
    double box_threshold = 0.6;   ///< that goes with best_hmean
    std::uint64_t validated = 0;  ///< step of the last validation
    std::int64_t since_best = 0;  ///< validations without a better one
    double loss_scale = 1;        ///< f16
    std::int64_t good_steps = 0;  ///< f16: since loss_scale was changed
    StepHistory history = {};
    std::uint64_t epoch_size = 0;  ///< samples; 0: not known
    /// What Precision::automatic was settled to, and the processor_number() it was settled for.
    std::int64_t settled_precision = 0;
    std::int64_t settled_for = 0;
};

/// Writes progress, the optimiser's state and, with `weights`, the module's weights and running
/// statistics. Throws Error{io}.
void save_state(const std::string& path, const Progress& progress, const Optimizer& optimizer,
                const GraphModule& module, bool weights);

/// The reverse; what a run from before a field existed does not say has its default. Throws Error:
/// io, malformed (naming the file; nothing has changed, or all is to be thrown away).
Progress load_state(const std::string& path, Optimizer& optimizer, GraphModule& module,
                    bool weights);

}  // namespace dbnet::train
