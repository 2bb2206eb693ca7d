#pragma once

#include <functional>
#include <string>

#include "train/observer.hpp"
#include "train/options.hpp"

// From data sets to a trained network. Without LibTorch in the interface.
namespace dbnet::train {

enum class RunEnd {
    finished,         ///< all epochs done
    out_of_patience,  ///< hmean has not grown for ValidationOptions::patience validations
    interrupted,
    unsaved,   ///< done or interrupted, but the last checkpoint cannot be written; older ones stay
    diverged,  ///< a loss or a gradient is not a number any more; the checkpoints are older
};

/// Trains into the folder `run`: checkpoints, best.onnx (best hmean), last.onnx (at the end). Goes
/// on from the newest checkpoint in it that can be read; the result is the same, bit for bit, as
/// without the stop, on the same machine with the same number of threads. `interrupted` is asked
/// after each step: when it says so, a checkpoint is written and the run ends. Throws Error:
/// invalid_argument, malformed, io (a data set, a model, a folder that cannot be written at the
/// beginning); later on an image that cannot be read or a full disk is a warning.
RunEnd train(const TrainOptions& options, const std::string& run, Observer& observer,
             const std::function<bool()>& interrupted);

}  // namespace dbnet::train
