#include "train/watchdog.hpp"

#include <cmath>

#include <dbnet/error.hpp>

#include "core/error.hpp"
#include "model/operators.hpp"

namespace dbnet::train {
namespace {

using torch::Tensor;

bool is_finite(const Tensor& tensor) {
    return !tensor.defined() || tensor.isfinite().all().item<bool>();
}

std::string names_of(const StepLosses& losses, bool has_threshold_branch) {
    std::string names;
    const auto name = [&](const char* text, double loss) {
        if (!std::isfinite(loss)) names += (names.empty() ? "" : ", ") + std::string(text);
    };
    name("probability", losses.probability);
    if (has_threshold_branch) {
        name("threshold", losses.threshold);
        name("binary", losses.binary);
    }
    return names.empty() ? "total" : names;
}

/// Values are computed one by one, each from the beginning: slow, done once, and right for any
/// graph.
std::string first_bad_layer(GraphModule& module, const Tensor& images) {
    const torch::NoGradGuard no_gradient;
    for (const model::Node& node : module.graph().nodes) {
        try {
            if (!is_finite(module.values(images, {node.outputs.front()}).front()))
                return core::concat("; the first layer with such an output is '", node.name, "' (",
                                    model::to_string(node.op), ")");
        } catch (const Error&) {
            continue;  // no tensor of f32: a shape, an index
        }
    }
    return "; the outputs of all layers are finite";
}

}  // namespace

std::string bad_loss(GraphModule& module, const Tensor& images, const StepLosses& losses,
                     bool has_threshold_branch) {
    const std::string weight = bad_weight(module);
    return core::concat("not a finite number: loss ", names_of(losses, has_threshold_branch),
                        is_finite(images) ? "" : "; neither is the input",
                        weight.empty() ? first_bad_layer(module, images) : "; " + weight);
}

std::string bad_gradient(const GraphModule& module) {
    for (const auto& [name, weight] : module.weights())
        if (!is_finite(weight.grad()))
            return core::concat("not a finite number: the gradient of '", name, "'");
    return "not a finite number: the norm of the gradients";
}

std::string bad_weight(const GraphModule& module) {
    for (const auto* values : {&module.weights(), &module.statistics()})
        for (const auto& [name, tensor] : *values)
            if (!is_finite(tensor)) return core::concat("not a finite number: '", name, "'");
    return {};
}

}  // namespace dbnet::train
