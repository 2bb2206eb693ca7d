#pragma once

#include <memory>

#include "engine/cpu/kernels/fusion.hpp"
#include "engine/cpu/kernels/block_kernels.hpp"

namespace dbnet::engine::cpu {

/// The first convolution of a network: few input channels, stride 2, kernel 3 or 5 padded with
/// kernel / 2 zeros, then an activation.
struct StemWeights {
    PackedConv conv;  ///< taps: [in_channels][kernel][kernel]
    int in_channels = 0;
    int kernel = 3;

    std::size_t bytes() const { return conv.bytes(); }
};

/// Input [N, in_channels, H, W] -> output [N, out_channels, (H - 1) / 2 + 1, (W - 1) / 2 + 1].
/// nullptr for extents that do not suit (suits_strips).
std::unique_ptr<FusedKernel> make_stem(std::shared_ptr<const StemWeights> weights,
                                       const model::Dims& input);

}  // namespace dbnet::engine::cpu
