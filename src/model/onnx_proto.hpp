#pragma once

#include <cstdint>
#include <span>

#include <onnx/onnx_pb.h>

// The protobuf messages of ONNX, which only the onnx_*.cpp files of this room use.
namespace dbnet::model {

/// Parses the message. Protobuf allocates a hundred bytes and more for a message or string that
/// takes two bytes in the file, so a file with more than `max_elements` of them is refused before
/// anything is allocated. Throws Error: malformed, too_large.
onnx::ModelProto parse_model(std::span<const std::uint8_t> bytes, std::int64_t max_elements);

}  // namespace dbnet::model
