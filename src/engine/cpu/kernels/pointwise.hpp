#pragma once

#include <memory>

#include "engine/cpu/kernels/fusion.hpp"
#include "engine/cpu/kernels/block_kernels.hpp"

namespace dbnet::engine::cpu {

/// 1x1 convolution and activation: input [N, taps, H, W] -> output [N, out_channels, H, W].
/// nullptr for extents that do not suit (suits_strips).
std::unique_ptr<FusedKernel> make_pointwise(std::shared_ptr<const PackedConv> conv,
                                            const model::Dims& input);

}  // namespace dbnet::engine::cpu
