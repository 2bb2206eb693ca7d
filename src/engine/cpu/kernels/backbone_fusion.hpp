#pragma once

#include <memory>
#include <vector>

#include "engine/cpu/kernels/fusion.hpp"

namespace dbnet::engine::cpu {

/// Finds the regions of a MobileNet-like backbone that the kernels of this folder execute: "stem",
/// "inverted_residual" and, directly behind one of those, "pointwise" (a 1x1 convolution with its
/// activation, which would otherwise cost a change of layout).
std::vector<std::unique_ptr<FusedRegion>> match_backbone(const model::Graph& optimised);

}  // namespace dbnet::engine::cpu
