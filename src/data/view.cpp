#include "data/view.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "geometry/polygon.hpp"

namespace dbnet::data {
namespace {

/// OpenCV divides larger outputs among its own threads.
constexpr int kSerialPixels = 1 << 16;
constexpr double kLeastArea = 1e-6;
/// What of an outline lies nearer to the horizon, relative to the image's origin, is cut off.
constexpr double kLeastWeight = 0.02;

/// One side of clip(): keeps where a * x + b * y <= limit.
Polygon keep_half(const Polygon& polygon, double a, double b, double limit) {
    Polygon kept;
    for (std::size_t i = 0; i < polygon.size(); ++i) {
        const Point& from = polygon[i];
        const Point& to = polygon[(i + 1) % polygon.size()];
        const double from_excess = a * from.x + b * from.y - limit;
        const double to_excess = a * to.x + b * to.y - limit;
        if (from_excess <= 0) kept.push_back(from);
        if ((from_excess < 0 && to_excess > 0) || (from_excess > 0 && to_excess < 0)) {
            const double t = from_excess / (from_excess - to_excess);
            kept.push_back({from.x + t * (to.x - from.x), from.y + t * (to.y - from.y)});
        }
    }
    return kept;
}

/// Clockwise on screen; a flip reverses the direction.
Polygon moved(Polygon polygon, const Projection& place) {
    if (!place.is_affine())
        polygon = keep_half(polygon, -place.wx, -place.wy, (1 - kLeastWeight) * place.w0);
    for (Point& point : polygon) point = place(point);
    if (geometry::signed_area(polygon) < 0) std::ranges::reverse(polygon);
    return polygon;
}

/// The largest singular value of the derivative at p.
double stretch_at(const Projection& place, Point p) {
    const double w = place.weight(p);
    const Point there = place(p);
    const double xx = (place.xx - there.x * place.wx) / w;
    const double xy = (place.xy - there.x * place.wy) / w;
    const double yx = (place.yx - there.y * place.wx) / w;
    const double yy = (place.yy - there.y * place.wy) / w;
    const double columns = xx * xx + yx * yx;
    const double rows = xy * xy + yy * yy;
    const double mixed = xx * xy + yx * yy;
    return std::sqrt((columns + rows + std::hypot(columns - rows, 2 * mixed)) / 2);
}

/// Fills the covered part of `target`.
void warp_into(const cv::Mat& source, const Projection& place, Size covered, cv::Mat target) {
    const int band = std::max(1, kSerialPixels / covered.width);
    for (int y = 0; y < covered.height; y += band) {
        cv::Mat part = target(cv::Rect(0, y, covered.width, std::min(band, covered.height - y)));
        // Between pixel numbers, whose centres lie half a pixel further.
        const Projection map = translation(0.5, 0.5).then(place).then(translation(-0.5, -0.5 - y));
        if (map.is_affine())
            cv::warpAffine(source, part,
                           cv::Matx23d(map.xx, map.xy, map.x0, map.yx, map.yy, map.y0), part.size(),
                           cv::INTER_LINEAR, cv::BORDER_CONSTANT);
        else
            cv::warpPerspective(
                source, part,
                cv::Matx33d(map.xx, map.xy, map.x0, map.yx, map.yy, map.y0, map.wx, map.wy, map.w0),
                part.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT);
    }
}

template <typename Value>
std::vector<Value> warp_map(const ImageMap<Value>& map, Size image, const View& view, Size size) {
    std::vector<Value> result(static_cast<std::size_t>(size.width) *
                              static_cast<std::size_t>(size.height));
    const cv::Mat source(map.size.height, map.size.width, cv::DataType<Value>::type,
                         const_cast<Value*>(map.values.data()));
    const Projection to_image = scaling(static_cast<double>(image.width) / map.size.width,
                                        static_cast<double>(image.height) / map.size.height);
    warp_into(source, to_image.then(view.place), view.covered,
              {size.height, size.width, cv::DataType<Value>::type, result.data()});
    return result;
}

}  // namespace

Projection Projection::then(const Projection& next) const {
    const auto row = [&](double a, double b, double c) {
        return std::array{a * xx + b * yx + c * wx, a * xy + b * yy + c * wy,
                          a * x0 + b * y0 + c * w0};
    };
    const auto x = row(next.xx, next.xy, next.x0);
    const auto y = row(next.yx, next.yy, next.y0);
    const auto w = row(next.wx, next.wy, next.w0);
    return {x[0], x[1], x[2], y[0], y[1], y[2], w[0], w[1], w[2]};
}

Projection translation(double x, double y) { return {1, 0, x, 0, 1, y}; }

Projection scaling(double x, double y) { return {x, 0, 0, 0, y, 0}; }

Projection rotation(double radians, Point centre) {
    const double c = std::cos(radians);
    const double s = std::sin(radians);
    return translation(-centre.x, -centre.y)
        .then({c, -s, 0, s, c, 0})
        .then(translation(centre.x, centre.y));
}

Projection projection(Size rectangle, const Quad& corners) {
    // From the unit square (Heckbert, Fundamentals of Texture Mapping, 2.2.3).
    const auto [a, b, c, d] = corners;
    const double dx1 = b.x - c.x;
    const double dy1 = b.y - c.y;
    const double dx2 = d.x - c.x;
    const double dy2 = d.y - c.y;
    const double sum_x = a.x - b.x + c.x - d.x;
    const double sum_y = a.y - b.y + c.y - d.y;
    const double area = dx1 * dy2 - dx2 * dy1;
    const double g = (sum_x * dy2 - dx2 * sum_y) / area;
    const double h = (dx1 * sum_y - sum_x * dy1) / area;
    const Projection square{b.x - a.x + g * b.x,
                            d.x - a.x + h * d.x,
                            a.x,
                            b.y - a.y + g * b.y,
                            d.y - a.y + h * d.y,
                            a.y,
                            g,
                            h,
                            1};
    return scaling(1.0 / rectangle.width, 1.0 / rectangle.height).then(square);
}

double enlargement(const Projection& place, Size image) {
    // It grows towards the horizon, so it is largest in a corner.
    double largest = 0;
    for (const double x : {0., static_cast<double>(image.width)})
        for (const double y : {0., static_cast<double>(image.height)})
            largest = std::max(largest, stretch_at(place, {x, y}));
    return largest;
}

Image warp(const ImageView& image, const View& view, Size size) {
    Image result(size.width, size.height);
    const cv::Mat source(image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.data),
                         static_cast<std::size_t>(image.stride));
    warp_into(source, view.place, view.covered, {size.height, size.width, CV_8UC3, result.row(0)});
    return result;
}

std::vector<std::uint8_t> warp(const ImageMap<std::uint8_t>& map, Size image, const View& view,
                               Size size) {
    return warp_map(map, image, view, size);
}

std::vector<float> warp(const ImageMap<float>& map, Size image, const View& view, Size size) {
    return warp_map(map, image, view, size);
}

std::vector<TextLabel> transform(const std::vector<TextLabel>& labels, const View& view,
                                 double visible_share) {
    std::vector<TextLabel> seen;
    for (const TextLabel& label : labels) {
        TextLabel whole{moved(label.polygon, view.place), label.ignore};
        Polygon visible = clip(whole.polygon, view.covered);
        const double area = geometry::area(visible);
        if (!(area > kLeastArea)) continue;
        if (area < visible_share * geometry::area(whole.polygon)) whole.ignore = true;
        if (whole.ignore) whole.polygon = std::move(visible);
        seen.push_back(std::move(whole));
    }
    return seen;
}

Polygon clip(Polygon polygon, Size size) {
    polygon = keep_half(polygon, -1, 0, 0);
    polygon = keep_half(polygon, 1, 0, size.width);
    polygon = keep_half(polygon, 0, -1, 0);
    return keep_half(polygon, 0, 1, size.height);
}

}  // namespace dbnet::data
