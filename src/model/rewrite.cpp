#include "model/rewrite.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "model/attributes.hpp"
#include "model/operators.hpp"
#include "model/shape_inference.hpp"

namespace dbnet::model {
namespace {

/// Two sizes that networks accept whose strides are powers of two up to 64.
const std::vector<std::pair<std::int64_t, std::int64_t>> kTrialSizes{{128, 192}, {256, 64}};

bool computes(const Graph& graph, const std::string& value) {
    const auto is_value = [&](const std::string& name) { return name == value; };
    return std::ranges::any_of(graph.inputs, is_value, &ValueInfo::name) ||
           std::ranges::any_of(graph.nodes, [&](const Node& node) {
               return std::ranges::any_of(node.outputs, is_value);
           });
}

/// Whether all outputs are maps whose extents are in the same ratio to the input's at all sizes.
bool outputs_follow(const Graph& graph) {
    std::vector<Dims> ratios;
    for (const auto& [height, width] : kTrialSizes) {
        const InferredValues values =
            infer_shapes(graph, {{2, graph.inputs.front().dims[1], height, width}});
        std::vector<Dims> now;
        for (const ValueInfo& output : graph.outputs) {
            const Dims& dims = values.at(output.name).dims;
            if (dims.size() != 4 || dims[0] != 2) return false;
            now.push_back({dims[1], 64 * dims[2] / height, 64 * dims[3] / width});
        }
        if (!ratios.empty() && ratios != now) return false;
        ratios = now;
    }
    return true;
}

}  // namespace

Graph cut(Graph graph, const std::vector<std::string>& outputs) {
    const InferredValues values = infer_shapes(graph);
    graph.outputs.clear();
    for (const std::string& output : outputs) {
        if (!computes(graph, output))
            core::fail(ErrorCode::invalid_argument, "the graph computes no value '", output, "'");
        const InferredValue& value = values.at(output);
        graph.outputs.push_back({output, value.type, value.dims});
    }
    graph.remove_dead();
    return graph;
}

bool make_dynamic(Graph& graph) {
    if (graph.inputs.size() != 1 || graph.inputs.front().dims.size() != 4) return false;
    Graph dynamic = graph;
    dynamic.inputs.front().dims = {-1, graph.inputs.front().dims[1], -1, -1};
    try {
        if (!outputs_follow(dynamic)) return false;
        const InferredValues values = infer_shapes(dynamic);
        for (ValueInfo& output : dynamic.outputs) output.dims = values.at(output.name).dims;
    } catch (const Error&) {
        return false;
    }
    graph = std::move(dynamic);
    return true;
}

void compute_in_f32(Graph& graph) {
    const auto is_half = [](DataType type) {
        return type == DataType::f16 || type == DataType::bf16;
    };
    const auto is_half_parameter = [&](const std::string& value) {
        const Tensor* tensor = graph.parameter(value);
        return tensor != nullptr && is_half(tensor->type());
    };
    const auto computes_so = [&](const Node& node) {
        if (node.op == Op::Cast) return is_half(cast_type(node));
        if (std::ranges::any_of(node.inputs, is_half_parameter)) return true;
        const auto value = node.attributes.find("value");
        const auto* tensor =
            value == node.attributes.end() ? nullptr : std::get_if<Tensor>(&value->second);
        return tensor != nullptr && is_half(tensor->type());
    };
    if (std::ranges::none_of(graph.inputs, is_half, &ValueInfo::type) &&
        std::ranges::none_of(graph.nodes, computes_so))
        return;
    for (ValueInfo& input : graph.inputs)
        if (is_half(input.type)) input.type = DataType::f32;
    for (auto& [name, tensor] : graph.parameters)
        if (is_half(tensor.type())) tensor = tensor.cast(DataType::f32);
    for (Node& node : graph.nodes) {
        if (node.op == Op::Cast && is_half(cast_type(node)))
            node.attributes["to"] = onnx_type_number(DataType::f32);
        for (auto& [name, attribute] : node.attributes)
            if (auto* tensor = std::get_if<Tensor>(&attribute); tensor && is_half(tensor->type()))
                *tensor = tensor->cast(DataType::f32);
    }
}

void widen_weights(Graph& graph) {
    std::vector<Node> nodes;
    for (Node& node : graph.nodes) {
        const Tensor* constant = node.op == Op::Cast ? graph.parameter(node.inputs[0]) : nullptr;
        if (constant == nullptr || cast_type(node) != DataType::f32)
            nodes.push_back(std::move(node));
        else
            graph.parameters.emplace(node.outputs.front(), constant->cast(DataType::f32));
    }
    graph.nodes = std::move(nodes);
    graph.remove_dead();
}

}  // namespace dbnet::model
