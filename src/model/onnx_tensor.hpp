#pragma once

#include <cstdint>
#include <string>

#include "model/onnx_proto.hpp"
#include "model/tensor.hpp"

namespace dbnet::model {

/// Weights that lie in files beside the model. Reads nothing outside `folder`, and no more than
/// `budget` bytes altogether.
class ExternalData {
public:
    /// An empty folder: a model that came from memory, whose external weights are refused.
    ExternalData(std::string folder, std::int64_t budget);

    std::vector<std::byte> read(const onnx::TensorProto& tensor, std::size_t expected_bytes);

private:
    std::string path_of(const std::string& location) const;

    std::string folder_;
    std::int64_t budget_;
};

/// Takes the tensor's elements out of the message (raw_data is freed). Throws Error naming it.
Tensor read_tensor(onnx::TensorProto& tensor, ExternalData& external);

void write_tensor(const Tensor& tensor, onnx::TensorProto& message);

}  // namespace dbnet::model
