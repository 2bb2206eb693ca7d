#pragma once

#include <span>
#include <vector>

#include <dbnet/region.hpp>

// Measures of polygons. A polygon is its vertices in order, the last joined to the first;
// self-crossing and degenerate ones are legal arguments everywhere. y points down, so a polygon
// that runs clockwise on screen has a positive signed area.
namespace dbnet::geometry {

double signed_area(std::span<const Point> polygon);  ///< shoelace formula; 0 below 3 vertices
double area(std::span<const Point> polygon);         ///< |signed_area|
double perimeter(std::span<const Point> polygon);
Rect bounding_rect(std::span<const Point> polygon);  ///< zeros for no vertices

/// Whether no two edges cross or touch, except neighbours at their common vertex. Quadratic in the
/// number of vertices. False below 3 vertices.
bool is_simple(std::span<const Point> polygon);

/// Whether the winding number around the point is not 0; a point on an edge may count either way.
bool contains(std::span<const Point> polygon, Point point);

/// Whether the polygon turns in one direction only and runs around once (straight angles allowed).
bool is_convex(std::span<const Point> polygon);

/// Vertices of the convex hull, clockwise on screen, without straight angles; fewer than 3 when all
/// points lie on a line.
Polygon convex_hull(std::span<const Point> points);

/// Whether every coordinate is a number of at most `limit` in size.
bool is_bounded(std::span<const Point> polygon, double limit);

}  // namespace dbnet::geometry
