#pragma once

#include <vector>

#include "engine/reference/call.hpp"

// One function per operator; evaluate.cpp has the table. evaluate() has checked the number of
// inputs, their types and their ranks.
namespace dbnet::engine::reference {

using Values = std::vector<Buffer>;

// elementwise.cpp
Values abs(const Call& call);
Values add(const Call& call);
Values ceil(const Call& call);
Values clip(const Call& call);
Values div(const Call& call);
Values elu(const Call& call);
Values equal(const Call& call);
Values erf(const Call& call);
Values exp(const Call& call);
Values floor(const Call& call);
Values gelu(const Call& call);
Values greater(const Call& call);
Values hard_sigmoid(const Call& call);
Values hard_swish(const Call& call);
Values leaky_relu(const Call& call);
Values less(const Call& call);
Values logical_and(const Call& call);
Values logical_not(const Call& call);
Values logical_or(const Call& call);
Values max(const Call& call);
Values min(const Call& call);
Values mish(const Call& call);
Values mul(const Call& call);
Values neg(const Call& call);
Values pow(const Call& call);
Values prelu(const Call& call);
Values reciprocal(const Call& call);
Values relu(const Call& call);
Values round(const Call& call);
Values sigmoid(const Call& call);
Values softplus(const Call& call);
Values sqrt(const Call& call);
Values sub(const Call& call);
Values tanh(const Call& call);
Values where(const Call& call);

// convolution.cpp
Values conv(const Call& call);
Values conv_transpose(const Call& call);
Values deform_conv(const Call& call);

// matrix.cpp
Values gemm(const Call& call);
Values matmul(const Call& call);

// pooling.cpp
Values average_pool(const Call& call);
Values global_average_pool(const Call& call);
Values max_pool(const Call& call);
Values reduce_max(const Call& call);
Values reduce_mean(const Call& call);
Values reduce_min(const Call& call);
Values reduce_sum(const Call& call);

// normalization.cpp
Values batch_normalization(const Call& call);
Values instance_normalization(const Call& call);
Values layer_normalization(const Call& call);
Values softmax(const Call& call);

// quantization.cpp
Values dequantize_linear(const Call& call);
Values quantize_linear(const Call& call);

// resize.cpp
Values resize(const Call& call);

// layout.cpp: elements move or stay, no arithmetic
Values cast(const Call& call);
Values concat(const Call& call);
Values constant(const Call& call);
Values constant_of_shape(const Call& call);
Values depth_to_space(const Call& call);
Values expand(const Call& call);
Values flatten(const Call& call);
Values gather(const Call& call);
Values identity(const Call& call);
Values pad(const Call& call);
Values reshape(const Call& call);
Values shape(const Call& call);
Values slice(const Call& call);
Values split(const Call& call);
Values squeeze(const Call& call);
Values transpose(const Call& call);
Values unsqueeze(const Call& call);

}  // namespace dbnet::engine::reference
