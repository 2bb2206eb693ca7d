#pragma once

#include <cstdint>
#include <vector>

#include "detect/preprocess.hpp"

// A network input that is larger than the limit is computed in overlapping windows, whose
// probability maps are put together to the map of the whole input: text across a seam needs no
// special treatment then. In an overlap each pixel comes from the window in which it lies farther
// from the border, so it has seen at least half an overlap of surroundings.
namespace dbnet::detect {

/// Windows that cover the network's input row by row, each with at most `max_pixels`, with sides
/// that are multiples of 32 and an overlap of at least 256 pixels where the limit allows it. One
/// window if the input is small enough.
std::vector<Window> plan_tiles(const InputGeometry& geometry, std::int64_t max_pixels);

/// As above, in windows of just that size, none of whose sides is larger than the input's and all
/// of which lie at multiples of 32.
std::vector<Window> plan_tiles(const InputGeometry& geometry, int width, int height);

/// The map of the whole input, put together from the maps of its windows. A single window is
/// referred to, not copied.
class StitchedMap {
public:
    StitchedMap(const InputGeometry& geometry, const std::vector<Window>& windows);

    /// `values`: the window's map, height x width floats, which must outlive the use of values() if
    /// it is the only one.
    void add(const Window& window, const float* values);

    const float* values() const noexcept { return values_; }

private:
    int width_;
    int height_;
    const std::vector<Window>& windows_;
    std::vector<float> memory_;
    const float* values_ = nullptr;
};

}  // namespace dbnet::detect
