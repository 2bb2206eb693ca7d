#pragma once

#include <map>
#include <memory>
#include <string>

#include <torch/torch.h>

#include "train/options.hpp"

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

}  // namespace dbnet::train
