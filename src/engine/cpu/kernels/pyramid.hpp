#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/cpu/kernels/fusion.hpp"
#include "engine/cpu/kernels/head_tail.hpp"

// The neck (FPN) and head of a DB network as one kernel, f32.
//
//     f_i = gate(L_i c_i) + up2(f_{i+1}),   p_i = gate(conv3x3(f_i)),
//     map = tail(relu(conv3x3(concat(up(p_i)))))                     (specification, 2.1, 2.5, 3.1)
//
// with gate(v) = v * (1 + SE(mean v)) in PaddleOCR's RSEFPN and gate(v) = v in the plain FPN. Given
// the gates' factors everything before the ReLU is linear, which the references do not use:
//  * conv3x3(f_i) = sum over j >= i of conv3x3(up(L_j c_j)), and a 1x1 in front of a 3x3 makes a
//    3x3 with composite weights, so the wide maps f_i need not exist. Below a level chosen by
//    counting products they do: where c_j has more channels than f_j, or where one f_k replaces
//    many c_j.
//  * The concatenation is never made; the head's convolution is a sum over levels.
//  * Both sums are what pyramid_conv.hpp computes.
//  * The mean of L_i c_i is L_i (mean of c_i).
// Gates' factors go into the weights that follow, so composite weights are made in every run
// (about 1 % of the work).
namespace dbnet::engine::cpu {

/// factor = 1 + clamp(alpha * (excite(relu(squeeze(mean)))) + beta, 0, 1), per channel.
struct Gate {
    ConvWeights squeeze;
    ConvWeights excite;
    float alpha = 0.2F;
    float beta = 0.5F;
};

struct PyramidLevel {
    ConvWeights lateral;  ///< 1x1
    std::optional<Gate> lateral_gate;
    ConvWeights out;  ///< 3x3
    std::optional<Gate> out_gate;
};

/// One branch of the head.
struct HeadWeights {
    std::vector<ConvWeights> parts;  ///< 3x3; per level the part for its channels
    std::vector<float> bias;         ///< of the 3x3 convolution; empty: none
    ConvWeights first_deconv;
    ConvWeights second_deconv;
};

/// Levels are listed from the finest to the coarsest; each is half as high and wide as the one
/// before.
struct PyramidWeights {
    std::vector<PyramidLevel> neck;  ///< empty: the inputs are the maps that the heads concatenate
    std::vector<HeadWeights> heads;  ///< at least one: probability map, threshold map
};

/// Weights packed for this processor, shared by the kernels of all extents.
class Pyramid;
std::shared_ptr<const Pyramid> make_pyramid(const PyramidWeights& weights);
std::size_t weight_bytes(const Pyramid& pyramid);

/// Inputs: c_i (with a neck) or p_i, finest first, [N, C_i, H_i, W_i]; outputs: of each
/// head [N, 1, 4 H_0, 4 W_0]. nullptr unless H_i = 2 H_{i+1} and W_i = 2 W_{i+1} and all extents
/// are positive.
std::unique_ptr<FusedKernel> make_pyramid_kernel(std::shared_ptr<const Pyramid> pyramid,
                                                 const std::vector<model::Dims>& input_dims);

}  // namespace dbnet::engine::cpu
