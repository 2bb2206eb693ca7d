#include "train/weight_average.hpp"

#include <algorithm>

namespace dbnet::train {

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
