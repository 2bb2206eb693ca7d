#pragma once

#include <span>

#include <dbnet/region.hpp>

// Areas of intersections of polygons. A self-crossing polygon covers the points that it winds
// around (non-zero rule); degenerate ones and those with coordinates that are no numbers or beyond
// kLargestCoordinate cover nothing.
namespace dbnet::geometry {

/// Area that the polygon covers.
double covered_area(std::span<const Point> polygon);

/// Area that both cover. Exact up to rounding for convex polygons; otherwise vertices are rounded
/// to about 2^-28 of the polygons' extent.
double intersection_area(std::span<const Point> a, std::span<const Point> b);

/// Intersection over union, [0, 1]; 0 when neither covers anything.
double iou(std::span<const Point> a, std::span<const Point> b);

}  // namespace dbnet::geometry
