#include "train/losses.hpp"
#include "train/distillation.hpp"

#include <gtest/gtest.h>

#include <barrier>
#include <thread>

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

/// The losses written out in LibTorch's operators and in f64: the truth that the passes of our own
/// are measured against.
struct PlainLosses {
    Tensor probability;
    Tensor threshold;
    Tensor binary;

    PlainLosses(const Tensor& p, const Tensor& t, const LossTargets& targets,
                const LossOptions& options) {
        const auto f64 = [](const Tensor& map) { return map.to(torch::kFloat64); };
        const Tensor text = f64(targets.probability);
        const Tensor mask = f64(targets.probability_mask);
        const Tensor map = torch::sigmoid(p);
        const auto dice = [&](const Tensor& x) {
            return 1 -
                   2 * (x * text * mask).sum() / ((x * mask).sum() + (text * mask).sum() + 1e-6);
        };
        if (options.probability_loss == ProbabilityLoss::dice) {
            probability = dice(map);
        } else {
            const Tensor entropy =
                -(text * torch::log_sigmoid(p) + (1 - text) * torch::log_sigmoid(-p));
            const double positives = std::floor((text * mask).sum().item<double>());
            const double negatives = std::min(std::floor(((1 - text) * mask).sum().item<double>()),
                                              std::floor(positives * options.negative_ratio));
            const Tensor hard = (entropy * (1 - text) * mask).flatten();
            const Tensor largest = std::get<0>(hard.topk(static_cast<std::int64_t>(negatives)));
            probability =
                ((entropy * text * mask).sum() + largest.sum()) / (positives + negatives + 1e-6);
        }
        if (!t.defined()) return;
        const Tensor border = f64(targets.threshold_mask);
        const Tensor other = torch::sigmoid(t);
        threshold = ((other - f64(targets.threshold)).abs() * border).sum() / border.sum();
        binary = dice(torch::sigmoid(options.k * (map - other)));
    }

    Tensor total(const LossOptions& options) const {
        if (!threshold.defined()) return probability;
        return options.probability_weight * probability + options.threshold_weight * threshold +
               options.binary_weight * binary;
    }
};

void expect_plain(const Tensor& p, const Tensor& t, const LossTargets& targets,
                  const LossOptions& options) {
    const auto leaf = [](const Tensor& x, torch::ScalarType type) {
        return x.defined() ? x.detach().to(type).clone().requires_grad_() : Tensor();
    };
    const Tensor p32 = leaf(p, torch::kFloat32);
    const Tensor t32 = leaf(t, torch::kFloat32);
    const Tensor p64 = leaf(p, torch::kFloat64);
    const Tensor t64 = leaf(t, torch::kFloat64);
    const Losses fused = losses_of_logits(p32, t32, targets, options);
    const PlainLosses plain(p64, t64, targets, options);
    const auto near = [](const Tensor& actual, const Tensor& expected) {
        EXPECT_NEAR(actual.item<double>(), expected.item<double>(),
                    1e-5 * std::abs(expected.item<double>()));
    };
    near(fused.probability, plain.probability);
    EXPECT_EQ(fused.threshold.defined(), plain.threshold.defined());
    if (t.defined()) near(fused.threshold, plain.threshold);
    if (t.defined()) near(fused.binary, plain.binary);
    near(fused.total, plain.total(options));
    fused.total.backward();
    plain.total(options).backward();
    EXPECT_LT(relative(p32.grad().to(torch::kFloat64), p64.grad()), 1e-5);
    if (t.defined()) {
        EXPECT_LT(relative(t32.grad().to(torch::kFloat64), t64.grad()), 1e-5);
    }
}

// Odd extents: vectors do not divide the pixels.
TEST(Losses, OnePassEqualsTheFormulasInF64) {
    torch::manual_seed(5);
    for (const auto kind : {ProbabilityLoss::balanced_bce, ProbabilityLoss::dice})
        for (const bool branch : {true, false})
            for (const double text : {0.003, 0.1, 0.6}) {
                LossOptions options;
                options.probability_loss = kind;
                options.negative_ratio = 2.5;
                const LossTargets targets = random_targets(3, 61, 53, text);
                const Tensor p = torch::randn({3, 1, 61, 53}) * 3;
                const Tensor t = torch::randn({3, 1, 61, 53}) * 3;
                SCOPED_TRACE(testing::Message() << static_cast<int>(kind) << branch << text);
                expect_plain(p, branch ? t : Tensor(), targets, options);
            }
}

TEST(Losses, SoftTargetsAndMasks) {
    torch::manual_seed(6);
    LossTargets targets = random_targets(2, 20, 30, 0.2);
    targets.probability = torch::rand({2, 1, 20, 30});
    targets.probability_mask = torch::rand({2, 1, 20, 30});
    expect_plain(torch::randn({2, 1, 20, 30}), torch::randn({2, 1, 20, 30}), targets, {});
}

TEST(Losses, NegativesThatAreEquallyHardShareTheirPlaces) {
    LossTargets targets = random_targets(1, 4, 8, 0);
    targets.probability_mask.fill_(1);
    targets.probability.flatten().slice(0, 0, 4).fill_(1);
    LossOptions options;
    options.negative_ratio = 2;  // 8 negatives: 3 that are harder, then 5 of 25
    Tensor p = torch::zeros({1, 1, 4, 8});
    p.flatten().slice(0, 4, 7).fill_(1);
    p.requires_grad_();
    const Losses losses = losses_of_logits(p, {}, targets, options);
    losses.total.backward();
    const double hard = std::log1p(std::exp(1.0));
    EXPECT_NEAR(losses.total.item<double>(), (9 * std::log(2.0) + 3 * hard) / 12, 1e-6);
    const Tensor gradient = p.grad().flatten();
    EXPECT_NEAR(gradient[0].item<double>(), -0.5 / 12, 1e-7);
    EXPECT_NEAR(gradient[5].item<double>(), 1 / (1 + std::exp(-1.0)) / 12, 1e-7);
    for (int i = 7; i < 32; ++i) EXPECT_NEAR(gradient[i].item<double>(), 0.2 * 0.5 / 12, 1e-7);
}

TEST(Losses, WhatIsNoNumberIsNotHidden) {
    for (const bool in_threshold : {false, true})
        for (const double text : {0.0, 0.2}) {
            const LossTargets targets = random_targets(1, 16, 16, text);
            Tensor p = torch::zeros({1, 1, 16, 16});
            Tensor t = torch::zeros({1, 1, 16, 16});
            (in_threshold ? t : p).flatten()[77] = NAN;
            EXPECT_TRUE(std::isnan(losses_of_logits(p, t, targets, {}).total.item<double>()));
        }
}

TEST(Losses, AreTheSameBitsOnAnyNumberOfThreads) {
    torch::manual_seed(8);
    const LossTargets targets = random_targets(2, 40, 50, 0.1);
    const Tensor p = torch::randn({2, 1, 40, 50});
    const Tensor t = torch::randn({2, 1, 40, 50});
    const int before = at::get_num_threads();
    std::vector<float> totals;
    for (const int threads : {1, 2, 3}) {
        at::set_num_threads(threads);
        totals.push_back(losses_of_logits(p, t, targets, {}).total.item<float>());
    }
    at::set_num_threads(before);
    EXPECT_EQ(totals[0], totals[1]);
    EXPECT_EQ(totals[0], totals[2]);
}

/// Adds up what two threads bring, which stand for processes.
class Adder {
public:
    Tensor operator()(const Tensor& own, std::size_t process) {
        brought_[process] = own;
        barrier_.arrive_and_wait();
        const Tensor sum = brought_[0] + brought_[1];
        barrier_.arrive_and_wait();
        return sum;
    }

private:
    std::array<Tensor, 2> brought_;
    std::barrier<> barrier_{2};
};

TEST(Losses, TwoProcessesAddUpToOne) {
    torch::manual_seed(4);
    const LossTargets all = random_targets(2, 16, 16, 0.2);
    all.probability[1].fill_(0);  // all text is in the first image, its negatives are in both
    const Tensor p = torch::randn({2, 1, 16, 16}).requires_grad_();
    const Tensor t = torch::randn({2, 1, 16, 16}).requires_grad_();
    const Losses whole = losses_of_logits(p, t, all, {});
    whole.total.backward();

    Adder adder;
    std::array<Tensor, 2> p_parts;
    std::array<Tensor, 2> t_parts;
    std::array<Losses, 2> losses;
    const auto process = [&](std::size_t i) {
        const auto part = [i](const Tensor& x) {
            const auto n = static_cast<std::int64_t>(i);
            return x.detach().slice(0, n, n + 1).clone();
        };
        const LossTargets targets{part(all.probability), part(all.probability_mask),
                                  part(all.threshold), part(all.threshold_mask)};
        p_parts[i] = part(p).requires_grad_();
        t_parts[i] = part(t).requires_grad_();
        losses[i] = losses_of_logits(p_parts[i], t_parts[i], targets, {},
                                     [&](const Tensor& own) { return adder(own, i); });
        losses[i].total.backward();
    };
    std::thread other([&] { process(1); });
    process(0);
    other.join();

    const auto number = [](const Tensor& loss) { return loss.item<double>(); };
    EXPECT_NEAR(number(losses[0].probability) + number(losses[1].probability),
                number(whole.probability), 1e-6);
    EXPECT_NEAR(number(losses[0].threshold) + number(losses[1].threshold), number(whole.threshold),
                1e-6);
    for (const Losses& part : losses) EXPECT_NEAR(number(part.binary), number(whole.binary), 1e-6);
    for (const auto& [parts, together] : {std::pair(&p_parts, &p), std::pair(&t_parts, &t)})
        EXPECT_LT(relative(torch::cat({(*parts)[0].grad(), (*parts)[1].grad()}), together->grad()),
                  1e-5);
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
