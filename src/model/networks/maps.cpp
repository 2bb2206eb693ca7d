#include "model/networks/maps.hpp"

#include <algorithm>

#include "model/shape_inference.hpp"

namespace dbnet::model {
namespace {

const Node* producer(const Graph& graph, const std::string& value) {
    for (const Node& node : graph.nodes)
        if (std::ranges::find(node.outputs, value) != node.outputs.end()) return &node;
    return nullptr;
}

/// The maps that are stacked as the channels of the value; none if it is no such stack.
std::vector<std::string> stacked_maps(const Graph& graph, const std::string& value) {
    const Node* node = producer(graph, value);
    while (node != nullptr && node->op == Op::Identity)
        node = producer(graph, node->inputs.front());
    if (node == nullptr || node->op != Op::Concat) return {};
    const InferredValues values = infer_shapes(graph);
    for (const std::string& map : node->inputs) {
        const Dims& dims = values.at(map).dims;
        if (dims.size() != 4 || dims[1] != 1) return {};
    }
    return node->inputs;
}

}  // namespace

DbMaps maps_of(const Graph& graph) {
    const std::string& first = graph.outputs.front().name;
    const std::vector<std::string> stacked = stacked_maps(graph, first);
    if (stacked.size() > 1) return {stacked[0], stacked[1]};
    const bool has_threshold =
        std::ranges::find(graph.outputs, "threshold", &ValueInfo::name) != graph.outputs.end();
    return {first, has_threshold ? "threshold" : ""};
}

}  // namespace dbnet::model
