#include "geometry/polygon.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace dbnet::geometry {
namespace {

/// Twice the signed area of the triangle a, b, c; positive when it runs clockwise on screen.
double cross(Point a, Point b, Point c) {
    return (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
}

int sign(double value) { return (value > 0) - (value < 0); }

/// Whether p, which lies on the line through a and b, lies between them.
bool is_between(Point a, Point b, Point p) {
    return std::min(a.x, b.x) <= p.x && p.x <= std::max(a.x, b.x) && std::min(a.y, b.y) <= p.y &&
           p.y <= std::max(a.y, b.y);
}

/// Whether the closed segments a-b and c-d have a common point.
bool segments_meet(Point a, Point b, Point c, Point d) {
    const int abc = sign(cross(a, b, c));
    const int abd = sign(cross(a, b, d));
    const int cda = sign(cross(c, d, a));
    const int cdb = sign(cross(c, d, b));
    if (abc * abd < 0 && cda * cdb < 0) return true;
    return (abc == 0 && is_between(a, b, c)) || (abd == 0 && is_between(a, b, d)) ||
           (cda == 0 && is_between(c, d, a)) || (cdb == 0 && is_between(c, d, b));
}

/// Whether the edges a-b and b-c overlap in more than b.
bool folds_back(Point a, Point b, Point c) {
    const double dot = (a.x - b.x) * (c.x - b.x) + (a.y - b.y) * (c.y - b.y);
    return a == b || b == c || (cross(a, b, c) == 0 && dot > 0);
}

}  // namespace

double signed_area(std::span<const Point> polygon) {
    if (polygon.size() < 3) return 0;
    // Relative to the first vertex, which keeps the digits of a small polygon far from the origin.
    const Point origin = polygon.front();
    double twice = 0;
    for (std::size_t i = 1; i + 1 < polygon.size(); ++i)
        twice += cross(origin, polygon[i], polygon[i + 1]);
    return twice / 2;
}

double area(std::span<const Point> polygon) { return std::abs(signed_area(polygon)); }

double perimeter(std::span<const Point> polygon) {
    double sum = 0;
    for (std::size_t i = 0; i < polygon.size(); ++i) {
        const Point a = polygon[i];
        const Point b = polygon[(i + 1) % polygon.size()];
        sum += std::hypot(b.x - a.x, b.y - a.y);
    }
    return sum;
}

Rect bounding_rect(std::span<const Point> polygon) {
    if (polygon.empty()) return {};
    const auto by_x = [](Point a, Point b) { return a.x < b.x; };
    const auto by_y = [](Point a, Point b) { return a.y < b.y; };
    const auto [left, right] = std::minmax_element(polygon.begin(), polygon.end(), by_x);
    const auto [top, bottom] = std::minmax_element(polygon.begin(), polygon.end(), by_y);
    return {left->x, top->y, right->x - left->x, bottom->y - top->y};
}

bool is_simple(std::span<const Point> polygon) {
    const std::size_t n = polygon.size();
    if (n < 3) return false;
    const auto vertex = [&](std::size_t i) { return polygon[i % n]; };
    for (std::size_t i = 0; i < n; ++i) {
        if (folds_back(vertex(i), vertex(i + 1), vertex(i + 2))) return false;
        const std::size_t end = i == 0 ? n - 1 : n;
        for (std::size_t j = i + 2; j < end; ++j)
            if (segments_meet(vertex(i), vertex(i + 1), vertex(j), vertex(j + 1))) return false;
    }
    return true;
}

bool contains(std::span<const Point> polygon, Point point) {
    int winding = 0;
    for (std::size_t i = 0; i < polygon.size(); ++i) {
        const Point a = polygon[i];
        const Point b = polygon[(i + 1) % polygon.size()];
        if (a.y <= point.y && b.y > point.y && cross(a, b, point) > 0) ++winding;
        if (a.y > point.y && b.y <= point.y && cross(a, b, point) < 0) --winding;
    }
    return winding != 0;
}

bool is_convex(std::span<const Point> polygon) {
    const std::size_t n = polygon.size();
    if (n < 3) return false;
    int turn = 0;
    int x_changes = 0;  // of the edges' horizontal direction: 2 in one round
    int direction = 0;
    int first_direction = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const Point a = polygon[i];
        const Point b = polygon[(i + 1) % n];
        const Point c = polygon[(i + 2) % n];
        const int here = sign(cross(a, b, c));
        if (here != 0 && turn != 0 && here != turn) return false;
        if (here != 0) turn = here;
        if (here == 0 && folds_back(a, b, c)) return false;
        const int along = sign(b.x - a.x);
        if (along == 0) continue;
        if (direction != 0 && along != direction) ++x_changes;
        if (first_direction == 0) first_direction = along;
        direction = along;
    }
    if (direction != first_direction) ++x_changes;
    return turn != 0 && x_changes == 2;
}

Polygon convex_hull(std::span<const Point> points) {
    // Andrew's monotone chain: one chain from left to right, one back.
    Polygon sorted(points.begin(), points.end());
    std::sort(sorted.begin(), sorted.end(),
              [](Point a, Point b) { return a.x < b.x || (a.x == b.x && a.y < b.y); });
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    if (sorted.size() < 3) return sorted;
    Polygon hull;
    const auto extend = [&hull](Point point, std::size_t chain_begin) {
        while (hull.size() >= chain_begin + 2 &&
               !(cross(hull[hull.size() - 2], hull.back(), point) > 0))
            hull.pop_back();
        hull.push_back(point);
    };
    for (const Point& point : sorted) extend(point, 0);
    const std::size_t turning_point = hull.size() - 1;
    for (auto point = sorted.rbegin() + 1; point != sorted.rend(); ++point)
        extend(*point, turning_point);
    hull.pop_back();
    return hull;
}

bool is_bounded(std::span<const Point> polygon, double limit) {
    return std::all_of(polygon.begin(), polygon.end(), [limit](Point point) {
        return std::abs(point.x) <= limit && std::abs(point.y) <= limit;
    });
}

}  // namespace dbnet::geometry

namespace dbnet {
namespace {

template <typename Points>
void print(std::ostream& out, const Points& points) {
    const auto rounded = [](double value) { return std::round(value * 100) / 100 + 0.0; };
    std::ostringstream text;
    text << std::setprecision(12) << '(';
    for (std::size_t i = 0; i < points.size(); ++i)
        text << (i == 0 ? "" : ", ") << rounded(points[i].x) << ' ' << rounded(points[i].y);
    out << text.str() << ')';
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Polygon& polygon) {
    print(out, polygon);
    return out;
}

std::ostream& operator<<(std::ostream& out, const Quad& quad) {
    print(out, quad);
    return out;
}

}  // namespace dbnet
