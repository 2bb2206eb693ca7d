#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/tensor.hpp"

namespace dbnet::test {

/// Writes f32 tensors as torch.save does with a state dict (zip format).
void write_pth(const std::string& path,
               const std::vector<std::pair<std::string, model::Tensor>>& tensors);

/// `tensors` tensors "w0", "w1", ... of so many elements, all of them the first one of a storage
/// of 16.
void write_repeating_pth(const std::string& path, int tensors, std::int64_t elements);

}  // namespace dbnet::test
