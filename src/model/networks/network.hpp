#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph.hpp"
#include "model/networks/builder.hpp"

// The networks that can be trained from scratch (specification, 1 to 3; paper, section 3):
// backbone, feature pyramid, DB head. Each part is a function that adds its layers to a graph and
// returns the names of its outputs.
namespace dbnet::model {

enum class Backbone { resnet18, mobilenet_v3_large, mobilenet_v3_large_half };

std::string_view to_string(Backbone backbone) noexcept;
/// Throws Error{invalid_argument} listing the names.
Backbone backbone_named(std::string_view name);

/// C2, C3, C4, C5 at strides 4, 8, 16, 32.
using Features = std::vector<std::string>;

Features add_resnet18(NetworkBuilder& builder, const std::string& x);

/// `width` 1: MhLiao's; 0.5: with PaddleOCR's rounding of channels (specification, 1.5).
Features add_mobilenet_v3_large(NetworkBuilder& builder, const std::string& x, double width);

/// MhLiao's SegDetector up to the heads: `inner` channels at stride 4, p5, p4, p3, p2 in that order
/// (specification, 2.1).
std::string add_fpn(NetworkBuilder& builder, const Features& features, int inner);

/// One branch of the head, "binarize" or "thresh": features [N, C, H/4, W/4] to the logits of a map
/// [N, 1, H, W] (3.1).
std::string add_head_branch(NetworkBuilder& builder, const std::string& branch,
                            const std::string& x, int inner);

struct NetworkOptions {
    Backbone backbone = Backbone::resnet18;
    int inner = 256;               ///< channels of the pyramid, a multiple of 4
    bool threshold_branch = true;  ///< also the outputs `threshold` and `binary`
    bool serial = false;           ///< the threshold branch also sees the probability map
    float k = 50;            ///< steepness of the approximate binarisation (paper, equation 2)
    std::uint64_t seed = 0;  ///< of the initial values
};

/// A whole network: input `image` [N, 3, H, W] with H and W multiples of 32; outputs `probability`
/// and, with the threshold branch, `threshold` and `binary`, each [N, 1, H, W]. Parameters are
/// named as in MhLiao's checkpoints without their prefix `model.module.`. Throws
/// Error{invalid_argument}.
Graph build_network(const NetworkOptions& options);

}  // namespace dbnet::model
