#pragma once

#include <array>
#include <iosfwd>
#include <vector>

#include <dbnet/export.hpp>

namespace dbnet {

/// A point in continuous image coordinates: x right, y down, the origin at the top-left corner of
/// the top-left pixel of the upright image, so that pixel (i, j) has its centre at (i + 0.5, j +
/// 0.5). Unit: pixels of the input image.
struct Point {
    double x = 0;
    double y = 0;
    friend bool operator==(const Point&, const Point&) = default;
};

/// Vertices in clockwise order as seen on screen; the last is joined to the first, which is not
/// repeated.
using Polygon = std::vector<Point>;

/// Four corners: top-left, top-right, bottom-right, bottom-left of the text as the box is turned.
using Quad = std::array<Point, 4>;

/// Axis-aligned box.
struct Rect {
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;
    friend bool operator==(const Rect&, const Rect&) = default;
};

/// One piece of text found in an image.
struct Region {
    float score = 0;  ///< mean of the probability map inside the region, [0, 1]
    Polygon polygon;  ///< outline, any number of vertices >= 3
    Quad quad;        ///< minimum-area rectangle
    Rect rect;        ///< axis-aligned box of the polygon
    friend bool operator==(const Region&, const Region&) = default;
};

/// Prints as "(x y, x y, ...)" with at most two decimals.
DBNET_API std::ostream& operator<<(std::ostream& out, const Polygon& polygon);
DBNET_API std::ostream& operator<<(std::ostream& out, const Quad& quad);

}  // namespace dbnet
