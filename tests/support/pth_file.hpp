#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/tensor.hpp"

namespace dbnet::test {

/// Writes f32 tensors as torch.save does with a state dict (zip format).
void write_pth(const std::string& path,
               const std::vector<std::pair<std::string, model::Tensor>>& tensors);

}  // namespace dbnet::test
