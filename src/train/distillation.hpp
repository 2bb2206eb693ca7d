#pragma once

#include <torch/torch.h>

namespace dbnet::train {

/// How far a probability map is from a teacher's: the mean of KL(t || p) = t log(t / p) + (1 - t)
/// log((1 - t) / (1 - p)) over the pixels that the teacher takes for text (t >= 0.5) and the
/// `negative_ratio` times as many others that are furthest from it (all others, if there are
/// fewer), counted over the whole batch as the labels' loss counts its own. 0 where both agree
/// everywhere. `logits` and `soft`, the teacher's map in [0, 1], are [N, 1, H, W]; computed in f32.
torch::Tensor distillation_loss(const torch::Tensor& logits, const torch::Tensor& soft,
                                double negative_ratio);

}  // namespace dbnet::train
