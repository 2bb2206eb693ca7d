#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "engine/cpu/kernels/fusion.hpp"
#include "engine/cpu/kernels/block_kernels.hpp"

namespace dbnet::engine::cpu {

/// 1x1 convolution -> depthwise convolution -> 1x1 convolution, each with its activation, then
/// plus the input if `residual` (which takes stride 1 and equal numbers of channels).
struct InvertedResidualWeights {
    PackedConv expand;
    int kernel = 3;                     ///< 3 or 5, padded with kernel / 2 zeros
    int stride = 1;                     ///< 1 or 2
    std::vector<float> depthwise;       ///< [channel][kernel][kernel]
    std::vector<float> depthwise_bias;  ///< [channel]
    RunActivation depthwise_activation;
    PackedConv project;
    bool residual = false;

    std::size_t bytes() const;
};

/// Input [N, expand.taps, H, W] -> output [N, project.out_channels, (H - 1) / stride + 1, ...].
/// nullptr for extents that do not suit (suits_strips).
std::unique_ptr<FusedKernel> make_inverted_residual(
    std::shared_ptr<const InvertedResidualWeights> weights, const model::Dims& input);

}  // namespace dbnet::engine::cpu
