#include "train/losses.hpp"
#include "train/distillation.hpp"

#include <gtest/gtest.h>

namespace dbnet::train {
namespace {

using torch::Tensor;

LossTargets random_targets(int n, int h, int w, double text) {
    const auto options = torch::kFloat32;
    LossTargets targets;
    targets.probability = (torch::rand({n, 1, h, w}, options) < text).to(options);
    targets.probability_mask = (torch::rand({n, 1, h, w}, options) < 0.9).to(options);
    targets.threshold = 0.3 + 0.4 * torch::rand({n, 1, h, w}, options);
    targets.threshold_mask = (torch::rand({n, 1, h, w}, options) < 0.2).to(options);
    return targets;
}

double relative(const Tensor& a, const Tensor& b) {
    return ((a - b).norm() / (b.norm() + 1e-12)).item<double>();
}

TEST(Losses, FromLogitsAndFromMapsAreTheSameFunction) {
    torch::manual_seed(1);
    for (const auto kind : {ProbabilityLoss::balanced_bce, ProbabilityLoss::dice}) {
        LossOptions options;
        options.probability_loss = kind;
        const LossTargets targets = random_targets(2, 24, 40, 0.1);
        Tensor p = torch::randn({2, 1, 24, 40}).requires_grad_();
        Tensor t = torch::randn({2, 1, 24, 40}).requires_grad_();
        const Losses logits = losses_of_logits(p, t, targets, options);
        const auto from_logits = torch::autograd::grad({logits.total}, {p, t});
        const Tensor probability = torch::sigmoid(p);
        const Tensor threshold = torch::sigmoid(t);
        const Tensor binary = torch::sigmoid(50 * (probability - threshold));
        const Losses maps = losses_of_maps(probability, threshold, binary, targets, options);
        const auto from_maps = torch::autograd::grad({maps.total}, {p, t});
        EXPECT_NEAR(logits.total.item<double>(), maps.total.item<double>(), 1e-5);
        EXPECT_LT(relative(from_logits[0], from_maps[0]), 1e-4);
        EXPECT_LT(relative(from_logits[1], from_maps[1]), 1e-4);
    }
}

TEST(Losses, GradientsOfTheLogitsAreThoseOfFiniteDifferences) {
    torch::manual_seed(2);
    const LossTargets targets = random_targets(1, 6, 8, 0.3);
    LossOptions options;
    options.k = 5;  // gentle enough for differences in f32
    options.negative_ratio =
        100;  // all negatives: the selection must not change under the perturbation
    Tensor p = torch::randn({1, 1, 6, 8}).requires_grad_();
    Tensor t = torch::randn({1, 1, 6, 8}).requires_grad_();
    const auto gradients =
        torch::autograd::grad({losses_of_logits(p, t, targets, options).total}, {p, t});
    const torch::NoGradGuard no_grad;
    constexpr double step = 1e-2;
    for (int which = 0; which < 2; ++which)
        for (int i = 0; i < 48; i += 5) {
            Tensor delta = torch::zeros({48});
            delta[i] = step;
            delta = delta.view({1, 1, 6, 8});
            const auto total = [&](double sign) {
                const Tensor moved_p = which == 0 ? p + sign * delta : p;
                const Tensor moved_t = which == 1 ? t + sign * delta : t;
                return losses_of_logits(moved_p, moved_t, targets, options).total.item<double>();
            };
            const double difference = (total(1) - total(-1)) / (2 * step);
            EXPECT_NEAR(gradients[static_cast<std::size_t>(which)].flatten()[i].item<double>(),
                        difference, 2e-3)
                << which << ' ' << i;
        }
}

TEST(Losses, StayFiniteForHugeLogitsAndEmptyBatches) {
    for (const double text : {0.0, 0.2}) {
        LossTargets targets = random_targets(2, 16, 16, text);
        if (text == 0) targets.threshold_mask.zero_();
        for (const double size : {0.0, 1e4, -1e4}) {
            Tensor p = torch::full({2, 1, 16, 16}, size).requires_grad_();
            Tensor t = torch::full({2, 1, 16, 16}, -size).requires_grad_();
            const Losses losses = losses_of_logits(p, t, targets, {});
            losses.total.backward();
            EXPECT_TRUE(torch::isfinite(losses.total).item<bool>());
            EXPECT_TRUE(torch::isfinite(p.grad()).all().item<bool>());
            EXPECT_TRUE(torch::isfinite(t.grad()).all().item<bool>());
        }
    }
}

TEST(Losses, HalfPrecisionLogitsAreComputedInSingle) {
    torch::manual_seed(3);
    const LossTargets targets = random_targets(1, 16, 16, 0.2);
    const Tensor p = torch::randn({1, 1, 16, 16}).to(torch::kBFloat16);
    const Tensor t = torch::randn({1, 1, 16, 16}).to(torch::kBFloat16);
    const Losses half = losses_of_logits(p, t, targets, {});
    EXPECT_EQ(half.total.scalar_type(), torch::kFloat32);
    const Losses single =
        losses_of_logits(p.to(torch::kFloat32), t.to(torch::kFloat32), targets, {});
    EXPECT_EQ(half.total.item<float>(), single.total.item<float>());
}

TEST(Losses, TwoProcessesAddUpToOne) {
    torch::manual_seed(4);
    const LossTargets all = random_targets(2, 16, 16, 0.2);
    const Tensor p = torch::randn({2, 1, 16, 16});
    const Tensor t = torch::randn({2, 1, 16, 16});
    LossOptions options;
    options.negative_ratio = 1000;  // every negative: the selection is per process
    const double whole = losses_of_logits(p, t, all, options).threshold.item<double>();
    const auto half = [&](int i) {
        const auto part = [i](const Tensor& x) { return x.slice(0, i, i + 1); };
        const LossTargets targets{part(all.probability), part(all.probability_mask),
                                  part(all.threshold), part(all.threshold_mask)};
        const Tensor other_mask = all.threshold_mask.slice(0, 1 - i, 2 - i).sum();
        const Reduce reduce = [&](const Tensor& x) {
            const bool is_mask_sum =
                x.item<double>() == targets.threshold_mask.sum().item<double>();
            return is_mask_sum ? x + other_mask : x;
        };
        return losses_of_logits(part(p), part(t), targets, options, reduce)
            .threshold.item<double>();
    };
    EXPECT_NEAR(half(0) + half(1), whole, 1e-5);
}

TEST(Distillation, IsTheMeanDivergenceOfTextAndTheHardestOthers) {
    const torch::Tensor soft = torch::tensor({0.9, 0.6, 0.1, 0.0, 0.2, 0.0}).view({1, 1, 2, 3});
    const torch::Tensor same = torch::logit(soft, 1e-7);
    EXPECT_NEAR(distillation_loss(same, soft, 3).item<double>(), 0, 1e-4);

    const torch::Tensor p = torch::tensor({0.5, 0.6, 0.4, 0.3, 0.2, 0.0001}).view({1, 1, 2, 3});
    const auto divergence = [](double t, double q) {
        const double text = t > 0 ? t * std::log(t / q) : 0;
        return text + (1 - t) * std::log((1 - t) / (1 - q));
    };
    // Two of text, and as many others: those that are furthest away.
    const double sum =
        divergence(0.9, 0.5) + divergence(0.6, 0.6) + divergence(0.1, 0.4) + divergence(0, 0.3);
    EXPECT_NEAR(distillation_loss(torch::logit(p), soft, 1).item<double>(), sum / 4, 1e-4);

    torch::Tensor logits = torch::logit(p).clone().requires_grad_(true);
    distillation_loss(logits, soft, 1).backward();
    EXPECT_NEAR(logits.grad()[0][0][0][0].item<double>(), (0.5 - 0.9) / 4, 1e-4);
    EXPECT_EQ(logits.grad()[0][0][1][1].item<double>(), 0);
    const torch::Tensor nothing = torch::zeros({1, 1, 2, 3});
    EXPECT_GT(distillation_loss(logits, nothing, 3).item<double>(), 0) << "background is learnt";
}

}  // namespace
}  // namespace dbnet::train
