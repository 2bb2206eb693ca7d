#pragma once

#include <optional>
#include <span>
#include <vector>

#include "engine/cpu/kernels/head_tail.hpp"
#include "engine/cpu/kernels/pyramid.hpp"

// The weights of a pyramid in packed form, the choice of what is computed from what, and the
// algebra on packed weights that depends on an image (gates).
namespace dbnet::engine::cpu {

/// Weights in one packed order.
struct Packed {
    Packed(TapForm form, std::span<const float> dense, int in, int out, const RowKernels& kernels);

    std::ptrdiff_t floats() const { return layout.floats(); }

    PackedLayout layout;
    std::vector<float> values;
};

/// out = packed weights with each input channel's times its factor.
void scale_inputs(const Packed& packed, const float* factors, float* out);
/// The same for output channels; TapForm::point.
void scale_outputs(const Packed& packed, const float* factors, float* out);

/// factors[channel] of a gate from the channels' means; `working`: squeeze.out floats.
void gate_factors(const Gate& gate, const float* means, float* working, float* factors);

/// A level of the neck.
struct NeckLevel {
    NeckLevel(const PyramidLevel& level, const RowKernels& kernels);

    /// Channels of c_i and, if the lateral has a bias, one of ones.
    int loaded() const { return lateral.in; }
    int in_channels() const { return ones ? lateral.in - 1 : lateral.in; }
    int out_channels() const { return winograd.layout.out; }
    /// The 3x3 convolution's weights for the level's own f or for a coarser one.
    const Packed& outer(bool own) const { return own ? winograd : edges; }
    /// Working memory of either gate: means, factors and what is squeezed in between.
    std::size_t gate_floats() const;
    /// Means of the lateral's output (before its gate) from those of the loaded channels.
    void lateral_means(const float* input_means, float* out) const;

    bool ones;
    ConvWeights lateral;  ///< its bias is the weight of the ones
    std::optional<Gate> lateral_gate;
    std::vector<float> out_bias;
    std::optional<Gate> out_gate;
    Packed point;       ///< lateral
    Packed transposed;  ///< lateral, f_i's channels as inputs: makes composite weights
    Packed winograd;    ///< 3x3 of the level's own f_i
    Packed edges;       ///< 3x3 of coarser ones
};

/// A branch of the head.
struct Head {
    Head(const HeadWeights& weights, const RowKernels& kernels);

    int out_channels() const { return parts[0].layout.out; }

    std::vector<Packed> parts;  ///< per level
    std::vector<float> bias;
    HeadTail tail;
};

class Pyramid {
public:
    Pyramid(const PyramidWeights& weights, const RowKernels& row_kernels);

    std::size_t levels() const { return heads[0].parts.size(); }
    int input_channels(std::size_t i) const {
        return neck.empty() ? concatenated_channels(i) : neck[i].in_channels();
    }
    int concatenated_channels(std::size_t i) const { return heads[0].parts[i].layout.in; }
    /// p_i is the sum over the composites of c_i, ..., c_{k-1} and f_k with this k.
    std::size_t coarsest_source(std::size_t i) const { return cut(i, first_materialised); }
    /// Loaded channels of the sources of p_i's sum, finest first.
    std::vector<int> source_channels(std::size_t i) const;
    std::size_t weight_bytes() const;

    const RowKernels& kernels;
    std::vector<NeckLevel> neck;
    std::vector<Head> heads;
    std::size_t first_materialised = 0;  ///< f_k exists from this k on

private:
    double source_cost(std::size_t i, std::size_t j, int channels) const;
    double sum_cost(std::size_t i, std::size_t k) const;
    std::size_t cut(std::size_t i, std::size_t materialised) const;
    double total_cost(std::size_t materialised) const;
};

/// Weights of p_i's convolution of c_j: those of f's 3x3 (`packed`, block `b` of it) times the
/// transposed lateral. Written where block b of a layout with transposed.layout.out inputs lies.
void compose_block(const RowKernels& kernels, const Packed& packed, int b, const Packed& transposed,
                   const float* transposed_values, float* out);

}  // namespace dbnet::engine::cpu
