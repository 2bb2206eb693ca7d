#pragma once

#include <string>

#include "model/graph.hpp"

namespace dbnet::test {

/// A DB network of 7,000 weights with every part that a real one has (residual and depthwise
/// blocks, feature pyramid, transposed convolutions): input `image` f32 [N, 3, H, W], RGB with
/// ImageNet mean and std, H and W multiples of 16; output `probability` [N, 1, H, W]. Its weights
/// are random, but one channel carries the brightness through the network to the output, so that it
/// finds what is bright: above 0.9 inside a white area, below 0.1 on mid-grey and darker, sharp to
/// about 4 pixels. The metadata describes all that and the size rule max:960. The same `salt` gives
/// the same weights everywhere.
model::Graph tiny_model(const std::string& salt = "tiny");

}  // namespace dbnet::test
