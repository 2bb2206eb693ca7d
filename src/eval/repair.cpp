// Invalid polygons as mmocr repairs them (specification, 9.3): shapely's buffer(0), then the convex
// hull if that gave several pieces. A buffer of width 0 keeps the faces with a winding number above
// 0 in the ring's own direction: that of its signed area, counter-clockwise on screen for 0 (GEOS
// 3.11).
#include "eval/repair.hpp"

#include <algorithm>
#include <cmath>

#include <polyclipping/clipper.hpp>

#include "geometry/offset.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::eval {
namespace {

constexpr double kExtent = 1 << 28;  // below 2^30 Clipper computes in 64 bits

/// Appends the hole to the outline by way of a cut there and back.
void join_hole(Polygon& outline, const Polygon& hole) {
    const Point bridge = outline.back();
    outline.insert(outline.end(), hole.begin(), hole.end());
    outline.push_back(hole.front());
    outline.push_back(bridge);
}

}  // namespace

Polygon without_repetitions(std::span<const Point> polygon) {
    Polygon result(polygon.begin(), polygon.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
    while (result.size() > 1 && result.front() == result.back()) result.pop_back();
    return result;
}

Polygon repaired(std::span<const Point> polygon) {
    const Polygon ring = without_repetitions(polygon);
    if (ring.size() < 3) return {};
    const Rect extent = geometry::bounding_rect(ring);
    const double side = std::max(extent.width, extent.height);
    const double scale = kExtent / std::max(side, 1.0);
    ClipperLib::Path path;
    for (const Point point : ring)
        path.emplace_back(std::llround((point.x - extent.x) * scale),
                          std::llround((point.y - extent.y) * scale));
    ClipperLib::Clipper clipper;
    clipper.AddPath(path, ClipperLib::ptSubject, true);
    const auto rule =
        geometry::signed_area(ring) > 0 ? ClipperLib::pftPositive : ClipperLib::pftNegative;
    ClipperLib::Paths faces;
    clipper.Execute(ClipperLib::ctUnion, faces, rule, rule);
    Polygon result;
    int pieces = 0;
    for (const bool holes : {false, true}) {
        for (const ClipperLib::Path& face : faces) {
            if (face.empty() || ClipperLib::Orientation(face) == holes) continue;
            Polygon outline;
            for (const ClipperLib::IntPoint& point : face)
                outline.push_back({static_cast<double>(point.X) / scale + extent.x,
                                   static_cast<double>(point.Y) / scale + extent.y});
            if (holes && pieces == 1) join_hole(result, outline);
            if (holes) continue;
            result.insert(result.end(), outline.begin(), outline.end());
            ++pieces;
        }
    }
    return pieces > 1 ? geometry::convex_hull(result) : result;
}

}  // namespace dbnet::eval
