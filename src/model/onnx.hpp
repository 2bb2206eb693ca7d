#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph.hpp"

namespace dbnet::model {

/// Limits that a hostile file runs into before it can allocate without bound.
struct OnnxReadOptions {
    std::int64_t max_file_bytes = std::int64_t{2} << 30;
    std::int64_t max_nodes = 100'000;
};

/// Reads an ONNX model (opsets 7 to 23 of the default domain) into the form of opset 18 (see Node).
/// Constant nodes and initializers become parameters, those that no node uses are dropped; a
/// parameter that was an attribute is named <node>/<attribute>; a node without a name gets that of
/// its first output. Types and extents of the outputs are inferred, not the declared ones. External
/// weights are read from beside the file (never outside its folder). Throws Error: io, malformed,
/// unsupported, too_large; the message names file, node and operator.
Graph read_onnx(const std::string& path, const OnnxReadOptions& options = {});

/// As above from memory; external weights are refused. `name` stands for the file in messages.
Graph parse_onnx(std::span<const std::uint8_t> bytes, std::string_view name,
                 const OnnxReadOptions& options = {});

/// The extents that a file declares for its first output, whatever operators it consists of; none
/// for a file that cannot be read or does not say.
Dims declared_output(const std::string& path);

struct OnnxWriteOptions {
    int opset = 17;  ///< 7 to 23; Error{unsupported} where an operator or form does not exist in it
    /// f32 weights of two and more dimensions and at least 16384 elements as f16 initializers
    /// followed by Cast to f32
    bool f16_weights = false;
};

std::vector<std::uint8_t> serialize_onnx(const Graph& graph, const OnnxWriteOptions& options = {});

/// Writes atomically. Throws Error: io, unsupported.
void write_onnx(const Graph& graph, const std::string& path, const OnnxWriteOptions& options = {});

}  // namespace dbnet::model
