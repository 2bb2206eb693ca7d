#include "train/losses.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "train/compute_threads.hpp"
#include "train/hard_negatives.hpp"
#include "train/loss_kernels.hpp"

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
    const Tensor counts =
        torch::stack({positive.sum(torch::kFloat64), negative.sum(torch::kFloat64)}).cpu();
    const auto positives = static_cast<std::int64_t>(counts[0].item<double>());
    const auto negatives =
        std::min(static_cast<std::int64_t>(counts[1].item<double>()),
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

Tensor weighted(const Losses& losses, const LossOptions& options) {
    if (!losses.threshold.defined()) return losses.probability;
    return options.probability_weight * losses.probability +
           options.threshold_weight * losses.threshold + options.binary_weight * losses.binary;
}

/// Adds the losses of the threshold branch, if there is one, and the weighted total.
Losses complete(Tensor probability_loss, const Tensor& threshold, const Tensor& binary,
                const LossTargets& targets, const LossOptions& options, const Reduce& reduce) {
    Losses losses;
    losses.probability = std::move(probability_loss);
    if (threshold.defined()) {
        losses.threshold = masked_l1(threshold, targets.threshold, targets.threshold_mask, reduce);
        losses.binary = dice_loss(binary, targets.probability, targets.probability_mask, reduce);
    }
    losses.total = weighted(losses, options);
    return losses;
}

// ---- in one pass each way

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Sums are formed in this many parts whatever the number of threads: the same bits every time.
constexpr std::int64_t kParts = 32;

/// Calls f(part, first pixel, pixels) for each part, on several threads.
template <typename F>
void for_each_part(std::int64_t pixels, F&& f) {
    for_each_in_parallel(kParts, [&](std::int64_t part) {
        const std::int64_t first = pixels * part / kParts;
        f(static_cast<std::size_t>(part), first, pixels * (part + 1) / kParts - first);
    });
}

float* floats(const Tensor& map) { return map.numel() > 0 ? map.data_ptr<float>() : nullptr; }

/// Sums numbers over all processes, in place.
void reduce_all(const Reduce& reduce, double* numbers, std::size_t count) {
    if (!reduce) return;
    const auto length = static_cast<std::int64_t>(count);
    const Tensor total =
        reduce(torch::from_blob(numbers, {length}, torch::kFloat64).clone()).cpu().contiguous();
    std::copy_n(total.data_ptr<double>(), count, numbers);
}

/// The Dice loss and its derivatives by two of the sums it is made of.
struct Dice {
    Dice(double overlap, double map, double text)
        : total(map + text + kEpsilon), loss(1 - 2 * overlap / total) {
        by_overlap = -2 / total;
        by_map = 2 * overlap / (total * total);
    }
    double total;
    double loss;
    double by_overlap;
    double by_map;
};

/// Sums and hardness of all pixels; then what the losses and their derivatives follow from.
struct FusedLosses {
    LossPixels pixels;
    std::int64_t count;
    LossOptions options;

    bool has_entropy() const { return options.probability_loss == ProbabilityLoss::balanced_bce; }

    LossSums sums(float* hardness) const {
        std::array<LossSums, kParts> parts;
        for_each_part(count, [&](std::size_t part, std::int64_t first, std::int64_t some) {
            add_loss_sums(pixels.from(first), some, static_cast<float>(options.k), parts[part],
                          hardness == nullptr ? nullptr : hardness + first);
        });
        LossSums total;
        for (LossSums& part : parts)
            for (int i = 0; i < LossSums::kCount; ++i) total.begin()[i] += part.begin()[i];
        return total;
    }

    double sum_hardest(const float* hardness, const LossSlopes& slopes) const {
        std::array<double, kParts> parts{};
        for_each_part(count, [&](std::size_t part, std::int64_t first, std::int64_t some) {
            parts[part] = sum_of_hardest(hardness + first, some, slopes);
        });
        double total = 0;
        for (const double part : parts) total += part;
        return total;
    }

    /// Of the probability, threshold and binary map; sets the slopes as if each had the weight 1.
    std::array<double, 3> losses(const Reduce& reduce, float* hardness, LossSlopes& slopes) const {
        const LossSums own = sums(hardness);
        LossSums all = own;
        reduce_all(reduce, all.begin(), LossSums::kCount);
        slopes.k = static_cast<float>(options.k);
        std::array<double, 3> result{};
        if (has_entropy()) {
            const double positives = std::floor(all.positives);
            const double negatives =
                std::min(std::floor(all.negatives), std::floor(positives * options.negative_ratio));
            double sum = own.entropy;
            slopes.least_hardness = std::numeric_limits<float>::infinity();
            if (negatives > 0) {
                const Largest hardest =
                    find_largest({hardness, static_cast<std::size_t>(count)}, negatives,
                                 [&](std::vector<double>& counts) {
                                     reduce_all(reduce, counts.data(), counts.size());
                                 });
                slopes.least_hardness = hardest.least;
                slopes.tie_share = static_cast<float>(hardest.tie_share);
                sum += sum_hardest(hardness, slopes);
            }
            const double kept = positives + negatives + kEpsilon;
            slopes.entropy = static_cast<float>(1 / kept);
            result[0] = sum / kept;
        } else {
            const Dice dice(all.probability_text, all.probability, all.positives);
            slopes.probability_text = static_cast<float>(dice.by_overlap);
            slopes.probability = static_cast<float>(dice.by_map);
            result[0] = dice.loss;
        }
        if (pixels.threshold_logits == nullptr) return result;
        if (all.border > 0) {
            slopes.difference = static_cast<float>(1 / std::max(all.border, kEpsilon));
            result[1] = own.difference / std::max(all.border, kEpsilon);
        }
        const Dice dice(all.binary_text, all.binary, all.positives);
        slopes.binary_text = static_cast<float>(dice.by_overlap);
        slopes.binary = static_cast<float>(dice.by_map);
        result[2] = dice.loss;
        return result;
    }
};

Tensor as_map(const Tensor& map) { return map.to(torch::kFloat32).contiguous(); }

/// The three losses as one tensor, a function of the logits. An empty tensor of threshold logits
/// stands for no threshold branch.
class LossFunction : public torch::autograd::Function<LossFunction> {
public:
    static Tensor forward(AutogradContext* context, const Tensor& probability,
                          const Tensor& threshold, const LossTargets& targets,
                          const LossOptions& options, const Reduce& reduce) {
        const variable_list maps{probability,
                                 threshold,
                                 as_map(targets.probability),
                                 as_map(targets.probability_mask),
                                 as_map(targets.threshold),
                                 as_map(targets.threshold_mask)};
        const FusedLosses fused{pixels_of(maps), probability.numel(), options};
        const Tensor hardness =
            fused.has_entropy() ? torch::empty_like(maps[0]) : torch::empty({0});
        const Tensor slopes = torch::empty({sizeof(LossSlopes) / sizeof(float)});
        const auto losses = fused.losses(reduce, floats(hardness), *slopes_in(slopes));
        context->saved_data["maps"] = maps;
        context->saved_data["hardness"] = hardness;
        context->saved_data["slopes"] = slopes;
        const auto number = [](double loss) { return static_cast<float>(loss); };
        return torch::tensor({number(losses[0]), number(losses[1]), number(losses[2])});
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        const std::vector<Tensor> maps = context->saved_data["maps"].toTensorVector();
        const Tensor hardness = context->saved_data["hardness"].toTensor();
        const Tensor by_loss = gradients[0].contiguous();
        const float* weights = by_loss.data_ptr<float>();
        LossSlopes slopes = *slopes_in(context->saved_data["slopes"].toTensor());
        for (float* slope : {&slopes.entropy, &slopes.probability, &slopes.probability_text})
            *slope *= weights[0];
        slopes.difference *= weights[1];
        for (float* slope : {&slopes.binary, &slopes.binary_text}) *slope *= weights[2];
        const Tensor probability = torch::empty_like(maps[0]);
        const Tensor threshold = torch::empty_like(maps[1]);
        const LossPixels pixels = pixels_of(maps);
        const auto at = [](const Tensor& map, std::int64_t first) {
            return map.numel() > 0 ? floats(map) + first : nullptr;
        };
        for_each_part(probability.numel(), [&](std::size_t, std::int64_t first, std::int64_t some) {
            write_loss_gradients(pixels.from(first), some, at(hardness, first), slopes,
                                 at(probability, first), at(threshold, first));
        });
        return {probability, threshold, {}, {}, {}};
    }

private:
    static LossPixels pixels_of(const variable_list& maps) {
        return {floats(maps[0]), floats(maps[1]), floats(maps[2]),
                floats(maps[3]), floats(maps[4]), floats(maps[5])};
    }

    /// Slopes are kept between the passes as the numbers of a tensor.
    static LossSlopes* slopes_in(const Tensor& tensor) {
        return reinterpret_cast<LossSlopes*>(tensor.data_ptr<float>());
    }
};

Losses fused_losses(const Tensor& probability, const Tensor& threshold, const LossTargets& targets,
                    const LossOptions& options, const Reduce& reduce) {
    const bool branch = threshold.defined();
    // Functions take no undefined tensors.
    const Tensor parts =
        LossFunction::apply(as_map(probability), branch ? as_map(threshold) : torch::empty({0}),
                            targets, options, reduce);
    Losses losses;
    losses.probability = parts[0];
    if (branch) {
        losses.threshold = parts[1];
        losses.binary = parts[2];
    }
    losses.total = weighted(losses, options);
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
    if (probability_logits.is_cpu())
        return fused_losses(probability_logits, threshold_logits, targets, options, reduce);
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
