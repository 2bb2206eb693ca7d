#pragma once

#include <cstdint>

#include <torch/torch.h>

#include "data/dataset.hpp"
#include "model/graph.hpp"
#include "train/options.hpp"

// Precision::automatic, settled by trying: processors without bf16 arithmetic imitate it, and take
// ten times as long.
namespace dbnet::train {

/// Seconds of a step, forward and backward.
struct PrecisionTimes {
    double f32 = 0;
    double bf16 = 0;
    int samples = 0;

    /// bf16 where it is clearly faster.
    Precision faster() const noexcept {
        return bf16 < 0.95 * f32 ? Precision::bf16 : Precision::f32;
    }
};

/// Times a few steps of the network in training mode, on a copy, with a batch of samples of that
/// size, at most two of them. The network's outputs are maps behind a Sigmoid.
PrecisionTimes time_precisions(const model::Graph& graph, torch::Device device, data::Size size,
                               int batch_size);

/// A number for the processor (and graphics card, if the device is one) that the times hold for.
std::int64_t processor_number(torch::Device device);

}  // namespace dbnet::train
