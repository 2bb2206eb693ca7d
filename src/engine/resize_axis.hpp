#pragma once

#include <array>
#include <vector>

#include "model/attributes.hpp"

namespace dbnet::engine {

/// How Resize samples one axis: output element i is
/// (1 - weight[i]) * input[low[i]] + weight[i] * input[high[i]], with weight 0 for nearest. Places
/// beyond the input's ends are clamped to them.
struct ResizeAxis {
    std::vector<std::int64_t> low;
    std::vector<std::int64_t> high;
    std::vector<float> weight;
    /// Cubic instead: the sum of four places, each with its weight.
    std::vector<std::array<std::int64_t, 4>> places;
    std::vector<std::array<float, 4>> weights;
};

/// One entry per dimension of the input, whose extents must be known.
std::vector<ResizeAxis> resize_axes(const model::ResizeAttributes& attributes,
                                    const model::Dims& input);

}  // namespace dbnet::engine
