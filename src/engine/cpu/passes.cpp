#include "engine/cpu/passes.hpp"

#include <algorithm>

#include "engine/reference/reference.hpp"
#include "model/attributes.hpp"
#include "model/shape_inference.hpp"

namespace dbnet::engine::cpu {
namespace {

/// Larger results are only folded if they are no larger than what they are computed from, so that a
/// small file cannot demand any amount of memory.
constexpr std::int64_t kMaxFolded = 1 << 20;

std::int64_t elements(const model::Dims& dims) {
    return std::ranges::any_of(dims, [](std::int64_t extent) { return extent < 0; })
               ? -1
               : model::element_count(dims);
}

/// Whether the node's inputs are parameters and its outputs small enough.
bool is_foldable(const model::Graph& graph, const model::Node& node,
                 const model::InferredValues& inferred) {
    std::int64_t limit = kMaxFolded;
    for (const std::string& input : node.inputs) {
        if (input.empty()) continue;
        const model::Tensor* parameter = graph.parameter(input);
        if (parameter == nullptr) return false;
        limit = std::max(limit, parameter->size());
    }
    return node.op == model::Op::Constant ||
           std::ranges::all_of(node.outputs, [&](const std::string& output) {
               const model::InferredValue& value = inferred.at(output);
               const std::int64_t size = value.has_rank ? elements(value.dims) : -1;
               return size >= 0 && size <= limit;
           });
}

void fold(model::Graph& graph, const model::Node& node) {
    std::vector<Buffer> inputs;
    for (const std::string& input : node.inputs)
        inputs.push_back(input.empty() ? Buffer() : buffer_of(*graph.parameter(input)));
    const std::vector<Buffer> outputs = reference::evaluate(node, inputs);
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
        graph.parameters[node.outputs[i]] = tensor_of(outputs[i]);
}

}  // namespace

model::Graph optimise(const model::Graph& graph) {
    model::Graph result = graph;
    result.check();
    fold_constants(result);
    remove_identities(result);
    rewrite_activations(result);
    result.remove_dead();
    fold_affine(result);
    result.remove_dead();
    return result;
}

void fold_constants(model::Graph& graph) {
    const model::InferredValues inferred = model::infer_shapes(graph);
    const auto is_known = [&](const std::string& value) { return inferred.at(value).is_constant; };
    std::vector<model::Node> kept;
    for (model::Node& node : graph.nodes) {
        if (std::ranges::all_of(node.outputs, is_known))
            for (const std::string& output : node.outputs)
                graph.parameters[output] = inferred.at(output).constant;
        else if (is_foldable(graph, node, inferred))
            fold(graph, node);
        else
            kept.push_back(std::move(node));
    }
    graph.nodes = std::move(kept);
}

void remove_identities(model::Graph& graph) {
    const model::InferredValues inferred = model::infer_shapes(graph);
    std::unordered_map<std::string, std::string> replaced;
    const auto changes_nothing = [&](const model::Node& node) {
        return node.op == model::Op::Identity ||
               (node.op == model::Op::Cast &&
                model::cast_type(node) == inferred.at(node.inputs[0]).type);
    };
    std::vector<model::Node> kept;
    for (model::Node& node : graph.nodes) {
        for (std::string& input : node.inputs)
            if (const auto found = replaced.find(input); found != replaced.end())
                input = found->second;
        const auto is_output = [&](const model::ValueInfo& output) {
            return output.name == node.outputs[0];
        };
        if (changes_nothing(node) && std::ranges::none_of(graph.outputs, is_output))
            replaced[node.outputs[0]] = node.inputs[0];
        else
            kept.push_back(std::move(node));
    }
    graph.nodes = std::move(kept);
}

Values::Values(const model::Graph& graph) : graph_(graph) {
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        for (const std::string& input : graph.nodes[i].inputs) ++uses_[input];
        for (const std::string& output : graph.nodes[i].outputs) producers_[output] = i;
    }
    for (const model::ValueInfo& output : graph.outputs) uses_[output.name] += 2;  // never once
}

const model::Node* Values::producer(const std::string& value) const {
    const auto found = producers_.find(value);
    return found == producers_.end() ? nullptr : &graph_.nodes[found->second];
}

bool Values::is_used_once(const std::string& value) const {
    const auto found = uses_.find(value);
    return found != uses_.end() && found->second == 1;
}

std::optional<float> Values::scalar(const std::string& value) const {
    const model::Tensor* tensor = graph_.parameter(value);
    if (tensor == nullptr || tensor->type() != model::DataType::f32 || tensor->size() != 1)
        return std::nullopt;
    return tensor->f32()[0];
}

std::optional<Values::Scaled> Values::with_scalar(const model::Node& node) const {
    for (const std::size_t i : {0u, 1u})
        if (const std::optional<float> number = scalar(node.inputs[i]))
            return Scaled{node.inputs[1 - i], *number};
    return std::nullopt;
}

std::string unused_name(const model::Graph& graph, const std::string& base) {
    const Values values(graph);
    std::string name = base;
    while (graph.parameters.contains(name) || values.producer(name) != nullptr) name += '_';
    return name;
}

}  // namespace dbnet::engine::cpu
