#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <dbnet/image.hpp>
#include <dbnet/region.hpp>

#include "core/log.hpp"
#include "data/loader.hpp"
#include "eval/confidence.hpp"
#include "eval/evaluation.hpp"

// What a training run tells whoever watches it. Without LibTorch.
namespace dbnet::train {

/// Where a run stands. Steps are those of the optimiser.
struct RunPosition {
    std::uint64_t step = 0;   ///< done
    std::uint64_t steps = 0;  ///< of the whole run
    std::uint64_t samples = 0;
    double epoch = 0;
};

/// Means over the batches of one step; `threshold` and `binary` are NaN without a threshold branch.
struct StepLosses {
    double total = 0;
    double probability = 0;
    double threshold = 0;
    double binary = 0;
    double teacher = 0;  ///< 0 without one
};

/// Seconds.
struct StepTimes {
    double data = 0;  ///< waiting for the batch
    double forward = 0;
    double backward = 0;
    double optimizer = 0;
    double total() const noexcept { return data + forward + backward + optimizer; }
};

struct StepReport {
    RunPosition at;
    StepLosses losses;
    StepTimes times;
    double rate = 0;           ///< learning rate
    double gradient_norm = 0;  ///< before clipping; NaN where it is not computed
    int samples = 0;           ///< of this step
    bool skipped = false;      ///< it was bad and changed nothing: its losses count for nothing
    std::uint64_t skipped_steps = 0;  ///< since the run began
};

/// What a network found in one validation image.
struct ValidatedImage {
    std::string path;
    std::vector<eval::Truth> truths;
    std::vector<eval::Finding> findings;  ///< with a score of at least the box threshold
};

struct ValidationReport {
    RunPosition at;
    eval::Figures figures;    ///< at box_threshold
    float box_threshold = 0;  ///< the one with the best hmean
    eval::Interval hmean_95;  ///< where 95 % of the hmeans lie
    double loss = 0;          ///< of the probability maps, the images' mean; NaN: none was readable
    bool is_best = false;     ///< of all validations up to now
    std::size_t images = 0;
    double seconds = 0;
    std::vector<ValidatedImage> pictures;  ///< the first few
};

/// Called from the thread that trains, in the order in which things happen.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void message(core::LogLevel level, const std::string& text) = 0;
    /// A batch that is about to be trained on.
    virtual void batch(const RunPosition& at, const data::Batch& batch) = 0;
    virtual void step(const StepReport& report) = 0;
    virtual void validation(const ValidationReport& report) = 0;
    /// Validation shows how far it is.
    virtual void validating(std::size_t done, std::size_t images) = 0;
};

}  // namespace dbnet::train
