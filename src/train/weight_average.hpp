#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "train/graph_module.hpp"

namespace dbnet::train {

/// Exponential moving average of a module's weights and running statistics.
class WeightAverage {
public:
    /// Begins with the module's present values. The module must outlive it.
    WeightAverage(const GraphModule& module, double decay);

    /// Takes in the module's values after `step` steps. Early on the decay is (1 + step) / (10 +
    /// step) where that is less, so that the random beginning is soon forgotten.
    void update(std::uint64_t step);

    /// Exchanges the module's values and the averages; a second call undoes the first.
    void exchange();

private:
    std::vector<std::pair<torch::Tensor, torch::Tensor>> pairs_;  ///< of the module, average
    double decay_;
};

}  // namespace dbnet::train
