#pragma once

#include <cstdint>
#include <vector>

#include "model/onnx_proto.hpp"

namespace dbnet::model {

/// A node of the flat graph and the opset of the default domain that it is written in.
struct FlatNode {
    onnx::NodeProto node;
    int opset = 0;
};

/// The nodes of the model's graph with the bodies of local functions, and those branches of If
/// nodes that a constant chooses, in place of what calls them. Initializers of the branches become
/// the graph's. Throws Error: malformed; unsupported for an If whose condition is no constant;
/// too_large beyond `max_nodes`.
std::vector<FlatNode> inline_bodies(onnx::ModelProto& model, std::int64_t max_nodes);

}  // namespace dbnet::model
