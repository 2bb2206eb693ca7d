// Convex polygons are clipped edge by edge (Sutherland and Hodgman) in double precision; all others
// go to Clipper on whole numbers, scaled so that their common extent fills 2^28.
#include "geometry/overlap.hpp"

#include <algorithm>
#include <cmath>

#include <polyclipping/clipper.hpp>

#include "geometry/offset.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::geometry {
namespace {

constexpr double kExtent = 1 << 28;  // below 2^30 Clipper computes in 64 bits

/// Copies the polygon so that it runs clockwise on screen.
void copy_clockwise(std::span<const Point> polygon, Polygon& copy) {
    copy.assign(polygon.begin(), polygon.end());
    if (signed_area(copy) < 0) std::reverse(copy.begin(), copy.end());
}

/// The part of a convex polygon on the right-hand side (on screen) of the line from a to b.
void cut(const Polygon& polygon, Point a, Point b, Polygon& kept) {
    const auto side = [a, b](Point p) {
        return (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);
    };
    kept.clear();
    Point from = polygon.back();
    double from_side = side(from);
    for (const Point& to : polygon) {
        const double to_side = side(to);
        if ((from_side > 0 && to_side < 0) || (from_side < 0 && to_side > 0)) {
            const double t = from_side / (from_side - to_side);
            kept.push_back({from.x + t * (to.x - from.x), from.y + t * (to.y - from.y)});
        }
        if (to_side >= 0) kept.push_back(to);
        from = to;
        from_side = to_side;
    }
}

double convex_intersection(std::span<const Point> a, std::span<const Point> b) {
    // Scoring calls this for every pair of boxes that meet: the memory is kept.
    thread_local Polygon rest;
    thread_local Polygon kept;
    thread_local Polygon window;
    copy_clockwise(a, rest);
    copy_clockwise(b, window);
    for (std::size_t i = 0; i < window.size() && !rest.empty(); ++i) {
        cut(rest, window[i], window[i + 1 == window.size() ? 0 : i + 1], kept);
        std::swap(rest, kept);
    }
    return area(rest);
}

/// From image coordinates to Clipper's whole numbers.
struct Grid {
    Point origin;
    double scale = 1;

    explicit Grid(const Rect& extent) : origin{extent.x, extent.y} {
        const double side = std::max(extent.width, extent.height);
        if (side > 0) scale = std::min(kExtent / side, kExtent);
    }

    ClipperLib::Path path(std::span<const Point> polygon) const {
        ClipperLib::Path result;
        result.reserve(polygon.size());
        for (const Point point : polygon)
            result.emplace_back(std::llround((point.x - origin.x) * scale),
                                std::llround((point.y - origin.y) * scale));
        return result;
    }
};

double area_of(const ClipperLib::Paths& paths, const Grid& grid) {
    double sum = 0;
    for (const ClipperLib::Path& path : paths) sum += ClipperLib::Area(path);  // holes: negative
    return std::abs(sum) / (grid.scale * grid.scale);
}

Rect common_extent(const Rect& a, const Rect& b) {
    const double x = std::min(a.x, b.x);
    const double y = std::min(a.y, b.y);
    return {x, y, std::max(a.x + a.width, b.x + b.width) - x,
            std::max(a.y + a.height, b.y + b.height) - y};
}

bool meet(const Rect& a, const Rect& b) {
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height &&
           b.y < a.y + a.height;
}

bool is_usable(std::span<const Point> polygon) {
    return polygon.size() >= 3 && is_bounded(polygon, kLargestCoordinate);
}

}  // namespace

double covered_area(std::span<const Point> polygon) {
    if (!is_usable(polygon)) return 0;
    if (is_convex(polygon)) return area(polygon);
    const Grid grid(bounding_rect(polygon));
    ClipperLib::Paths pieces;
    ClipperLib::SimplifyPolygon(grid.path(polygon), pieces, ClipperLib::pftNonZero);
    return area_of(pieces, grid);
}

double intersection_area(std::span<const Point> a, std::span<const Point> b) {
    if (!is_usable(a) || !is_usable(b)) return 0;
    const Rect a_rect = bounding_rect(a);
    const Rect b_rect = bounding_rect(b);
    if (!meet(a_rect, b_rect)) return 0;
    if (is_convex(a) && is_convex(b)) return convex_intersection(a, b);
    const Grid grid(common_extent(a_rect, b_rect));
    ClipperLib::Clipper clipper;
    clipper.AddPath(grid.path(a), ClipperLib::ptSubject, true);
    clipper.AddPath(grid.path(b), ClipperLib::ptClip, true);
    ClipperLib::Paths pieces;
    clipper.Execute(ClipperLib::ctIntersection, pieces, ClipperLib::pftNonZero,
                    ClipperLib::pftNonZero);
    return area_of(pieces, grid);
}

double iou(std::span<const Point> a, std::span<const Point> b) {
    const double common = intersection_area(a, b);
    const double all = covered_area(a) + covered_area(b) - common;
    return all > 0 ? std::clamp(common / all, 0.0, 1.0) : 0;
}

}  // namespace dbnet::geometry
