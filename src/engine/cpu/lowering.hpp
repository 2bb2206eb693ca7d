#pragma once

#include "engine/cpu/plan_builder.hpp"

// From operations to steps. Each function lowers one kind of operation; lowering.cpp has the table.
// One that returns false has emitted nothing and leaves the nodes to the reference executor.
namespace dbnet::engine::cpu {

/// Emits the steps of one operation.
void lower(PlanBuilder& builder, const Operation& operation);

// lower_conv.cpp, lower_conv_transpose.cpp
bool lower_conv(PlanBuilder& builder, const Operation& operation);
bool lower_conv_transpose(PlanBuilder& builder, const Operation& operation);

// lower_arithmetic.cpp
bool lower_activation(PlanBuilder& builder, const Operation& operation);
bool lower_quantization(PlanBuilder& builder, const Operation& operation);
bool lower_binary(PlanBuilder& builder, const Operation& operation);
bool lower_matmul(PlanBuilder& builder, const Operation& operation);
bool lower_gemm(PlanBuilder& builder, const Operation& operation);
bool lower_softmax(PlanBuilder& builder, const Operation& operation);

// lower_elementwise.cpp
bool lower_elementwise(PlanBuilder& builder, const Operation& operation);

// lower_rows.cpp
bool lower_reduce(PlanBuilder& builder, const Operation& operation);
bool lower_instance_normalization(PlanBuilder& builder, const Operation& operation);
bool lower_layer_normalization(PlanBuilder& builder, const Operation& operation);

// lower_deform_conv.cpp
bool lower_deform_conv(PlanBuilder& builder, const Operation& operation);

// lower_spatial.cpp
bool lower_pool(PlanBuilder& builder, const Operation& operation);
bool lower_mean(PlanBuilder& builder, const Operation& operation);
bool lower_resize(PlanBuilder& builder, const Operation& operation);

// lower_layout.cpp
bool lower_view(PlanBuilder& builder, const Operation& operation);
bool lower_cast(PlanBuilder& builder, const Operation& operation);
bool lower_concat(PlanBuilder& builder, const Operation& operation);
bool lower_split(PlanBuilder& builder, const Operation& operation);
bool lower_slice(PlanBuilder& builder, const Operation& operation);
bool lower_pad(PlanBuilder& builder, const Operation& operation);
bool lower_transpose(PlanBuilder& builder, const Operation& operation);
bool lower_depth_to_space(PlanBuilder& builder, const Operation& operation);
bool lower_expand(PlanBuilder& builder, const Operation& operation);
bool lower_gather(PlanBuilder& builder, const Operation& operation);

/// Name, operation and output extents of a step that does what these nodes do.
StepInfo step_info(const PlanBuilder& builder, const Operation& operation,
                   std::string implementation);

/// A step that applies an activation.
void emit_activation(PlanBuilder& builder, StepInfo info, const Activation& activation,
                     OperandId from, OperandId to);

/// The nodes of an operation one by one on the reference executor.
void lower_reference(PlanBuilder& builder, const Operation& operation);

}  // namespace dbnet::engine::cpu
