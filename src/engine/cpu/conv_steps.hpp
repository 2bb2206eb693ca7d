#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/cpu/plan_builder.hpp"

// What the lowering of Conv and of ConvTranspose share.
namespace dbnet::engine::cpu {

/// What a chain that begins with a convolution does after it.
struct ConvChain {
    const std::string* residual = nullptr;  ///< added
    std::optional<Activation> activation;
};
ConvChain chain_of(const PlanBuilder& builder, const Operation& operation);

/// Input, weights and bias are f32, the last two constant, and there are one to three spatial
/// dimensions.
bool is_usable_conv(const PlanBuilder& builder, const model::Node& node);
bool has_bias(const model::Node& node);

/// Sets the layouts in which a 2-D convolution of the value `input` runs best.
void choose_layouts(const PlanBuilder& builder, const std::string& input, ConvShape& shape);
/// The convolution in the layouts chosen, else in plain ones (which `shape` then says).
std::optional<Primitive> make_conv_somehow(ConvShape& shape, const Epilogue& epilogue);

/// Dense weights and bias as make_conv() describes them, and names for what packing makes of them.
struct ConvParameters {
    std::string weights_key;
    std::function<std::vector<float>()> weights;
    std::string bias_key;
    std::function<std::vector<float>()> bias;
};
/// Those of a node, with zeros for the channels that blocks have too many.
ConvParameters parameters_of(const PlanBuilder& builder, const model::Node& node,
                             const ConvShape& shape);

void emit_conv(PlanBuilder& builder, StepInfo info, const ConvShape& shape,
               const Primitive& primitive, const ConvParameters& parameters, OperandId source,
               OperandId destination);

/// Adds to a result the residual that could not be added at once, and applies the activation.
void emit_rest(PlanBuilder& builder, const Operation& operation, const ConvChain& chain,
               OperandId value);

}  // namespace dbnet::engine::cpu
