#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/graph.hpp"
#include "model/shape_inference.hpp"

namespace dbnet::model {

/// What a model is made of.
struct ModelInfo {
    std::string name;
    std::vector<ValueInfo> inputs;
    std::vector<ValueInfo> outputs;
    std::map<std::string, int> operators;  ///< nodes per operator
    std::int64_t parameters = 0;           ///< elements of all constants
    std::int64_t parameter_bytes = 0;
    Dims macs_at;  ///< the first input's extents that macs belongs to
    /// Multiplications with accumulation of Conv, ConvTranspose, Gemm and MatMul.
    std::int64_t macs = 0;
    std::map<std::string, std::string> metadata;
};

/// Describes a graph run on one image of height x width. Throws what infer_shapes throws;
/// Error{unsupported} for a graph whose input is not one [N, C, H, W] tensor.
ModelInfo describe(const Graph& graph, int height = 736, int width = 1280);

/// Multiplications with accumulation of the graph at the given input extents.
std::int64_t count_macs(const Graph& graph, const std::vector<Dims>& inputs);

/// As above, of one node.
std::int64_t count_macs(const Node& node, const InferredValues& values);

/// For a person to read, several lines.
std::string to_text(const ModelInfo& info);

}  // namespace dbnet::model
