#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/tensor.hpp"

namespace dbnet::model {

/// The state dict of a PyTorch checkpoint, in its order. Views and other strides are made dense.
struct StateDict {
    std::vector<std::pair<std::string, Tensor>> tensors;
    std::vector<std::string>
        skipped;  ///< "name: reason" of entries that are no tensor of a type we know
};

/// Reads a file written by torch.save in its zip format (since PyTorch 1.6) without executing
/// anything: a bare state dict, or one under the key "state_dict" or "model". Throws Error: io,
/// malformed, unsupported (the older format, an unknown layout), naming the file.
StateDict read_pth(const std::string& path);

/// As above from memory; `path` stands for the file in messages.
StateDict parse_pth(std::span<const std::uint8_t> file, const std::string& path);

}  // namespace dbnet::model
