#include "train/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/error.hpp"
#include "train/compute_threads.hpp"
#include "train/optimizer_kernels.hpp"

namespace dbnet::train {
namespace {

using torch::Tensor;
using Kind = OptimizerOptions::Kind;

constexpr double kEpsilon = 1e-8;
constexpr std::int64_t kPiece = 1 << 14;  ///< numbers

/// The factor of the longest prefix that the name begins with; 1 if there is none.
double rate_factor(const std::map<std::string, double>& rates, const std::string& name) {
    std::size_t longest = 0;
    double factor = 1;
    for (const auto& [prefix, value] : rates)
        if (name.starts_with(prefix) && prefix.size() >= longest) {
            longest = prefix.size();
            factor = value;
        }
    return factor;
}

/// What the names begin with, up to the first full stop.
std::string groups_of(const Weights& weights) {
    constexpr std::size_t kShown = 12;
    std::set<std::string> groups;
    for (const auto& [name, weight] : weights) groups.insert(name.substr(0, name.find('.')));
    std::string text;
    std::size_t shown = 0;
    for (const std::string& group : groups) {
        if (++shown > kShown) return text + ", ...";
        text += (text.empty() ? "" : ", ") + group;
    }
    return text;
}

void check_rates(const std::map<std::string, double>& rates, const Weights& weights) {
    for (const auto& [prefix, factor] : rates) {
        const auto first = weights.lower_bound(prefix);
        if (first == weights.end() || !first->first.starts_with(prefix))
            core::fail(ErrorCode::invalid_argument, "optimizer.rates: no parameter's name begins ",
                       "with '", prefix, "'; they begin with ", groups_of(weights));
    }
}

/// Biases and what BatchNormalization has, whatever their shape: [C], [1, C, 1, 1], ...
bool is_vector(const Tensor& weight) {
    return std::ranges::count_if(weight.sizes(), [](std::int64_t side) { return side > 1; }) <= 1;
}

/// The kernels read gradients in the order of the weights.
void arrange_gradient(const Tensor& weight) {
    const Tensor& gradient = weight.grad();
    if (gradient.defined() && !gradient.is_contiguous())
        weight.mutable_grad() = gradient.contiguous();
}

/// The rule of one parameter for its step number `steps`.
UpdateRule rule_of(const OptimizerOptions& options, bool decays, std::int64_t steps, double rate,
                   double factor) {
    const auto number = [](double value) { return static_cast<float>(value); };
    const double decay = decays ? options.weight_decay : 0;
    UpdateRule rule{.gradient_factor = number(factor)};
    if (options.kind == Kind::adamw)
        rule.decay = number(rate * decay);
    else
        rule.penalty = number(decay);
    rule.rate = number(rate);
    rule.beta1 = number(options.momentum);
    if (options.kind == Kind::sgd) return rule;
    const auto n = static_cast<double>(steps);
    rule.beta1 = number(options.beta1);
    rule.beta2 = number(options.beta2);
    rule.rate = number(rate / (1 - std::pow(options.beta1, n)));
    rule.scale = number(1 / std::sqrt(1 - std::pow(options.beta2, n)));
    rule.epsilon = number(kEpsilon);
    return rule;
}

}  // namespace

void drop_gradients(const Weights& weights) {
    for (const auto& [name, weight] : weights) weight.mutable_grad() = Tensor();
}

Optimizer::Optimizer(const Weights& weights, const OptimizerOptions& options) : options_(options) {
    check_rates(options.rates, weights);
    const torch::NoGradGuard no_gradient;
    for (const auto& [name, weight] : weights) {
        const bool adam = options.kind != Kind::sgd;
        parameters_.push_back({.name = name,
                               .weight = weight,
                               .first = torch::zeros_like(weight),
                               .second = adam ? torch::zeros_like(weight) : Tensor(),
                               .average = {},
                               .rate_factor = rate_factor(options.rates, name),
                               .decays = !is_vector(weight)});
        for (std::int64_t first = 0; first < weight.numel(); first += kPiece)
            pieces_.push_back(
                {parameters_.size() - 1, first, std::min(kPiece, weight.numel() - first)});
    }
}

double Optimizer::gradient_norm() const {
    const torch::NoGradGuard no_gradient;
    if (!parameters_.empty() && !parameters_.front().weight.is_cpu()) {
        std::vector<Tensor> norms;
        for (const Parameter& parameter : parameters_)
            if (parameter.weight.grad().defined()) norms.push_back(parameter.weight.grad().norm());
        return norms.empty() ? 0 : torch::stack(norms).norm().item<double>();
    }
    for (const Parameter& parameter : parameters_) arrange_gradient(parameter.weight);
    std::vector<double> sums(pieces_.size());
    for_each_in_parallel(static_cast<std::int64_t>(pieces_.size()), [&](std::int64_t i) {
        const auto& [index, first, count] = pieces_[static_cast<std::size_t>(i)];
        const Tensor& gradient = parameters_[index].weight.grad();
        if (gradient.defined())
            sums[static_cast<std::size_t>(i)] =
                sum_of_squares(gradient.data_ptr<float>() + first, count);
    });
    double total = 0;
    for (const double sum : sums) total += sum;
    return std::sqrt(total);
}

void Optimizer::step(double rate, double factor, WeightAverage* average, double average_share) {
    const torch::NoGradGuard no_gradient;
    for (Parameter& parameter : parameters_) {
        parameter.average = Tensor();
        arrange_gradient(parameter.weight);
        if (!parameter.weight.grad().defined()) continue;
        ++parameter.steps;
        if (!parameter.weight.is_cpu()) {
            step_plainly(parameter, rate, factor);
            continue;
        }
        if (average != nullptr) parameter.average = average->take(parameter.name);
    }
    step_pieces(rate, factor, average_share);
}

void Optimizer::step_pieces(double rate, double factor, double average_share) {
    const auto update = options_.kind == Kind::sgd ? update_sgd : update_adam;
    std::vector<UpdateRule> rules;
    for (const Parameter& parameter : parameters_) {
        rules.push_back(rule_of(options_, parameter.decays, parameter.steps,
                                rate * parameter.rate_factor, factor));
        rules.back().average_share = static_cast<float>(average_share);
    }
    for_each_in_parallel(static_cast<std::int64_t>(pieces_.size()), [&](std::int64_t i) {
        const Piece& piece = pieces_[static_cast<std::size_t>(i)];
        const Parameter& parameter = parameters_[piece.parameter];
        const Tensor& gradient = parameter.weight.grad();
        if (!gradient.defined() || !gradient.is_cpu()) return;
        const auto at = [&](const Tensor& tensor) {
            return tensor.defined() ? tensor.data_ptr<float>() + piece.first : nullptr;
        };
        update({piece.count, at(gradient), at(parameter.weight), at(parameter.first),
                at(parameter.second), at(parameter.average)},
               rules[piece.parameter]);
    });
}

/// The same by LibTorch's operators, on any device.
void Optimizer::step_plainly(Parameter& parameter, double rate, double factor) {
    const UpdateRule rule =
        rule_of(options_, parameter.decays, parameter.steps, rate * parameter.rate_factor, factor);
    Tensor& weight = parameter.weight;
    const Tensor gradient = weight.grad() * rule.gradient_factor + rule.penalty * weight;
    weight.mul_(1 - rule.decay);
    parameter.first.mul_(rule.beta1);
    if (options_.kind == Kind::sgd) {
        parameter.first.add_(gradient);
        weight.sub_(parameter.first, rule.rate);
        return;
    }
    parameter.first.add_(gradient, 1 - rule.beta1);
    parameter.second.mul_(rule.beta2).addcmul_(gradient, gradient, 1 - rule.beta2);
    weight.addcdiv_(parameter.first, parameter.second.sqrt() * rule.scale + rule.epsilon,
                    -rule.rate);
}

void Optimizer::save(torch::serialize::OutputArchive& archive) const {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        const Parameter& parameter = parameters_[i];
        const std::string key = std::to_string(i);
        archive.write("steps" + key, torch::tensor(parameter.steps, torch::kInt64));
        archive.write("first" + key, parameter.first);
        if (parameter.second.defined()) archive.write("second" + key, parameter.second);
    }
}

void Optimizer::load(torch::serialize::InputArchive& archive) {
    const torch::NoGradGuard no_gradient;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        Parameter& parameter = parameters_[i];
        const std::string key = std::to_string(i);
        Tensor steps;
        if (!archive.try_read("steps" + key, steps))
            core::fail(ErrorCode::malformed, "the optimiser's state is of an older version or of ",
                       "another network");
        parameter.steps = steps.item<std::int64_t>();
        for (const auto& [name, moment] :
             {std::pair("first", &parameter.first), std::pair("second", &parameter.second)}) {
            if (!moment->defined()) continue;
            Tensor value;
            archive.read(name + key, value);
            if (value.sizes() != moment->sizes())
                core::fail(ErrorCode::malformed, "the optimiser's state of '", parameter.name,
                           "' has other extents");
            moment->copy_(value);
        }
    }
}

WeightAverage::WeightAverage(const GraphModule& module, double decay) : decay_(decay) {
    for (const auto* values : {&module.weights(), &module.statistics()})
        for (const auto& [name, tensor] : *values)
            pairs_.emplace(name, Pair{tensor, tensor.detach().clone()});
}

double WeightAverage::share(std::uint64_t step) const {
    const auto n = static_cast<double>(step);
    return 1 - std::min(decay_, (1 + n) / (10 + n));
}

void WeightAverage::update(std::uint64_t step) {
    const torch::NoGradGuard no_gradient;
    for (auto& [name, pair] : pairs_)
        if (!std::exchange(pair.taken, false)) pair.average.lerp_(pair.value, share(step));
}

Tensor WeightAverage::take(const std::string& weight) {
    Pair& pair = pairs_.at(weight);
    pair.taken = true;
    return pair.average;
}

void WeightAverage::exchange() {
    const torch::NoGradGuard no_gradient;
    for (auto& [name, pair] : pairs_) {
        const torch::Tensor kept = pair.value.clone();
        pair.value.copy_(pair.average);
        pair.average.copy_(kept);
    }
}

}  // namespace dbnet::train
