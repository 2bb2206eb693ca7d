#pragma once

#include <string>
#include <vector>

#include "model/graph.hpp"

// Changes to a whole graph that keep what it computes.
namespace dbnet::model {

/// The graph that computes the named values, which may be intermediate ones, and nothing else: they
/// become its outputs in this order; nodes and parameters that they do not need are gone. Throws
/// Error{invalid_argument} for a name that is neither a node's output nor an input, and what
/// infer_shapes() throws.
Graph cut(Graph graph, const std::vector<std::string>& outputs);

/// Leaves batch size, height and width of the one image input [N, C, H, W] open. Returns false, and
/// leaves the graph as it is, where that changes what the graph is: other extents do not fit its
/// nodes, or its outputs do not follow the input's extents as they did.
bool make_dynamic(Graph& graph);

/// Constants that a Cast turns into f32 (half-size weights) become f32 parameters.
void widen_weights(Graph& graph);

/// Makes a graph that computes in f16 or bf16 compute in f32: parameters, inputs and what Cast
/// makes. Weights that are only stored so, each followed by a Cast to f32, stay as they are.
void compute_in_f32(Graph& graph);

}  // namespace dbnet::model
