#pragma once

#include <string>

#include <torch/torch.h>

#include "train/graph_module.hpp"
#include "train/observer.hpp"

// Says where numbers stopped being numbers, for a person.
namespace dbnet::train {

/// Which loss is not finite, and the first layer whose output on `images` is not.
std::string bad_loss(GraphModule& module, const torch::Tensor& images, const StepLosses& losses,
                     bool has_threshold_branch);

/// The first parameter whose gradient is not finite.
std::string bad_gradient(const GraphModule& module);

/// The first weight or running statistic that is not finite; empty if all are.
std::string bad_weight(const GraphModule& module);

}  // namespace dbnet::train
