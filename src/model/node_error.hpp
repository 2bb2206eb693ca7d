#pragma once

#include "core/error.hpp"
#include "model/graph.hpp"

namespace dbnet::model {

/// Throws dbnet::Error whose message starts with the node and its operator.
template <typename... Args>
[[noreturn]] void fail_node(ErrorCode code, const Node& node, const Args&... args) {
    core::fail(code, "node '", node.name, "' (", to_string(node.op), "): ", args...);
}

}  // namespace dbnet::model
