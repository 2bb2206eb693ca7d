#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "engine/cpu/kernels/fusion.hpp"
#include "model/graph.hpp"
#include "model/shape_inference.hpp"

namespace dbnet::engine::cpu {

/// Nodes that are executed together: one node; a fused region; or a chain
///     Conv [+ Add] [+ activation],  Resize [+ Add],  Add | Sub | Mul | Div [+ activation],
///     QuantizeLinear + DequantizeLinear
/// in which only the next node uses a node's output.
struct Operation {
    std::vector<std::size_t> nodes;  ///< ascending indices into graph.nodes
    const FusedRegion* region = nullptr;
    std::shared_ptr<const FusedKernel> kernel;  ///< of the region
    std::vector<std::string> inputs;            ///< values that come from outside, once each
};

/// The whole graph as operations, each after those whose values it uses. Nodes whose outputs are
/// known constants, and nodes that nothing needs then, are left out.
std::vector<Operation> make_operations(const model::Graph& graph,
                                       const model::InferredValues& values,
                                       std::span<const std::unique_ptr<FusedRegion>> regions);

}  // namespace dbnet::engine::cpu
