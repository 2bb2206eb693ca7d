#include "formats/shapes.hpp"

#include <algorithm>
#include <cmath>

#include "formats/record.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::formats {

Point centre(const Rect& box) { return {box.x + box.width / 2, box.y + box.height / 2}; }

Polygon turned(const Rect& box, double angle, const Point& about) {
    Polygon polygon = corners(box);
    if (angle == 0) return polygon;
    for (Point& point : polygon) {
        const double dx = point.x - about.x;
        const double dy = point.y - about.y;
        point = {about.x + std::cos(angle) * dx - std::sin(angle) * dy,
                 about.y + std::cos(angle) * dy + std::sin(angle) * dx};
    }
    return polygon;
}

Polygon without_crossing(Polygon quad) {
    if (quad.size() != 4 || geometry::is_simple(quad)) return quad;
    Point middle{0, 0};
    for (const Point& point : quad) middle = {middle.x + point.x / 4, middle.y + point.y / 4};
    std::ranges::sort(quad, {}, [&](const Point& point) {
        return std::atan2(point.y - middle.y, point.x - middle.x);
    });
    return quad;
}

}  // namespace dbnet::formats
