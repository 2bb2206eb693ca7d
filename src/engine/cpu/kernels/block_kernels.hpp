#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "engine/cpu/kernels/row_kernels.hpp"

// The vector code under the backbone's fused blocks. As in row_kernels.hpp the pixels of a row fill
// the vectors and weights are broadcast, but here the rows of a region's inputs and outputs are
// read and written in place: the last vector of a run is moved back to end with the run, so
// that pixels are computed twice rather than masked. That is why runs need kRowUnit pixels at
// least.
namespace dbnet::engine::cpu {

/// relu: max(x, 0). clamp: min(max(x, low), high). hard_sigmoid: gate = clamp(slope x + offset, 0,
/// 1). hard_swish: x gate.
struct RunActivation {
    enum class Kind : std::uint8_t { identity, relu, clamp, hard_sigmoid, hard_swish };
    Kind kind = Kind::identity;
    float low = 0.0F;
    float high = std::numeric_limits<float>::infinity();
    float slope = 1.0F / 6.0F;
    float offset = 0.5F;
};

/// Output channels that share a pass over the pixels; packed weights and biases are padded to it.
inline constexpr int kChannelBlock = 4;

/// A convolution as run_conv() wants it. A tap is an input channel of a 1x1 convolution, otherwise
/// an input channel, row and column.
struct PackedConv {
    PackedConv() = default;
    /// `kernel` [out_channels][taps]; `channel_bias` [out_channels] or nullptr: zeros.
    PackedConv(const float* kernel, const float* channel_bias, int out_channels, int taps,
               const RunActivation& activation);

    std::size_t bytes() const { return sizeof(float) * (weights.size() + bias.size()); }

    int out_channels = 0;
    int taps = 0;
    RunActivation activation;
    std::vector<float> weights;  ///< [block of channels][tap][kChannelBlock], padded with zeros
    std::vector<float> bias;     ///< padded to whole blocks
};

/// out[k][x] = activation(bias[k] + sum_t weight(k, t) * taps[t][x]) + residual[k][x]
/// for x in [0, width) and `channels` channels of the convolution, from `first` on.
struct RunConv {
    const PackedConv& conv;
    int first = 0;  ///< a multiple of kChannelBlock
    int channels = 0;
    const float* const* taps = nullptr;
    float* out = nullptr;  ///< of channel `first`
    std::ptrdiff_t out_plane = 0;
    const float* residual = nullptr;  ///< may be absent
    std::ptrdiff_t residual_plane = 0;
    int width = 0;  ///< at least kRowUnit; with `odd` 2 * kRowUnit
    /// Not 0: column 2i is stored in out[k][i], column 2i + 1 in out[k][odd + i], as depthwise
    /// convolutions of stride 2 like it. Then without a residual.
    std::ptrdiff_t odd = 0;
};

/// Rows of one channel of a depthwise convolution with kernel x kernel taps and padding kernel / 2:
/// out[r][x] = activation(bias + sum_{i,j} weights[i][j] rows[r * stride + i][x * stride + j -
/// pad]).
struct DepthwiseRows {
    const float* const* rows = nullptr;  ///< kDepthwiseRows * stride + kernel - stride input rows
    std::ptrdiff_t odd = 0;              ///< stride 2: rows are split as RunConv splits them
    const float* weights = nullptr;
    float bias = 0.0F;
    float* out = nullptr;  ///< kDepthwiseRows rows, `width` floats apart
    int width = 0;         ///< at least kRowUnit
    RunActivation activation;
};

/// Output rows per call: each input row is loaded once for all of them.
inline constexpr int kDepthwiseRows = 4;

/// The functions of one instruction set.
struct BlockKernels {
    void (*run_conv)(const RunConv& task);
    /// De-interleaves a row of `width` >= 2 * kRowUnit floats as RunConv::odd says.
    void (*split)(const float* row, int width, float* out, std::ptrdiff_t odd);
    void (*depthwise3)(const DepthwiseRows& task);    ///< 3x3, stride 1
    void (*depthwise3s2)(const DepthwiseRows& task);  ///< 3x3, stride 2
    void (*depthwise5)(const DepthwiseRows& task);
    void (*depthwise5s2)(const DepthwiseRows& task);
};

/// The best table for this processor.
const BlockKernels& block_kernels();

}  // namespace dbnet::engine::cpu
