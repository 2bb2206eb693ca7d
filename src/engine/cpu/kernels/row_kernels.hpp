#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "engine/cpu/kernels/round_up.hpp"

// The vector code under the pyramid and head kernels: operations on rows of planes (NCHW). Sixteen
// neighbouring pixels of a row fill a vector and the weights are broadcast, so that every lane
// works whatever the number of channels is. Rows are processed in whole vectors without masks:
// every row that is not an input or output of a region has room for round_up(width, kRowRoom)
// floats, and what stands behind its width is undefined.
namespace dbnet::engine::cpu {

/// Floats in the widest vector.
inline constexpr int kRowUnit = 16;
/// Rows have room for a multiple of this many floats.
inline constexpr int kRowRoom = 2 * kRowUnit;

/// Rows of consecutive channels, `plane` floats apart, weighted with `scale`.
struct RowTerm {
    const float* row = nullptr;
    std::ptrdiff_t plane = 0;
    float scale = 1.0F;
};

/// out[k][x] = sum_i terms[i].scale * terms[i].row[k][x]
///           + sum_{c,t} source[c][x + t] * weight(k, c, first_slot + t)
/// for x in [0, width), k in [0, out_channels), optionally followed by max(0, .). `out` may be one
/// of the terms. Without in_channels it is a weighted sum of rows.
struct RowConv {
    std::span<const RowTerm> terms;
    const float* source = nullptr;
    std::ptrdiff_t source_plane = 0;
    int in_channels = 0;
    int taps = 1;                    ///< horizontally neighbouring ones
    const float* weights = nullptr;  ///< see PackedLayout
    int slots = 1;                   ///< weights per channel pair in the packed array
    int first_slot = 0;
    float* out = nullptr;
    std::ptrdiff_t out_plane = 0;
    int out_channels = 0;
    int width = 0;
    bool relu = false;
};

/// Order of packed weights: blocks of output channels that fit the registers; in a block, for every
/// input channel a run of slots x (channels of the block) floats, padded to kRowUnit.
struct PackedLayout {
    /// `max_block`: RowKernels::max_block.
    PackedLayout(int in_channels, int out_channels, int slots, int max_block);

    int blocks() const { return (out + block - 1) / block; }
    int begin(int b) const { return b * block; }
    int size(int b) const { return b + 1 < blocks() ? block : out - begin(b); }
    std::ptrdiff_t run(int b) const {
        return round_up(static_cast<std::ptrdiff_t>(slots) * size(b), kRowUnit);
    }
    std::ptrdiff_t offset(int b) const { return b * run(0) * in; }
    std::ptrdiff_t floats() const { return offset(blocks() - 1) + run(blocks() - 1) * in; }

    int in;
    int out;
    int slots;
    int block;
};

/// The functions of one instruction set. Packed weights belong to the table they were packed for.
struct RowKernels {
    int max_block;  ///< most output channels that are accumulated at once
    void (*conv)(const RowConv& task);
    /// out[2i] = even[i], out[2i + 1] = odd[i] for `count` outputs.
    void (*interleave)(const float* even, const float* odd, float* out, int count);
    /// out[i] = a[i] - b[i].
    void (*subtract)(const float* a, const float* b, float* out, int count);
    /// In place, the six rows of F(4,3) for vertical taps; rows are `stride` floats apart.
    void (*winograd_rows)(float* rows, std::ptrdiff_t stride, int count);
    /// out[4i + j] = 1 / (1 + exp(-logits[j][i])); exactly 4 * count floats are written.
    void (*sigmoid4)(const std::array<const float*, 4>& logits, float* out, int count);
    /// Sum of exactly `count` floats.
    float (*sum)(const float* row, int count);
};

/// The best table for this processor.
const RowKernels& row_kernels();

}  // namespace dbnet::engine::cpu
