#include "engine/cpu/operations.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "core/error.hpp"
#include "engine/cpu/activations.hpp"

namespace dbnet::engine::cpu {
namespace {

bool is_binary(model::Op op) {
    using model::Op;
    return op == Op::Add || op == Op::Sub || op == Op::Mul || op == Op::Div;
}

class Grouping {
public:
    Grouping(const model::Graph& graph, const model::InferredValues& values)
        : graph_(graph), values_(values), taken_(graph.nodes.size(), false) {
        mark_needed();
        for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
            if (taken_[i]) continue;
            for (const std::string& input : graph.nodes[i].inputs) readers_[input].push_back(i);
        }
        for (const model::ValueInfo& output : graph.outputs) outputs_.insert(output.name);
    }

    std::vector<Operation> group(std::span<const std::unique_ptr<FusedRegion>> regions) {
        for (const auto& region : regions) add_region(*region);
        // Of two convolutions that are added the later one takes the addition: when it runs, the
        // other one's result is there.
        for (std::size_t i = graph_.nodes.size(); i-- > 0;)
            if (!taken_[i] && takes_addition(graph_.nodes[i])) add_chain(i, true);
        for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
            if (!taken_[i]) add_chain(i, false);
        return std::move(operations_);
    }

private:
    static bool takes_addition(const model::Node& node) {
        return node.op == model::Op::Conv ||
               (node.op == model::Op::Resize && node.get_string("mode", "nearest") != "cubic");
    }

    bool is_known(const std::string& value) const { return values_.at(value).is_constant; }

    /// Takes out the nodes that need not run.
    void mark_needed() {
        std::unordered_set<std::string> needed;
        for (const model::ValueInfo& output : graph_.outputs) needed.insert(output.name);
        for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
            const model::Node& node = graph_.nodes[i];
            taken_[i] = std::ranges::none_of(node.outputs, [&](const std::string& output) {
                return needed.contains(output) && !is_known(output);
            });
            if (!taken_[i]) needed.insert(node.inputs.begin(), node.inputs.end());
        }
    }

    void add_region(const FusedRegion& region) {
        if (std::ranges::any_of(region.nodes, [&](std::size_t i) { return taken_[i]; })) return;
        std::vector<model::Dims> dims;
        for (const std::string& input : region.inputs) dims.push_back(values_.at(input).dims);
        std::unique_ptr<FusedKernel> kernel = region.instantiate(dims);
        if (kernel == nullptr) return;
        Operation operation{region.nodes, &region, std::move(kernel), region.inputs};
        std::ranges::sort(operation.nodes);
        for (const std::size_t node : region.nodes) taken_[node] = true;
        operations_.push_back(std::move(operation));
    }

    /// The only user of a node's only output, if it is still free.
    const model::Node* next(std::size_t node, std::size_t& index) const {
        const std::vector<std::string>& outputs = graph_.nodes[node].outputs;
        if (outputs.size() != 1 || outputs_.contains(outputs[0])) return nullptr;
        const auto found = readers_.find(outputs[0]);
        if (found == readers_.end() || found->second.size() != 1) return nullptr;
        index = found->second[0];
        return taken_[index] ? nullptr : &graph_.nodes[index];
    }

    bool is_sum_of_equals(const model::Node& node) const {
        return node.op == model::Op::Add &&
               values_.at(node.inputs[0]).dims == values_.at(node.inputs[1]).dims &&
               values_.at(node.inputs[0]).type == model::DataType::f32;
    }

    void add_chain(std::size_t first, bool with_addition) {
        Operation operation;
        const auto take = [&](std::size_t node) {
            operation.nodes.push_back(node);
            taken_[node] = true;
        };
        const model::Op op = graph_.nodes[first].op;
        take(first);
        std::size_t index = 0;
        const model::Node* node = with_addition ? next(first, index) : nullptr;
        if (node != nullptr && is_sum_of_equals(*node)) take(index);
        const bool takes_activation =
            op == model::Op::Conv || op == model::Op::ConvTranspose || is_binary(op);
        node = takes_activation ? next(operation.nodes.back(), index) : nullptr;
        if (node != nullptr) {
            const std::optional<Activation> activation = to_activation(graph_, *node);
            if (activation && is_epilogue(*activation)) take(index);
        }
        node = op == model::Op::QuantizeLinear ? next(first, index) : nullptr;
        if (node != nullptr && to_quantization(graph_, graph_.nodes[first], *node)) take(index);
        operation.inputs = outer_inputs(operation.nodes);
        operations_.push_back(std::move(operation));
    }

    std::vector<std::string> outer_inputs(const std::vector<std::size_t>& nodes) const {
        std::unordered_set<std::string> seen;
        for (const std::size_t node : nodes)
            seen.insert(graph_.nodes[node].outputs.begin(), graph_.nodes[node].outputs.end());
        std::vector<std::string> inputs;
        for (const std::size_t node : nodes)
            for (const std::string& input : graph_.nodes[node].inputs)
                if (!input.empty() && seen.insert(input).second) inputs.push_back(input);
        return inputs;
    }

    const model::Graph& graph_;
    const model::InferredValues& values_;
    std::vector<bool> taken_;  ///< belongs to an operation, or need not run
    std::unordered_map<std::string, std::vector<std::size_t>> readers_;
    std::unordered_set<std::string> outputs_;
    std::vector<Operation> operations_;
};

/// Each after those whose values it uses; otherwise in the order of their first nodes.
std::vector<Operation> sorted(const model::Graph& graph, std::vector<Operation> operations) {
    std::unordered_map<std::string, std::size_t> producers;
    for (std::size_t i = 0; i < operations.size(); ++i)
        for (const std::size_t node : operations[i].nodes)
            for (const std::string& output : graph.nodes[node].outputs) producers[output] = i;

    std::vector<std::vector<std::size_t>> followers(operations.size());
    std::vector<std::size_t> waiting(operations.size(), 0);
    using Entry = std::pair<std::size_t, std::size_t>;  // first node, operation
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
    for (std::size_t i = 0; i < operations.size(); ++i) {
        for (const std::string& input : operations[i].inputs) {
            const auto producer = producers.find(input);
            if (producer == producers.end()) continue;
            followers[producer->second].push_back(i);
            ++waiting[i];
        }
        if (waiting[i] == 0) ready.emplace(operations[i].nodes.front(), i);
    }
    std::vector<Operation> result;
    while (!ready.empty()) {
        const std::size_t index = ready.top().second;
        ready.pop();
        for (const std::size_t follower : followers[index])
            if (--waiting[follower] == 0)
                ready.emplace(operations[follower].nodes.front(), follower);
        result.push_back(std::move(operations[index]));
    }
    if (result.size() != operations.size())
        core::fail(ErrorCode::internal, "fused regions of the network need each other");
    return result;
}

}  // namespace

std::vector<Operation> make_operations(const model::Graph& graph,
                                       const model::InferredValues& values,
                                       std::span<const std::unique_ptr<FusedRegion>> regions) {
    return sorted(graph, Grouping(graph, values).group(regions));
}

}  // namespace dbnet::engine::cpu
