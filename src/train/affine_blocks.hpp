#pragma once

#include <string>
#include <vector>

#include "model/graph.hpp"

// y = a x + b with two learned numbers, as the blocks of PP-LCNetV3 have them behind a layer and
// behind an activation. Without LibTorch.
namespace dbnet::train {

/// Names in the graph.
struct AffineBlock {
    std::string factor;
    std::string offset;
    std::string output;
};

/// Mul(x, a), Add(.., b), each by a parameter of one element that nothing else reads, where x comes
/// from a layer with weights. A scalar of rank 0 is a constant of a formula: exporters write those
/// so, and parameters with an axis.
std::vector<AffineBlock> affine_blocks(const model::Graph& graph);

/// Gives the factors of the blocks that only convolutions read to these convolutions: a becomes 1,
/// b becomes b / a and the kernels are multiplied by a. The network computes the same; but where a
/// is 0.005 and the kernels' weights are around 75, as in PP-OCRv5, steps of one rate for all would
/// change the former twentyfold and the latter not at all.
void balance_affine_blocks(model::Graph& graph);

}  // namespace dbnet::train
