#pragma once

#include <string>
#include <vector>

#include <dbnet/detector.hpp>

#include "app/predict.hpp"
#include "data/dataset.hpp"

// How fast a model is on a data set, measured as MhLiao's `eval.py --speed` does it: each image
// many times, the forward pass and the post-processing apart (specification, 10.3).
namespace dbnet::app {

/// Of one step, in milliseconds.
struct StepTimes {
    std::string step;  ///< "forward", "postprocess", "both"
    double p50 = 0;
    double p90 = 0;
    double p99 = 0;
    double mean = 0;
};

struct Speed {
    int repeats = 0;
    std::vector<StepTimes> steps;  ///< empty when no image could be used
    PredictSummary summary;        ///< its seconds include reading and preprocessing
};

/// Detects the text of each image `repeats` times, one at a time, after once that does not count.
/// Hooks: on_record is not called.
Speed measure_speed(const Detector& detector, const DetectOptions& options,
                    const data::Dataset& data, int repeats, const PredictHooks& hooks);

/// As JSON: images, repeats, images_per_second, and p50, p90, p99 and mean of each step.
std::string to_json(const Speed& speed);

/// 1000 / mean milliseconds of the forward pass and the post-processing.
double images_per_second(const Speed& speed);

}  // namespace dbnet::app
