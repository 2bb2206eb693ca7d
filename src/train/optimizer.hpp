#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "train/graph_module.hpp"
#include "train/options.hpp"

// How the weights change from step to step.
namespace dbnet::train {

using Weights = std::map<std::string, torch::Tensor>;

/// Two groups of parameters: kernels and matrices, and what has one dimension (biases,
/// BatchNormalization), which decays not. Parameters without a gradient are left alone.
std::unique_ptr<torch::optim::Optimizer> make_optimizer(const Weights& weights,
                                                        const OptimizerOptions& options);

void set_rate(torch::optim::Optimizer& optimizer, double rate);

/// Drops the gradients, so that a frozen parameter has none.
void drop_gradients(const Weights& weights);

/// Multiplies all gradients by `factor`.
void scale_gradients(const Weights& weights, double factor);

/// Euclidean norm of all gradients together; not finite if one of them is not.
double gradient_norm(const Weights& weights);

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
