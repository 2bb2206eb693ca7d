#pragma once

#include <span>
#include <vector>

#include "engine/backend.hpp"

// The oracle: every operator in the plainest C++, one function each, written from the ONNX
// specification (form of opset 18) and summing in double. Whatever another backend computes is
// compared with this.
namespace dbnet::engine::reference {

/// Computes one node on host buffers, in its input order; an optional input left out is an empty
/// Buffer. Also what constant folding uses. The outputs are in memory of their own. Throws Error
/// naming node and operator: malformed (extents, values or attributes that do not fit), unsupported
/// (a type or mode that dbnet does not do), too_large.
std::vector<Buffer> evaluate(const model::Node& node, std::span<const Buffer> inputs);

}  // namespace dbnet::engine::reference
