#include "geometry/offset.hpp"

#include <cmath>

#include <polyclipping/clipper.hpp>

#include "geometry/polygon.hpp"

namespace dbnet::geometry {
namespace {

constexpr double kScale = 1024;
constexpr double kArcTolerance = 0.25;  // Clipper's own default, in units
constexpr double kMitreLimit = 2;       // the smallest that Clipper knows

bool is_usable(std::span<const Point> polygon, double distance) {
    return is_bounded(polygon, kLargestCoordinate) && std::abs(distance) <= kLargestCoordinate;
}

ClipperLib::Paths execute(const ClipperLib::Path& path, double distance, double scale,
                          ClipperLib::JoinType join) {
    ClipperLib::ClipperOffset clipper(kMitreLimit, kArcTolerance * scale);
    clipper.AddPath(path, join, ClipperLib::etClosedPolygon);
    ClipperLib::Paths paths;
    clipper.Execute(paths, distance * scale);
    return paths;
}

}  // namespace

std::vector<Polygon> offset(std::span<const Point> polygon, double distance, Join join) {
    if (!is_usable(polygon, distance)) return {};
    ClipperLib::Path path;
    path.reserve(polygon.size());
    for (const Point point : polygon)
        path.emplace_back(std::llround(point.x * kScale), std::llround(point.y * kScale));
    std::vector<Polygon> result;
    for (const ClipperLib::Path& piece :
         execute(path, distance, kScale,
                 join == Join::round ? ClipperLib::jtRound : ClipperLib::jtMiter)) {
        Polygon& vertices = result.emplace_back();
        vertices.reserve(piece.size());
        for (const ClipperLib::IntPoint& point : piece)
            vertices.push_back(
                {static_cast<double>(point.X) / kScale, static_cast<double>(point.Y) / kScale});
    }
    return result;
}

std::vector<std::vector<IntegerPoint>> integer_offset(std::span<const Point> polygon,
                                                      double distance) {
    if (!is_usable(polygon, distance)) return {};
    ClipperLib::Path path;
    path.reserve(polygon.size());
    for (const Point point : polygon)
        path.emplace_back(static_cast<ClipperLib::cInt>(point.x),
                          static_cast<ClipperLib::cInt>(point.y));
    std::vector<std::vector<IntegerPoint>> result;
    for (const ClipperLib::Path& piece : execute(path, distance, 1, ClipperLib::jtRound)) {
        std::vector<IntegerPoint>& vertices = result.emplace_back();
        vertices.reserve(piece.size());
        for (const ClipperLib::IntPoint& point : piece) vertices.push_back({point.X, point.Y});
    }
    return result;
}

}  // namespace dbnet::geometry
