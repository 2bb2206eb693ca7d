#include "train/losses.hpp"

#include <algorithm>

namespace dbnet::train {
namespace {

using torch::Tensor;

constexpr double kEpsilon = 1e-6;

Tensor reduced(const Reduce& reduce, const Tensor& normaliser) {
    return reduce ? reduce(normaliser.detach()) : normaliser;
}

/// Mean of the pixelwise cross-entropy over all positives and the hardest negatives (OHEM),
/// `negative_ratio` of them for each positive. Counts are over the whole batch, so an image without
/// text lends its negatives to the others.
Tensor balanced_mean(const Tensor& entropy, const LossTargets& targets, double negative_ratio,
                     const Reduce& reduce) {
    const Tensor positive = targets.probability * targets.probability_mask;
    const Tensor negative = (1 - targets.probability) * targets.probability_mask;
    const Tensor counts = torch::stack({positive.sum(), negative.sum()}).cpu();
    const auto positives = static_cast<std::int64_t>(counts[0].item<float>());
    const auto negatives =
        std::min(static_cast<std::int64_t>(counts[1].item<float>()),
                 static_cast<std::int64_t>(static_cast<double>(positives) * negative_ratio));
    Tensor sum = (entropy * positive).sum();
    if (negatives > 0) {
        const Tensor hardest = (entropy * negative).flatten();
        sum = sum + std::get<0>(hardest.topk(negatives, 0, true, false)).sum();
    }
    const Tensor kept =
        torch::full({}, static_cast<double>(positives + negatives), entropy.options());
    return sum / (reduced(reduce, kept) + kEpsilon);
}

/// sum(|T - Tg| M) / sum(M), 0 where the mask is empty.
Tensor masked_l1(const Tensor& map, const Tensor& target, const Tensor& mask,
                 const Reduce& reduce) {
    const Tensor count = reduced(reduce, mask.sum());
    const Tensor sum = ((map - target).abs() * mask).sum();
    return torch::where(count > 0, sum / count.clamp_min(kEpsilon), torch::zeros_like(sum));
}

/// Adds the losses of the threshold branch, if there is one, and the weighted total.
Losses complete(Tensor probability_loss, const Tensor& threshold, const Tensor& binary,
                const LossTargets& targets, const LossOptions& options, const Reduce& reduce) {
    Losses losses;
    losses.probability = std::move(probability_loss);
    if (!threshold.defined()) {
        losses.total = losses.probability;
        return losses;
    }
    losses.threshold = masked_l1(threshold, targets.threshold, targets.threshold_mask, reduce);
    losses.binary = dice_loss(binary, targets.probability, targets.probability_mask, reduce);
    losses.total = options.probability_weight * losses.probability +
                   options.threshold_weight * losses.threshold +
                   options.binary_weight * losses.binary;
    return losses;
}

}  // namespace

Tensor dice_loss(const Tensor& map, const Tensor& target, const Tensor& mask,
                 const Reduce& reduce) {
    const Tensor overlap = (map * target * mask).sum();
    const Tensor total = (map * mask).sum() + (target * mask).sum() + kEpsilon;
    if (!reduce) return 1 - 2 * overlap / total;
    // The sums of the other processes are constants here; their gradients arise there.
    const Tensor others_overlap = reduce(overlap.detach()) - overlap.detach();
    const Tensor others_total = reduce(total.detach()) - total.detach();
    return 1 - 2 * (overlap + others_overlap) / (total + others_total);
}

Losses losses_of_maps(const Tensor& probability, const Tensor& threshold, const Tensor& binary,
                      const LossTargets& targets, const LossOptions& options,
                      const Reduce& reduce) {
    Tensor loss;
    if (options.probability_loss == ProbabilityLoss::dice) {
        loss = dice_loss(probability, targets.probability, targets.probability_mask, reduce);
    } else {
        const Tensor entropy =
            torch::binary_cross_entropy(probability, targets.probability, {}, at::Reduction::None);
        loss = balanced_mean(entropy, targets, options.negative_ratio, reduce);
    }
    return complete(loss, threshold, binary, targets, options, reduce);
}

Losses losses_of_logits(const Tensor& probability_logits, const Tensor& threshold_logits,
                        const LossTargets& targets, const LossOptions& options,
                        const Reduce& reduce) {
    const Tensor logits = probability_logits.to(torch::kFloat32);
    const Tensor probability = torch::sigmoid(logits);
    Tensor loss;
    if (options.probability_loss == ProbabilityLoss::dice) {
        loss = dice_loss(probability, targets.probability, targets.probability_mask, reduce);
    } else {
        const Tensor entropy = torch::binary_cross_entropy_with_logits(logits, targets.probability,
                                                                       {}, {}, at::Reduction::None);
        loss = balanced_mean(entropy, targets, options.negative_ratio, reduce);
    }
    if (!threshold_logits.defined()) return complete(loss, {}, {}, targets, options, reduce);
    const Tensor threshold = torch::sigmoid(threshold_logits.to(torch::kFloat32));
    const Tensor binary = torch::sigmoid(options.k * (probability - threshold));
    return complete(loss, threshold, binary, targets, options, reduce);
}

}  // namespace dbnet::train
