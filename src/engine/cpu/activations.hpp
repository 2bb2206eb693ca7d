#pragma once

#include <optional>

#include "engine/cpu/onednn_compat.hpp"
#include "model/graph.hpp"

namespace dbnet::engine::cpu {

/// What an activation node computes; nullopt for other nodes, and for Clip with bounds that are no
/// constants.
std::optional<Activation> to_activation(const model::Graph& graph, const model::Node& node);

/// What a QuantizeLinear and the DequantizeLinear behind it do to a number; nullopt where they do
/// not undo each other but for the rounding, or have a scale per channel.
std::optional<Activation> to_quantization(const model::Graph& graph, const model::Node& quantize,
                                          const model::Node& dequantize);

/// Whether the function of any number that a blocked layout may hold beyond the last channel is
/// finite (and stays so however often it is applied).
bool keeps_padding_finite(const Activation& activation);

}  // namespace dbnet::engine::cpu
