#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph.hpp"

namespace dbnet::model {

/// A node in the form of some opset.
struct OnnxNode {
    std::string name;
    std::string op;
    std::vector<std::string> inputs;
    std::vector<std::string> outputs;
    std::map<std::string, Attribute> attributes;
    std::string domain = {};  ///< empty or "ai.onnx": the default one
};

/// Whether add_from_opset() knows the operator: one of the table, or one that can be written with
/// those.
bool is_known_operator(std::string_view domain, std::string_view op) noexcept;

/// Appends what the node means in the form in which Graph holds nodes (opset 18): usually one node,
/// parameters for attributes that are inputs there, for Constant a parameter alone. The parameters
/// that the node uses must be in the graph already. Throws Error: unsupported, malformed.
void add_from_opset(Graph& graph, OnnxNode node, int opset);

/// The opposite: the node in the form of `opset`. Inputs that are attributes there are found among
/// `parameters`; constants that only that form needs are added to them. Throws Error{unsupported},
/// naming the node, where the opset has no such form.
OnnxNode to_opset(const Node& node, int opset, std::map<std::string, Tensor>& parameters);

}  // namespace dbnet::model
