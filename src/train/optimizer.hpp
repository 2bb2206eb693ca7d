#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "train/graph_module.hpp"
#include "train/options.hpp"

// How the weights change from step to step.
namespace dbnet::train {

using Weights = std::map<std::string, torch::Tensor>;

/// Drops the gradients, so that a frozen parameter has none.
void drop_gradients(const Weights& weights);

/// Exponential moving average of a module's weights and running statistics.
class WeightAverage {
public:
    /// Begins with the module's present values. The module must outlive it.
    WeightAverage(const GraphModule& module, double decay);

    /// What the new values count for after `step` steps. Early on the decay is (1 + step) / (10 +
    /// step) where that is less, so that the random beginning is soon forgotten.
    double share(std::uint64_t step) const;

    /// Takes in the module's values after `step` steps, but for the weights that Optimizer::step()
    /// has taken in.
    void update(std::uint64_t step);

    /// The average of a weight, which is then no longer for update() to change.
    torch::Tensor take(const std::string& weight);

    /// Exchanges the module's values and the averages; a second call undoes the first.
    void exchange();

private:
    struct Pair {
        torch::Tensor value;  ///< of the module
        torch::Tensor average;
        bool taken = false;
    };
    std::map<std::string, Pair> pairs_;
    double decay_;
};

/// SGD with momentum, Adam and AdamW as LibTorch has them (arXiv 1412.6980, 1711.05101; epsilon
/// 1e-8), in one pass over weights, gradients, moments and averages on a CPU. Vectors (biases, what
/// BatchNormalization has) do not decay; a parameter without a gradient is left alone.
class Optimizer {
public:
    /// Throws Error{invalid_argument} if a prefix of options.rates begins no parameter's name.
    Optimizer(const Weights& weights, const OptimizerOptions& options);

    /// Euclidean norm of all gradients together; not finite if one of them is not.
    double gradient_norm() const;

    /// One step with gradients times `factor`; in the average, if any, `average_share` is of the
    /// new weights.
    void step(double rate, double factor = 1, WeightAverage* average = nullptr,
              double average_share = 0);

    void save(torch::serialize::OutputArchive& archive) const;
    /// Throws Error{malformed} or c10::Error: then all is to be thrown away.
    void load(torch::serialize::InputArchive& archive);

private:
    struct Parameter {
        std::string name;
        torch::Tensor weight;
        torch::Tensor first;   ///< moments, in the order of the weight
        torch::Tensor second;  ///< empty for SGD
        torch::Tensor average;
        double rate_factor = 1;
        bool decays = false;
        std::int64_t steps = 0;  ///< that it took part in
    };
    /// A piece of a parameter, for a thread.
    struct Piece {
        std::size_t parameter;
        std::int64_t first;
        std::int64_t count;
    };

    void step_pieces(double rate, double factor, double average_share);
    void step_plainly(Parameter& parameter, double rate, double factor);

    const OptimizerOptions options_;
    std::vector<Parameter> parameters_;
    std::vector<Piece> pieces_;
};

}  // namespace dbnet::train
