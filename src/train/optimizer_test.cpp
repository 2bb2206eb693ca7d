#include "train/optimizer.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "model/networks/network.hpp"

namespace dbnet::train {
namespace {

using torch::Tensor;

/// A matrix and a bias whose gradients are all 0.5.
Weights two_weights() {
    Weights weights{{"matrix", torch::full({2, 2}, 1.0, torch::requires_grad())},
                    {"bias", torch::full({2}, 1.0, torch::requires_grad())}};
    for (const auto& [name, weight] : weights)
        weight.mutable_grad() = torch::full_like(weight, 0.5);
    return weights;
}

double first(const Weights& weights, const char* name) {
    return weights.at(name).flatten()[0].item<double>();
}

// One step by hand: the first step of Adam moves by the rate, whatever the gradient; AdamW also
// shrinks by rate x decay, of the matrix only.
TEST(Optimizer, FirstStepIsWhatTheFormulasSay) {
    OptimizerOptions options;
    options.rate = 0.1;
    options.weight_decay = 0.2;
    options.kind = OptimizerOptions::Kind::adamw;
    const Weights adamw = two_weights();
    make_optimizer(adamw, options)->step();
    EXPECT_NEAR(first(adamw, "matrix"), 1 - 0.1 * 0.2 - 0.1, 1e-6);
    EXPECT_NEAR(first(adamw, "bias"), 0.9, 1e-6);

    options.kind = OptimizerOptions::Kind::adam;
    const Weights adam = two_weights();
    make_optimizer(adam, options)->step();
    EXPECT_NEAR(first(adam, "matrix"), 0.9, 1e-6);

    options.kind = OptimizerOptions::Kind::sgd;
    const Weights sgd = two_weights();
    const auto momentum = make_optimizer(sgd, options);
    momentum->step();
    EXPECT_NEAR(first(sgd, "matrix"), 1 - 0.1 * (0.5 + 0.2), 1e-6);
    EXPECT_NEAR(first(sgd, "bias"), 0.95, 1e-6);
    set_rate(*momentum, 0.01);
    momentum->step();  // velocity 0.9 * 0.5 + 0.5
    EXPECT_NEAR(first(sgd, "bias"), 0.95 - 0.01 * 0.95, 1e-6);
}

TEST(Optimizer, WithoutGradientNothingMovesOrDecays) {
    for (const auto kind : {OptimizerOptions::Kind::sgd, OptimizerOptions::Kind::adam,
                            OptimizerOptions::Kind::adamw}) {
        OptimizerOptions options;
        options.kind = kind;
        const Weights weights = two_weights();
        drop_gradients(weights);
        make_optimizer(weights, options)->step();
        EXPECT_EQ(first(weights, "matrix"), 1);
    }
}

TEST(Optimizer, NormAndScaleOfGradients) {
    const Weights weights = two_weights();
    EXPECT_NEAR(gradient_norm(weights), std::sqrt(6 * 0.25), 1e-6);
    scale_gradients(weights, 2);
    EXPECT_NEAR(gradient_norm(weights), std::sqrt(6.0), 1e-6);
    weights.at("bias").mutable_grad()[1] = NAN;
    EXPECT_FALSE(std::isfinite(gradient_norm(weights)));
}

TEST(WeightAverage, IsTheNaiveAverage) {
    model::NetworkOptions network;
    network.backbone = model::Backbone::mobilenet_v3_large_half;
    network.inner = 16;
    GraphModule module(model::build_network(network));
    const torch::NoGradGuard no_gradient;
    const Tensor weight = module.weights().begin()->second;
    const Tensor statistic = module.statistics().begin()->second;
    weight.fill_(1);
    statistic.fill_(5);
    WeightAverage average(module, 0.5);
    double expected = 1;
    for (int step = 1; step <= 6; ++step) {
        weight.fill_(step);
        average.update(static_cast<std::uint64_t>(step));
        const double decay = std::min(0.5, (1.0 + step) / (10.0 + step));
        expected = decay * expected + (1 - decay) * step;
    }
    average.exchange();
    EXPECT_NEAR(weight.flatten()[0].item<double>(), expected, 1e-5);
    EXPECT_EQ(statistic.flatten()[0].item<double>(), 5);
    average.exchange();
    EXPECT_EQ(weight.flatten()[0].item<double>(), 6);
}

}  // namespace
}  // namespace dbnet::train
