#pragma once

#include <dbnet/region.hpp>

// Rotated boxes, each of which turns about a point of its own.
namespace dbnet::formats {

/// The corners of the box, clockwise on screen from its top-left one, turned by an angle in
/// radians, clockwise on screen, about a point.
Polygon turned(const Rect& box, double angle, const Point& about);

Point centre(const Rect& box);

/// The corners in the order of their angles about the middle, clockwise on screen, if the outline
/// crosses itself; else as they are.
Polygon without_crossing(Polygon quad);

}  // namespace dbnet::formats
