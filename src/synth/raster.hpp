#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "synth/font.hpp"

namespace dbnet::synth {

/// How much of each pixel of a rectangle is covered, 0 to 255. The rectangle may reach beyond the
/// picture.
struct Mask {
    int x = 0;
    int y = 0;
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> coverage = {};

    std::uint8_t* row(int i) { return coverage.data() + static_cast<std::size_t>(i) * width; }
    const std::uint8_t* row(int i) const {
        return coverage.data() + static_cast<std::size_t>(i) * width;
    }
};

/// An empty mask around a box, `margin` pixels wider on each side.
Mask mask_around(const Extent& box, int margin);

/// What fill() takes at once, at most.
inline constexpr std::size_t kMostPoints = 32767;

/// Adds the inside of contours in picture coordinates, as far as the mask reaches. Throws
/// Error{internal} for more than kMostPoints.
void fill(const Contours& contours, Mask& mask);

/// Bounds of the points.
Extent extent_of(const std::vector<Point>& points);

}  // namespace dbnet::synth
