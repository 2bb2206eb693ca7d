#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/cpu/passes.hpp"
#include "model/attributes.hpp"

namespace dbnet::engine::cpu {
namespace {

using model::Node;
using model::Op;

bool is_about(float a, double b) {
    return std::abs(static_cast<double>(a) - b) < 1e-6 * std::abs(b);
}

/// The producer, if it is that operation.
const Node* producer(const Values& values, const std::string& value, Op op) {
    const Node* node = values.producer(value);
    return node != nullptr && node->op == op ? node : nullptr;
}

/// x of clip(x + 3, 0, 6).
std::optional<std::string> shifted_relu6(const Values& values, const std::string& value) {
    const Node* clip = producer(values, value, Op::Clip);
    if (clip == nullptr || clip->inputs.size() != 3 || values.scalar(clip->inputs[1]) != 0.0f ||
        values.scalar(clip->inputs[2]) != 6.0f)
        return std::nullopt;
    const Node* add = producer(values, clip->inputs[0], Op::Add);
    if (add == nullptr) return std::nullopt;
    const auto sum = values.with_scalar(*add);
    return sum && sum->scalar == 3.0f ? std::optional(sum->value) : std::nullopt;
}

/// y of y / 6 or y * (1 / 6).
std::optional<std::string> sixth(const Values& values, const Node& node) {
    if (node.op == Op::Div && values.scalar(node.inputs[1]) == 6.0f) return node.inputs[0];
    if (node.op != Op::Mul) return std::nullopt;
    const auto product = values.with_scalar(node);
    return product && is_about(product->scalar, 1.0 / 6) ? std::optional(product->value)
                                                         : std::nullopt;
}

/// x of clip(x + 3, 0, 6) / 6, or of the HardSigmoid that is the same.
std::optional<std::string> hard_sigmoid(const Values& values, const std::string& value) {
    const Node* node = values.producer(value);
    if (node == nullptr) return std::nullopt;
    if (node->op == Op::HardSigmoid) {
        const model::HardSigmoidAttributes attributes = model::hard_sigmoid_attributes(*node);
        const bool fits = is_about(attributes.alpha, 1.0 / 6) && attributes.beta == 0.5f;
        return fits ? std::optional(node->inputs[0]) : std::nullopt;
    }
    const auto scaled = sixth(values, *node);
    return scaled ? shifted_relu6(values, *scaled) : std::nullopt;
}

/// x of x * f(x), where `inner` finds the x of f(x).
template <typename F>
std::optional<std::string> times_own(const Node& node, F&& inner) {
    if (node.op != Op::Mul) return std::nullopt;
    for (const std::size_t i : {0u, 1u})
        if (inner(node.inputs[1 - i]) == node.inputs[i]) return node.inputs[i];
    return std::nullopt;
}

/// x of x clip(x + 3, 0, 6) / 6 in any order.
std::optional<std::string> hard_swish(const Values& values, const Node& node) {
    if (const auto scaled = sixth(values, node))
        if (const Node* product = producer(values, *scaled, Op::Mul))
            return times_own(
                *product, [&](const std::string& value) { return shifted_relu6(values, value); });
    return times_own(node, [&](const std::string& value) { return hard_sigmoid(values, value); });
}

/// The factors of a product, those of its factors included where they are products themselves.
std::vector<std::string> factors(const Values& values, const Node& product) {
    std::vector<std::string> result;
    for (const std::string& input : product.inputs) {
        const Node* inner = producer(values, input, Op::Mul);
        if (inner == nullptr)
            result.push_back(input);
        else
            result.insert(result.end(), inner->inputs.begin(), inner->inputs.end());
    }
    return result;
}

/// x of 1 + erf(x / sqrt 2).
std::optional<std::string> normal_distribution(const Values& values, const std::string& value) {
    const Node* add = producer(values, value, Op::Add);
    if (add == nullptr) return std::nullopt;
    const auto sum = values.with_scalar(*add);
    if (!sum || sum->scalar != 1.0f) return std::nullopt;
    const Node* erf = producer(values, sum->value, Op::Erf);
    const Node* scaled = erf == nullptr ? nullptr : values.producer(erf->inputs[0]);
    if (scaled == nullptr) return std::nullopt;
    if (scaled->op == Op::Div) {
        const auto divisor = values.scalar(scaled->inputs[1]);
        const bool fits = divisor && is_about(*divisor, std::numbers::sqrt2);
        return fits ? std::optional(scaled->inputs[0]) : std::nullopt;
    }
    if (scaled->op != Op::Mul) return std::nullopt;
    const auto product = values.with_scalar(*scaled);
    const bool fits = product && is_about(product->scalar, 1 / std::numbers::sqrt2);
    return fits ? std::optional(product->value) : std::nullopt;
}

/// x of x (1 + erf(x / sqrt 2)) / 2 in any order.
std::optional<std::string> gelu(const Values& values, const Node& node) {
    if (node.op != Op::Mul) return std::nullopt;
    std::vector<std::string> rest = factors(values, node);
    const auto half = std::ranges::find_if(
        rest, [&](const std::string& value) { return values.scalar(value) == 0.5f; });
    if (rest.size() != 3 || half == rest.end()) return std::nullopt;
    rest.erase(half);
    for (const std::size_t i : {0u, 1u})
        if (normal_distribution(values, rest[1 - i]) == rest[i]) return rest[i];
    return std::nullopt;
}

/// The Mul(y, c) of 1 / (1 + exp(c y)).
const Node* logistic(const Values& values, const Node& node) {
    if (node.op != Op::Reciprocal) return nullptr;
    const Node* add = producer(values, node.inputs[0], Op::Add);
    if (add == nullptr) return nullptr;
    const auto sum = values.with_scalar(*add);
    if (!sum || sum->scalar != 1.0f) return nullptr;
    const Node* exp = producer(values, sum->value, Op::Exp);
    if (exp == nullptr) return nullptr;
    const Node* product = producer(values, exp->inputs[0], Op::Mul);
    return product != nullptr && values.with_scalar(*product) ? product : nullptr;
}

}  // namespace

void rewrite_activations(model::Graph& graph) {
    std::vector<Node> nodes;
    const Values values(graph);
    FreshNames names(graph);
    std::map<std::string, model::Tensor> added;
    for (const Node& node : graph.nodes) {
        Node result{node.name, Op::HardSwish, {}, node.outputs, {}};
        if (const auto x = hard_swish(values, node)) {
            result.inputs = {*x};
        } else if (const auto y = gelu(values, node)) {
            result.op = Op::Gelu;
            result.inputs = {*y};
        } else if (const Node* product = logistic(values, node)) {
            const auto scaled = *values.with_scalar(*product);
            const std::string factor = names.make(node.name + ".factor");
            const std::string argument = names.make(node.name + ".argument");
            added[factor] = model::Tensor::scalar(-scaled.scalar);
            nodes.push_back({argument, Op::Mul, {scaled.value, factor}, {argument}, {}});
            result.op = Op::Sigmoid;
            result.inputs = {argument};
        } else {
            result = node;
        }
        nodes.push_back(std::move(result));
    }
    graph.nodes = std::move(nodes);
    graph.parameters.merge(added);
}

}  // namespace dbnet::engine::cpu
