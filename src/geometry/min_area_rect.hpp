#pragma once

#include <array>
#include <span>

#include <dbnet/region.hpp>

// The rectangle of least area around points, turned as needed. It is OpenCV's (float32), because
// the reference implementations' corners are.
namespace dbnet::geometry {

struct TurnedRect {
    std::array<Point, 4> corners;  ///< in OpenCV's order (boxPoints)
    double short_side = 0;
    double long_side = 0;
};

/// Zeros for no points or coordinates beyond kLargestCoordinate; a point or a segment has a
/// rectangle with a side of 0.
TurnedRect min_area_rect(std::span<const Point> points);

/// The corners as MhLiao and Paddle order them: the two leftmost are top-left and bottom-left, the
/// others top-right and bottom-right, each pair by y. Clockwise from the top-left.
Quad clockwise_from_top_left(const std::array<Point, 4>& corners);

}  // namespace dbnet::geometry
