#include "train/optimizer.hpp"

#include <algorithm>

namespace dbnet::train {
namespace {

using torch::Tensor;

std::vector<Tensor> gradients(const Weights& weights) {
    std::vector<Tensor> found;
    for (const auto& [name, weight] : weights)
        if (weight.grad().defined()) found.push_back(weight.grad());
    return found;
}

template <typename Options>
std::vector<torch::optim::OptimizerParamGroup> groups(const Weights& weights, Options options) {
    std::vector<Tensor> decaying;
    std::vector<Tensor> others;
    for (const auto& [name, weight] : weights)
        (weight.dim() > 1 ? decaying : others).push_back(weight);
    auto without_decay = std::make_unique<Options>(options);
    without_decay->weight_decay(0);
    std::vector<torch::optim::OptimizerParamGroup> result;
    result.emplace_back(std::move(decaying), std::make_unique<Options>(options));
    result.emplace_back(std::move(others), std::move(without_decay));
    return result;
}

}  // namespace

std::unique_ptr<torch::optim::Optimizer> make_optimizer(const Weights& weights,
                                                        const OptimizerOptions& options) {
    switch (options.kind) {
        case OptimizerOptions::Kind::sgd: {
            const auto settings = torch::optim::SGDOptions(options.rate)
                                      .momentum(options.momentum)
                                      .weight_decay(options.weight_decay);
            return std::make_unique<torch::optim::SGD>(groups(weights, settings), settings);
        }
        case OptimizerOptions::Kind::adam: {
            const auto settings = torch::optim::AdamOptions(options.rate)
                                      .betas({options.beta1, options.beta2})
                                      .weight_decay(options.weight_decay);
            return std::make_unique<torch::optim::Adam>(groups(weights, settings), settings);
        }
        case OptimizerOptions::Kind::adamw: break;
    }
    const auto settings = torch::optim::AdamWOptions(options.rate)
                              .betas({options.beta1, options.beta2})
                              .weight_decay(options.weight_decay);
    return std::make_unique<torch::optim::AdamW>(groups(weights, settings), settings);
}

void set_rate(torch::optim::Optimizer& optimizer, double rate) {
    for (auto& group : optimizer.param_groups()) group.options().set_lr(rate);
}

void drop_gradients(const Weights& weights) {
    for (const auto& [name, weight] : weights) weight.mutable_grad() = Tensor();
}

void scale_gradients(const Weights& weights, double factor) {
    const torch::NoGradGuard no_gradient;
    for (Tensor& gradient : gradients(weights)) gradient.mul_(factor);
}

double gradient_norm(const Weights& weights) {
    const torch::NoGradGuard no_gradient;
    std::vector<Tensor> norms;
    for (const Tensor& gradient : gradients(weights)) norms.push_back(gradient.norm());
    return norms.empty() ? 0 : torch::stack(norms).norm().item<double>();
}

WeightAverage::WeightAverage(const GraphModule& module, double decay) : decay_(decay) {
    for (const auto* values : {&module.weights(), &module.statistics()})
        for (const auto& [name, tensor] : *values)
            pairs_.emplace_back(tensor, tensor.detach().clone());
}

void WeightAverage::update(std::uint64_t step) {
    const torch::NoGradGuard no_gradient;
    const auto n = static_cast<double>(step);
    const double decay = std::min(decay_, (1 + n) / (10 + n));
    for (auto& [value, average] : pairs_) average.lerp_(value, 1 - decay);
}

void WeightAverage::exchange() {
    const torch::NoGradGuard no_gradient;
    for (auto& [value, average] : pairs_) {
        const torch::Tensor kept = value.clone();
        value.copy_(average);
        average.copy_(kept);
    }
}

}  // namespace dbnet::train
