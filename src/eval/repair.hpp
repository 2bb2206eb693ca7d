#pragma once

#include <span>

#include <dbnet/region.hpp>

namespace dbnet::eval {

/// The polygon without immediate repetitions of a vertex.
Polygon without_repetitions(std::span<const Point> polygon);

/// What GEOS makes of a self-crossing polygon by buffering it by 0, and mmocr of that: the points
/// around which it winds in its own direction; their convex hull when they are in several pieces.
/// Holes are joined to the outline by a cut. Empty when nothing remains.
Polygon repaired(std::span<const Point> polygon);

}  // namespace dbnet::eval
