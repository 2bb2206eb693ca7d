#include "engine/cpu/passes.hpp"

#include <algorithm>
#include <map>

#include "engine/reference/reference.hpp"
#include "model/attributes.hpp"
#include "model/info.hpp"
#include "model/shape_inference.hpp"

namespace dbnet::engine::cpu {
namespace {

constexpr double kFoldedElements = 1 << 22;       ///< in all
constexpr double kFoldedOperations = 1 << 24;     ///< additions, multiplications, copies, in all
constexpr double kFoldedPerParameterElement = 4;  ///< more of both

double elements(const model::InferredValue& value) {
    double count = value.has_rank ? 1 : -1;
    for (const std::int64_t extent : value.dims)
        count = extent < 0 || count < 0 ? -1 : count * static_cast<double>(extent);
    return count;
}

/// Evaluates nodes whose inputs are parameters, within a budget for the whole graph.
class Folding {
public:
    explicit Folding(model::Graph& graph) : graph_(graph), inferred_(model::infer_shapes(graph)) {
        for (const auto& [name, tensor] : graph.parameters) {
            const double more = kFoldedPerParameterElement * static_cast<double>(tensor.size());
            elements_left_ += more;
            operations_left_ += more;
        }
    }

    void run() {
        const auto is_known = [&](const std::string& value) {
            return inferred_.at(value).is_constant;
        };
        std::vector<model::Node> kept;
        for (model::Node& node : graph_.nodes) {
            if (std::ranges::all_of(node.outputs, is_known))
                for (const std::string& output : node.outputs)
                    graph_.parameters[output] = inferred_.at(output).constant;
            else if (is_foldable(node))
                fold(node);
            else
                kept.push_back(std::move(node));
        }
        graph_.nodes = std::move(kept);
    }

private:
    /// Whether the node's inputs are parameters and there is room for its outputs; takes it then.
    bool is_foldable(const model::Node& node) {
        if (node.op == model::Op::Constant) return true;
        for (const std::string& input : node.inputs)
            if (!input.empty() && graph_.parameter(input) == nullptr) return false;
        double size = 0;
        for (const std::string& output : node.outputs) {
            const double count = elements(inferred_.at(output));
            if (count < 0) return false;
            size += count;
        }
        const double operations = operations_of(node, size);
        if (size > elements_left_ || operations > operations_left_) return false;
        elements_left_ -= size;
        operations_left_ -= operations;
        return true;
    }

    double operations_of(const model::Node& node, double output_size) const {
        double operations = output_size;
        for (const std::string& input : node.inputs)
            if (!input.empty()) operations += elements(inferred_.at(input));
        if (const auto* kernel = std::get_if<model::Dims>(attribute(node, "kernel_shape")))
            for (const std::int64_t extent : *kernel) output_size *= static_cast<double>(extent);
        return std::max(
            {operations, output_size, static_cast<double>(model::count_macs(node, inferred_))});
    }

    static const model::Attribute* attribute(const model::Node& node, const char* name) {
        const auto found = node.attributes.find(name);
        return found == node.attributes.end() ? nullptr : &found->second;
    }

    void fold(const model::Node& node) {
        std::vector<Buffer> inputs;
        for (const std::string& input : node.inputs)
            inputs.push_back(input.empty() ? Buffer() : buffer_of(*graph_.parameter(input)));
        const std::vector<Buffer> outputs = reference::evaluate(node, inputs);
        for (std::size_t i = 0; i < node.outputs.size(); ++i)
            graph_.parameters[node.outputs[i]] = tensor_of(outputs[i]);
    }

    model::Graph& graph_;
    model::InferredValues inferred_;
    double elements_left_ = kFoldedElements;
    double operations_left_ = kFoldedOperations;
};

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

void fold_constants(model::Graph& graph) { Folding(graph).run(); }

void remove_identities(model::Graph& graph) {
    const model::InferredValues inferred = model::infer_shapes(graph);
    std::unordered_map<std::string, std::string> replaced;
    std::unordered_set<std::string_view> outputs;
    for (const model::ValueInfo& output : graph.outputs) outputs.insert(output.name);
    const auto changes_nothing = [&](const model::Node& node) {
        return node.op == model::Op::Identity ||
               (node.op == model::Op::Cast &&
                model::cast_type(node) == inferred.at(node.inputs[0]).type);
    };
    std::map<std::pair<std::vector<std::string>, std::int64_t>, std::string> dequantized;
    const auto earlier = [&](const model::Node& node) {
        if (node.op != model::Op::DequantizeLinear) return std::string();
        const auto [entry, added] =
            dequantized.try_emplace({node.inputs, node.get_int("axis", 1)}, node.outputs[0]);
        return added ? std::string() : entry->second;
    };
    std::vector<model::Node> kept;
    for (model::Node& node : graph.nodes) {
        for (std::string& input : node.inputs)
            if (const auto found = replaced.find(input); found != replaced.end())
                input = found->second;
        if (const std::string same = earlier(node);
            !same.empty() && !outputs.contains(node.outputs[0])) {
            replaced[node.outputs[0]] = same;
            continue;
        }
        if (changes_nothing(node) && !outputs.contains(node.outputs[0]))
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

FreshNames::FreshNames(const model::Graph& graph) {
    for (const auto& [name, tensor] : graph.parameters) taken_.insert(name);
    for (const model::ValueInfo& input : graph.inputs) taken_.insert(input.name);
    for (const model::Node& node : graph.nodes)
        taken_.insert(node.outputs.begin(), node.outputs.end());
}

std::string FreshNames::make(std::string base) {
    while (!taken_.insert(base).second) base += '_';
    return base;
}

}  // namespace dbnet::engine::cpu
