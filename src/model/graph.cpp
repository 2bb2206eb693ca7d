#include "model/graph.hpp"

#include <algorithm>
#include <optional>
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "core/error.hpp"
#include "model/node_error.hpp"
#include "model/operators.hpp"

namespace dbnet::model {
namespace {

template <typename T>
T attribute_or(const Node& node, std::string_view name, T otherwise) {
    const auto found = node.attributes.find(std::string(name));
    if (found == node.attributes.end()) return otherwise;
    if (const T* value = std::get_if<T>(&found->second)) return *value;
    fail_node(ErrorCode::malformed, node, "attribute '", name, "' has the wrong type");
}

/// The nodes that compute a value, by the value's name.
std::unordered_map<std::string_view, std::size_t> producers(const std::vector<Node>& nodes) {
    std::unordered_map<std::string_view, std::size_t> by_value;
    for (std::size_t i = 0; i < nodes.size(); ++i)
        for (const std::string& output : nodes[i].outputs)
            if (!output.empty()) by_value.emplace(output, i);
    return by_value;
}

using Names = std::unordered_set<std::string_view>;

/// Values that exist before any node ran.
Names given_values(const Graph& graph) {
    Names known;
    for (const auto& [name, tensor] : graph.parameters) known.insert(name);
    for (const ValueInfo& input : graph.inputs) {
        if (input.name.empty())
            core::fail(ErrorCode::malformed, "an input of the graph has no name");
        if (!known.insert(input.name).second)
            core::fail(ErrorCode::malformed, "input '", input.name,
                       "' of the graph has the name of another value");
    }
    return known;
}

void check_outputs(const Graph& graph, const Names& known) {
    if (graph.outputs.empty()) core::fail(ErrorCode::malformed, "the graph has no output");
    Names seen;
    for (const ValueInfo& output : graph.outputs) {
        if (!known.contains(output.name))
            core::fail(ErrorCode::malformed, "nothing computes the graph's output '", output.name,
                       "'");
        if (!seen.insert(output.name).second)
            core::fail(ErrorCode::malformed, "the graph has two outputs '", output.name, "'");
    }
}

}  // namespace

std::string_view to_string(Op op) noexcept { return operator_info(op).name; }

bool Node::has(std::string_view attribute) const {
    return attributes.contains(std::string(attribute));
}

std::int64_t Node::get_int(std::string_view attribute, std::int64_t otherwise) const {
    return attribute_or(*this, attribute, otherwise);
}

float Node::get_float(std::string_view attribute, float otherwise) const {
    return attribute_or(*this, attribute, otherwise);
}

std::string Node::get_string(std::string_view attribute, std::string otherwise) const {
    return attribute_or(*this, attribute, std::move(otherwise));
}

std::vector<std::int64_t> Node::get_ints(std::string_view attribute,
                                         std::vector<std::int64_t> otherwise) const {
    return attribute_or(*this, attribute, std::move(otherwise));
}

std::string Graph::add(Op op, std::string node_name, std::vector<std::string> node_inputs,
                       std::map<std::string, Attribute> attributes) {
    Node node{node_name, op, std::move(node_inputs), {node_name}, std::move(attributes)};
    nodes.push_back(std::move(node));
    return node_name;
}

const Tensor* Graph::parameter(std::string_view value) const {
    const auto found = parameters.find(std::string(value));
    return found == parameters.end() ? nullptr : &found->second;
}

void Graph::check() const {
    Names known = given_values(*this);
    for (const Node& node : nodes) {
        check_node(node);
        for (const std::string& input : node.inputs)
            if (!input.empty() && !known.contains(input))
                fail_node(ErrorCode::malformed, node, "input '", input,
                          "' is not computed before the node, nor is it a parameter");
        for (const std::string& output : node.outputs)
            if (!output.empty() && !known.insert(output).second)
                fail_node(ErrorCode::malformed, node, "output '", output,
                          "' has the name of another value");
    }
    check_outputs(*this, known);
}

void Graph::sort() {
    const Names given = given_values(*this);
    const auto producer = producers(nodes);
    std::vector<std::size_t> waiting(nodes.size(), 0);
    std::vector<std::vector<std::size_t>> consumers(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i)
        for (const std::string& input : nodes[i].inputs)
            if (const auto found = producer.find(input);
                found != producer.end() && !given.contains(input)) {
                ++waiting[i];
                consumers[found->second].push_back(i);
            }
    // The smallest index first, so that a sorted graph stays as it is.
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
    for (std::size_t i = 0; i < nodes.size(); ++i)
        if (waiting[i] == 0) ready.push(i);
    std::vector<Node> sorted;
    sorted.reserve(nodes.size());
    std::vector<std::size_t> order;
    while (!ready.empty()) {
        const std::size_t next = ready.top();
        ready.pop();
        order.push_back(next);
        for (const std::size_t consumer : consumers[next])
            if (--waiting[consumer] == 0) ready.push(consumer);
    }
    for (std::size_t i = 0; i < nodes.size(); ++i)
        if (waiting[i] != 0)
            fail_node(ErrorCode::malformed, nodes[i], "the node needs its own output (a cycle)");
    for (const std::size_t index : order) sorted.push_back(std::move(nodes[index]));
    nodes = std::move(sorted);
}

void Graph::remove_dead() {
    std::unordered_set<std::string> needed;
    for (const ValueInfo& output : outputs) needed.insert(output.name);
    std::vector<Node> alive;
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
        const bool used = std::ranges::any_of(
            node->outputs, [&](const std::string& output) { return needed.contains(output); });
        if (!used) continue;
        needed.insert(node->inputs.begin(), node->inputs.end());
        alive.push_back(std::move(*node));
    }
    std::ranges::reverse(alive);
    nodes = std::move(alive);
    std::erase_if(parameters, [&](const auto& entry) { return !needed.contains(entry.first); });
}

}  // namespace dbnet::model
