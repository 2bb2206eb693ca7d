#include "train/optimizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include <dbnet/error.hpp>

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
    Optimizer(adamw, options).step(0.1);
    EXPECT_NEAR(first(adamw, "matrix"), 1 - 0.1 * 0.2 - 0.1, 1e-6);
    EXPECT_NEAR(first(adamw, "bias"), 0.9, 1e-6);

    options.kind = OptimizerOptions::Kind::adam;
    const Weights adam = two_weights();
    Optimizer(adam, options).step(0.1);
    EXPECT_NEAR(first(adam, "matrix"), 0.9, 1e-6);

    options.kind = OptimizerOptions::Kind::sgd;
    const Weights sgd = two_weights();
    Optimizer momentum(sgd, options);
    momentum.step(0.1);
    EXPECT_NEAR(first(sgd, "matrix"), 1 - 0.1 * (0.5 + 0.2), 1e-6);
    EXPECT_NEAR(first(sgd, "bias"), 0.95, 1e-6);
    momentum.step(0.01);  // velocity 0.9 * 0.5 + 0.5
    EXPECT_NEAR(first(sgd, "bias"), 0.95 - 0.01 * 0.95, 1e-6);
}

TEST(Optimizer, WithoutGradientNothingMovesOrDecays) {
    for (const auto kind : {OptimizerOptions::Kind::sgd, OptimizerOptions::Kind::adam,
                            OptimizerOptions::Kind::adamw}) {
        OptimizerOptions options;
        options.kind = kind;
        const Weights weights = two_weights();
        drop_gradients(weights);
        Optimizer(weights, options).step(0.1);
        EXPECT_EQ(first(weights, "matrix"), 1);
    }
}

TEST(Optimizer, NormOfGradients) {
    const Weights weights = two_weights();
    const Optimizer optimizer(weights, {});
    EXPECT_NEAR(optimizer.gradient_norm(), std::sqrt(6 * 0.25), 1e-6);
    weights.at("bias").mutable_grad()[1] = NAN;
    EXPECT_FALSE(std::isfinite(optimizer.gradient_norm()));
}

/// Several pieces, a rest that fills no vector, a scalar; a bias in a convolution's shape.
Weights many_weights() {
    torch::manual_seed(9);
    Weights weights;
    for (const auto& [name, dims] : std::map<std::string, std::vector<std::int64_t>>{
             {"a.kernel", {130, 3, 9, 11}}, {"a.bias", {1, 37, 1, 1}}, {"b", {1}}})
        weights[name] = torch::randn(dims).requires_grad_();
    return weights;
}

std::unique_ptr<torch::optim::Optimizer> libtorchs(const OptimizerOptions& options,
                                                   const std::vector<Tensor>& weights,
                                                   double decay) {
    switch (options.kind) {
        case OptimizerOptions::Kind::sgd:
            return std::make_unique<torch::optim::SGD>(weights,
                                                       torch::optim::SGDOptions(options.rate)
                                                           .momentum(options.momentum)
                                                           .weight_decay(decay));
        case OptimizerOptions::Kind::adam:
            return std::make_unique<torch::optim::Adam>(weights,
                                                        torch::optim::AdamOptions(options.rate)
                                                            .betas({options.beta1, options.beta2})
                                                            .weight_decay(decay));
        case OptimizerOptions::Kind::adamw: break;
    }
    return std::make_unique<torch::optim::AdamW>(weights, torch::optim::AdamWOptions(options.rate)
                                                              .betas({options.beta1, options.beta2})
                                                              .weight_decay(decay));
}

TEST(Optimizer, TakesTheStepsOfLibTorchs) {
    for (const auto kind : {OptimizerOptions::Kind::sgd, OptimizerOptions::Kind::adam,
                            OptimizerOptions::Kind::adamw}) {
        OptimizerOptions options;
        options.kind = kind;
        options.rate = 1e-2;
        options.weight_decay = 0.05;
        const Weights weights = many_weights();
        Optimizer optimizer(weights, options);
        std::map<std::string, Tensor> truth;
        for (const auto& [name, weight] : weights)
            truth[name] = weight.detach().to(torch::kFloat64).clone().requires_grad_();
        const auto kernel = libtorchs(options, {truth["a.kernel"]}, 0.05);
        const auto vectors = libtorchs(options, {truth["a.bias"], truth["b"]}, 0);
        for (int step = 0; step < 6; ++step) {
            for (const auto& [name, weight] : weights) {
                const bool frozen = name == "b" && step < 2;
                const Tensor gradient = torch::randn_like(weight).detach();
                weight.mutable_grad() = frozen ? Tensor() : gradient;
                truth[name].mutable_grad() =
                    frozen ? Tensor() : gradient.to(torch::kFloat64) * 0.25;
            }
            optimizer.step(options.rate, 0.25);
            kernel->step();
            vectors->step();
        }
        for (const auto& [name, weight] : weights)
            EXPECT_LT((weight.to(torch::kFloat64) - truth[name]).abs().max().item<double>(), 1e-5)
                << name << static_cast<int>(kind);
    }
}

TEST(Optimizer, RatesByGroup) {
    OptimizerOptions options;
    options.kind = OptimizerOptions::Kind::sgd;
    options.weight_decay = 0;
    options.rates = {{"a", 0.5}, {"a.bias", 0}};
    const Weights weights = many_weights();
    const Weights before = [&] {
        Weights copies;
        for (const auto& [name, weight] : weights) copies[name] = weight.detach().clone();
        return copies;
    }();
    for (const auto& [name, weight] : weights) weight.mutable_grad() = torch::ones_like(weight);
    Optimizer(weights, options).step(0.1);
    const auto moved = [&](const std::string& name) {
        return (before.at(name) - weights.at(name)).mean().item<double>();
    };
    EXPECT_NEAR(moved("a.kernel"), 0.05, 1e-6);
    EXPECT_EQ(moved("a.bias"), 0);  // the longer prefix counts
    EXPECT_NEAR(moved("b"), 0.1, 1e-6);

    options.rates = {{"c", 1}};
    try {
        Optimizer(weights, options);
        FAIL();
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("begins with 'c'; they begin with a, b"));
    }
}

TEST(Optimizer, GoesOnFromWhatItSaved) {
    const auto gradients = [](const Weights& weights, int seed) {
        torch::manual_seed(static_cast<std::uint64_t>(seed));
        for (const auto& [name, weight] : weights)
            weight.mutable_grad() = torch::randn_like(weight);
    };
    const Weights whole = many_weights();
    const Weights parts = many_weights();
    Optimizer uninterrupted(whole, {});
    for (int step = 0; step < 4; ++step) {
        gradients(whole, step);
        uninterrupted.step(1e-2);
    }
    std::stringstream saved;
    {
        Optimizer first(parts, {});
        for (int step = 0; step < 2; ++step) {
            gradients(parts, step);
            first.step(1e-2);
        }
        torch::serialize::OutputArchive archive;
        first.save(archive);
        archive.save_to(saved);
    }
    Optimizer second(parts, {});
    torch::serialize::InputArchive archive;
    archive.load_from(saved);
    second.load(archive);
    for (int step = 2; step < 4; ++step) {
        gradients(parts, step);
        second.step(1e-2);
    }
    for (const auto& [name, weight] : whole) EXPECT_TRUE(torch::equal(weight, parts.at(name)));
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

TEST(WeightAverage, IsTheSameWithinTheOptimisersPass) {
    const auto averaged = [](bool within) {
        model::NetworkOptions network;
        network.backbone = model::Backbone::mobilenet_v3_large_half;
        network.inner = 16;
        GraphModule module(model::build_network(network));
        WeightAverage average(module, 0.5);
        Optimizer optimizer(module.weights(), {});
        torch::manual_seed(3);
        bool has_gradient = true;  // of every other weight
        for (const auto& [name, weight] : module.weights()) {
            if (std::exchange(has_gradient, !has_gradient))
                weight.mutable_grad() = torch::randn_like(weight);
        }
        within ? optimizer.step(1e-2, 1, &average, average.share(9)) : optimizer.step(1e-2);
        average.update(9);
        average.exchange();
        return module.to_graph();
    };
    const model::Graph together = averaged(true);
    const model::Graph apart = averaged(false);
    for (const auto& [name, values] : apart.parameters) {
        if (values.type() != model::DataType::f32) continue;
        for (std::size_t i = 0; i < values.f32().size(); ++i)
            ASSERT_NEAR(together.parameters.at(name).f32()[i], values.f32()[i], 1e-6) << name;
    }
}

}  // namespace
}  // namespace dbnet::train
