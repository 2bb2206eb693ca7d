#include "geometry/simplify.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace dbnet::geometry {
namespace {

double distance_to_segment(Point p, Point a, Point b) {
    const double dx = b.x - a.x, dy = b.y - a.y;
    const double length = dx * dx + dy * dy;
    const double t =
        length > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length, 0.0, 1.0) : 0;
    return std::hypot(a.x + t * dx - p.x, a.y + t * dy - p.y);
}

/// Where the line from a to b, continued beyond b, meets the one from d to c, continued beyond c.
std::optional<Point> meeting_point(Point a, Point b, Point c, Point d) {
    const Point u{b.x - a.x, b.y - a.y}, v{c.x - d.x, c.y - d.y}, w{c.x - b.x, c.y - b.y};
    const double cross = u.x * v.y - u.y * v.x;
    const double s = (w.x * v.y - w.y * v.x) / cross;
    const double t = (w.x * u.y - w.y * u.x) / cross;
    if (!(s >= 0) || !(t >= 0) || !std::isfinite(s) || !std::isfinite(t)) return std::nullopt;
    return Point{b.x + s * u.x, b.y + s * u.y};
}

/// Replaces chains of edges between two that are kept by the point where these meet.
class Corners {
public:
    Corners(const Polygon& polygon, double tolerance) : polygon_(polygon), tolerance_(tolerance) {
        double longest = -1;
        for (std::size_t i = 0; i < polygon.size(); ++i) {
            const Point a = at(i), b = at(i + 1);
            const double length = std::hypot(b.x - a.x, b.y - a.y);
            if (length > longest) first_ = i;
            longest = std::max(longest, length);
        }
    }

    Polygon run() const {
        Polygon result;
        const std::size_t end = first_ + polygon_.size();  // the first edge once more
        for (std::size_t kept = first_; kept < end;) {
            std::size_t next = kept + 1;
            Point corner = at(next);
            while (next < end) {
                const std::optional<Point> farther = corner_between(kept, next + 1);
                if (!farther) break;
                corner = *farther;
                ++next;
            }
            result.push_back(corner);
            kept = next;
        }
        return result;
    }

private:
    Point at(std::size_t i) const { return polygon_[i % polygon_.size()]; }

    /// Edge i goes from vertex i to i + 1.
    std::optional<Point> corner_between(std::size_t edge, std::size_t other) const {
        const Point from = at(edge + 1), to = at(other);
        const auto corner = meeting_point(at(edge), from, to, at(other + 1));
        if (!corner) return std::nullopt;
        double nearest = std::hypot(corner->x - from.x, corner->y - from.y);
        for (std::size_t i = edge + 1; i < other; ++i) {
            nearest = std::min(nearest, distance_to_segment(*corner, at(i), at(i + 1)));
            const double off = std::min(distance_to_segment(at(i), from, *corner),
                                        distance_to_segment(at(i), *corner, to));
            if (off > tolerance_) return std::nullopt;
        }
        return nearest <= tolerance_ ? corner : std::nullopt;
    }

    const Polygon& polygon_;
    double tolerance_;
    std::size_t first_ = 0;  ///< the longest edge, which is kept
};

Polygon some_of_the_vertices(const Polygon& polygon, double tolerance) {
    std::vector<cv::Point2f> points, simple;
    for (const Point& point : polygon)
        points.emplace_back(static_cast<float>(point.x), static_cast<float>(point.y));
    cv::approxPolyDP(points, simple, tolerance, true);
    Polygon result;
    for (const cv::Point2f& point : simple) result.push_back({point.x, point.y});
    return result;
}

}  // namespace

Polygon simplify(const Polygon& polygon, double tolerance) {
    if (polygon.size() < 4 || !(tolerance > 0)) return polygon;
    Polygon corners = Corners(polygon, tolerance).run();
    Polygon vertices = some_of_the_vertices(polygon, tolerance);
    Polygon& fewer = vertices.size() < corners.size() ? vertices : corners;
    return fewer.size() < 3 ? polygon : std::move(fewer);
}

}  // namespace dbnet::geometry
