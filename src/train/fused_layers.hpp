#pragma once

#include <torch/torch.h>

#include "train/layer_kernels.hpp"

// Layers that LibTorch has only in pieces, each of which would read and write the whole map again,
// or slowly.
namespace dbnet::train {

struct BatchNorm {
    torch::Tensor scale;  ///< f32 [C], as all of these
    torch::Tensor bias;
    torch::Tensor mean;  ///< running statistics, updated when `training`
    torch::Tensor variance;
    double epsilon = 1e-5;
    double momentum = 0.1;  ///< weight of the new statistics
    bool training = false;  ///< normalise with the statistics of the batch
};

/// activation(BatchNorm(x) + residual), x and `residual` (or an undefined tensor) [N, C, ...] of
/// one type; the result has that type. Keeps only what the convolutions around it keep anyway, and
/// computes the rest again in the backward pass. One pass over the map in f32 or bf16 on a CPU;
/// LibTorch's operators elsewhere.
torch::Tensor batch_norm(const BatchNorm& layer, const torch::Tensor& x,
                         const torch::Tensor& residual, Activation activation);

/// A depthwise convolution, x [N, C, H, W], weight [C, 1, k, k], bias [C] or undefined. On a CPU,
/// LibTorch's gradient of the weights falls on a kernel for full convolutions where C or k do not
/// suit it; this one does not.
torch::Tensor depthwise_conv(const torch::Tensor& x, const torch::Tensor& weight,
                             const torch::Tensor& bias, std::int64_t stride, std::int64_t padding);

/// activation(x) * scale + offset, x of any extents, scale and offset f32 of one element: the
/// affine blocks of PP-LCNetV3. One pass forward and one backward on a CPU; LibTorch's operators
/// elsewhere.
torch::Tensor scaled_activation(const torch::Tensor& x, Activation activation,
                                const torch::Tensor& scale, const torch::Tensor& offset);

/// fine + what the corners' pixels are: `corners` [N, 4 C, H/2 + 1, W/2 + 1] has for each corner of
/// a grid of H/2 x W/2 the four pixels around it (rows, columns, channels), `fine` is [N, C, H, W],
/// both of one type. The pixels outside the map count for nothing.
torch::Tensor add_corner_pixels(const torch::Tensor& fine, const torch::Tensor& corners);

/// x * gate, or x + x * gate if `adds_input`: x [N, C, H, W], gate [N, C, 1, 1] of the same type,
/// as squeeze and excitation end. One pass over the map forward and two backward on a CPU;
/// LibTorch's operators elsewhere.
torch::Tensor gated(const torch::Tensor& x, const torch::Tensor& gate, bool adds_input);

/// The mean of each map [H, W] of x, [N, C, 1, 1]. The gradient of LibTorch's is a view of one
/// number per map, and adding that to another gradient is slower than three passes over a real map.
torch::Tensor global_average_pool(const torch::Tensor& x);

}  // namespace dbnet::train
