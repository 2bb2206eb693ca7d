#pragma once

#include <functional>

#include <torch/torch.h>

#include "train/options.hpp"

// The losses of Differentiable Binarization (paper, section 3.5; specification, 5): balanced
// cross-entropy or Dice on the probability map, Dice on the approximate binary map, L1 on the
// threshold map. All sums run over the whole batch.
namespace dbnet::train {

/// What the network should have said, f32. Maps are [N, 1, H, W].
struct LossTargets {
    torch::Tensor probability;       ///< 1 inside shrunk text, else 0
    torch::Tensor probability_mask;  ///< 0 where text is to be ignored, else 1
    torch::Tensor threshold;         ///< [0.3, 0.7]
    torch::Tensor threshold_mask;    ///< 1 near the outlines of text, else 0
};

/// Scalars. `threshold` and `binary` are undefined without a threshold branch.
struct Losses {
    torch::Tensor total;
    torch::Tensor probability;
    torch::Tensor threshold;
    torch::Tensor binary;
};

/// The sum of a tensor over all processes of a distributed run, each of which calls it equally
/// often.
using Reduce = std::function<torch::Tensor(const torch::Tensor&)>;

/// From maps in [0, 1], each [N, 1, H, W] in f32; `threshold` and `binary` may both be undefined.
/// Follows the reference, logarithms clamped at -100 included. Each process picks its own hardest
/// negatives.
Losses losses_of_maps(const torch::Tensor& probability, const torch::Tensor& threshold,
                      const torch::Tensor& binary, const LossTargets& targets,
                      const LossOptions& options, const Reduce& reduce = {});

/// The same function from the logits of the probability and threshold maps, finite for any finite
/// logit; what training uses. Logits may be in half precision: everything is computed in f32. On a
/// CPU each direction is one pass over the maps; negatives that are just as hard as the last one
/// that counts share its place, and several processes pick theirs together, so that their losses
/// of the probability and the threshold map, and all their gradients, add up to those of one.
Losses losses_of_logits(const torch::Tensor& probability_logits,
                        const torch::Tensor& threshold_logits, const LossTargets& targets,
                        const LossOptions& options, const Reduce& reduce = {});

/// 1 - 2 sum(B G M) / (sum(B M) + sum(G M) + 1e-6).
torch::Tensor dice_loss(const torch::Tensor& map, const torch::Tensor& target,
                        const torch::Tensor& mask, const Reduce& reduce = {});

}  // namespace dbnet::train
