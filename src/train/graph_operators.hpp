#pragma once

#include <vector>

#include <torch/torch.h>

#include "train/program.hpp"

// The mapping of the graph's operators to LibTorch: one function each, one row of a table.
namespace dbnet::train {

/// A value during a run: a tensor, or one from which the value follows by moving elements, which is
/// put off because some operators need it not. settled() does it. At most one of these is pending:
///
/// - `shuffles` above zero: the pixels of a map [N, C, H, W] stand in another order, as
///   [N, C, h, w 4^shuffles]: a 2x2 transposed convolution of stride 2 leaves the four pixels that
///   came from one beside each other. What works on single pixels needs no more.
/// - `doublings` above zero: the map is to be enlarged so often to twice its extents by repetition.
/// - `coarse`: channels that stand in front of those of `tensor` and are to be doubled once, as a
///   feature pyramid concatenates its levels. A convolution computes with them as they are.
struct Value {
    torch::Tensor tensor;
    int shuffles = 0;
    int doublings = 0;
    torch::Tensor coarse = {};

    Value(torch::Tensor t = {}, int s = 0)  // NOLINT(google-explicit-constructor)
        : tensor(std::move(t)), shuffles(s) {}
    torch::Tensor settled() const;
};

/// One step and the values of its node's inputs (undefined where left out), floating-point ones
/// already in the type to compute in (kernel and bias that `affine` is to be done to in f32), and
/// of its residual.
struct Call {
    const Step& step;
    std::vector<Value> inputs;
    Value residual;
    std::vector<Value> lateral;          ///< the inputs of the step's lateral convolution
    std::vector<torch::Tensor> affine;   ///< the operands of the step's, f32
    const model::InferredValues& known;  ///< of integer and other shape-like inputs
    bool training = false;               ///< BatchNormalization: uses the statistics of the batch
};

/// Whether the operator can be executed (of what shape inference does not resolve).
bool has_mapping(model::Op op);

/// The node's outputs (a joined step has one). Throws Error naming the node for extents, attributes
/// and kinds of inputs that do not fit.
std::vector<Value> execute(Call call);

}  // namespace dbnet::train
