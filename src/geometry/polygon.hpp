#pragma once

#include <span>
#include <vector>

#include <dbnet/region.hpp>

// Measures of polygons. A polygon is its vertices in order, the last joined to the first; self-crossing and degenerate ones
// are legal arguments everywhere. y points down, so a polygon that runs clockwise on screen has a positive signed area.
namespace dbnet::geometry {

double signed_area(std::span<const Point> polygon);   ///< shoelace formula; 0 for fewer than 3 vertices
double area(std::span<const Point> polygon);          ///< |signed_area|
double perimeter(std::span<const Point> polygon);
Rect bounding_rect(std::span<const Point> polygon);   ///< zeros for no vertices
bool is_simple(std::span<const Point> polygon);       ///< no two edges cross or touch except neighbours at their vertex
bool contains(std::span<const Point> polygon, Point point);

}  // namespace dbnet::geometry
