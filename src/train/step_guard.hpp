#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "train/graph_module.hpp"

// A bad step must not end a run of many hours: it is left out, and where many follow each other the
// run goes back to its last checkpoint.
namespace dbnet::train {

/// What a run remembers of its steps to judge the next one.
struct StepHistory {
    std::vector<double> losses;  ///< of the last steps that were good, the oldest first
    std::int64_t skipped = 0;    ///< steps since the run began
    std::int64_t in_a_row = 0;   ///< of them, up to now
    std::int64_t returns = 0;    ///< to a checkpoint; each halves the rate
};

/// Counts good and bad steps. Bad is one whose loss, gradient or running statistics are not finite,
/// and one whose loss is far above those before it: above 10 times their median, and above it by 20
/// times their median distance to it. Those are the last 100 of good steps; while there are fewer
/// than 20, any finite loss is good.
class StepGuard {
public:
    /// Bad steps in a row after which a run goes back, and returns after which it is given up.
    static constexpr std::int64_t kMostInARow = 10;
    static constexpr std::int64_t kMostReturns = 5;

    explicit StepGuard(StepHistory& history) : history_(history) {}

    /// The largest loss that a step may have.
    double limit() const;

    void accept(double loss);
    void skip();

    bool must_return() const { return history_.in_a_row >= kMostInARow; }
    bool is_hopeless() const { return must_return() && history_.returns >= kMostReturns; }
    /// The losses to come may be others: none is known any more.
    void has_returned();
    /// What the learning rate is multiplied by.
    double rate_factor() const;

private:
    StepHistory& history_;
};

/// The running statistics as they were before a step, to take back what its batches did to them.
class StatisticsCopy {
public:
    explicit StatisticsCopy(const GraphModule& module);

    void keep();
    void restore();

private:
    struct Pair {
        torch::Tensor value;
        torch::Tensor copy;
    };
    std::vector<Pair> pairs_;
};

/// The first running statistic that is not finite; empty if all are. Cheap enough for every step.
std::string bad_statistic(const GraphModule& module);

}  // namespace dbnet::train
