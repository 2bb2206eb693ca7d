#pragma once

#include <memory>
#include <vector>

#include "engine/cpu/kernels/fusion.hpp"

namespace dbnet::engine::cpu {

/// Finds the end of a DB network and claims as much of it as the kernels of this folder execute,
/// backwards from the maps (all branches of a head on one concatenation together):
///  * "pyramid": laterals, top-down path, output convolutions, concatenation, heads; with
///    squeeze-and-excitation gates as in RSEFPN or without;
///  * "head": from the upsampling in front of the concatenation, where the neck is another;
///  * "head_tail": the two transposed convolutions and the sigmoid.
std::vector<std::unique_ptr<FusedRegion>> match_pyramid(const model::Graph& optimised);

}  // namespace dbnet::engine::cpu
