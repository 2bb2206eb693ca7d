#pragma once

#include "model/graph.hpp"

// Small detectors with random weights, written node by node as PaddleOCR's are exported: input
// f32 [N, 3, H, W], H and W multiples of 16, output [N, 1, H, W].
namespace dbnet::test {

/// PP-OCRv4 and v5: PP-LCNetV3 with BatchNormalization folded, biases as an Add behind a Reshape,
/// affine blocks of two numbers behind convolutions and activations (some as small as in v5), a
/// spelled-out HardSwish, squeeze and excitation; RSEFPN.
model::Graph lcnet_detector();

/// PP-OCRv6: GELU written with Erf, biases as an Add of [1, C, 1, 1], Identity nodes in between, a
/// stem with even kernels, squeeze and excitation by ReduceMean, depthwise 5x5 in the pyramid.
model::Graph gelu_detector();

}  // namespace dbnet::test
