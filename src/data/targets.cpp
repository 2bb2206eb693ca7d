// Both styles shrink and dilate with Clipper by D = A (1 - r^2) / L. Natively offsets keep
// fractions of a pixel, all pieces are drawn and the distance is the one to the nearest segment;
// the reference truncates to whole pixels, draws the first piece, and measures the distance to an
// end point wherever the pixel sees the segment under an acute angle.
#include "data/targets.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <opencv2/imgproc.hpp>

#include "geometry/offset.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::data {
namespace {

constexpr int kFractionBits = 8;  ///< of coordinates given to OpenCV natively
constexpr double kPixelCentre = 0.5;
constexpr double kFarthest = 1 << 20;  ///< coordinates beyond are not drawn

using Polygons = std::vector<Polygon>;

/// A map of bytes that polygons are filled into; pixels on the outline count as inside.
class Canvas {
public:
    Canvas(std::vector<std::uint8_t>& pixels, int width, int height)
        : image_(height, width, CV_8UC1, pixels.data()) {}

    void fill_fractional(const Polygons& polygons, std::uint8_t value) {
        constexpr double scale = 1 << kFractionBits;
        fill(polygons, kFractionBits, value,
             [](double x) { return static_cast<int>(std::lround((x - kPixelCentre) * scale)); });
    }

    void fill_truncated(const Polygons& polygons, std::uint8_t value) {
        fill(polygons, 0, value, [](double x) { return static_cast<int>(x); });
    }

private:
    template <typename Convert>
    void fill(const Polygons& polygons, int shift, std::uint8_t value, Convert convert) {
        std::vector<std::vector<cv::Point>> outlines;
        for (const Polygon& polygon : polygons) {
            if (polygon.empty()) continue;
            auto& outline = outlines.emplace_back();
            for (const Point& point : polygon)
                outline.emplace_back(convert(point.x), convert(point.y));
        }
        if (!outlines.empty()) cv::fillPoly(image_, outlines, cv::Scalar(value), cv::LINE_8, shift);
    }

    cv::Mat image_;
};

Polygons offset(const Polygon& polygon, double distance, TargetStyle style) {
    if (style == TargetStyle::native) return geometry::offset(polygon, distance);
    Polygons result;
    const auto pieces = geometry::integer_offset(polygon, distance);
    if (!pieces.empty()) {
        auto& first = result.emplace_back();
        for (const auto& point : pieces.front())
            first.push_back({static_cast<double>(point.x), static_cast<double>(point.y)});
    }
    return result;
}

/// Distance of a pixel to an edge as the reference computes it: NaN where a zero-length edge meets
/// the pixel.
double reference_distance(double x, double y, const Point& a, const Point& b) {
    const double to_a = (x - a.x) * (x - a.x) + (y - a.y) * (y - a.y);
    const double to_b = (x - b.x) * (x - b.x) + (y - b.y) * (y - b.y);
    const double edge = (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);
    const double cosine = (edge - to_a - to_b) / (2 * std::sqrt(to_a * to_b));
    if (cosine < 0) return std::sqrt(std::min(to_a, to_b));
    const double sine_squared = std::isfinite(cosine) ? 1 - cosine * cosine : 0;
    return std::sqrt(to_a * to_b * sine_squared / edge);
}

struct Box {
    int left, top, right,
        bottom;  ///< inclusive, inside the image; empty if left > right or top > bottom
};

Box pixels_around(const Rect& rect, double margin, int width, int height) {
    const auto inside = [](double x, int size) {
        return static_cast<int>(std::clamp(x, -1.0, static_cast<double>(size)));
    };
    return {std::max(inside(std::floor(rect.x - margin), width), 0),
            std::max(inside(std::floor(rect.y - margin), height), 0),
            std::min(inside(std::ceil(rect.x + rect.width + margin), width), width - 1),
            std::min(inside(std::ceil(rect.y + rect.height + margin), height), height - 1)};
}

/// canvas = fmax(canvas, 1 - min over edges of clip(distance / D, 0, 1)) inside the box of the
/// dilated polygon.
void raise_reference(Polygon polygon, const Polygon& dilated, double distance, int width,
                     int height, std::vector<float>& canvas) {
    const Rect around = geometry::bounding_rect(dilated);
    const Box box = pixels_around(around, 0, width, height);
    // Relative to the box, as in the reference: rounding decides what is NaN on the line of an
    // edge.
    for (Point& point : polygon) point = {point.x - around.x, point.y - around.y};
    for (int y = box.top; y <= box.bottom; ++y)
        for (int x = box.left; x <= box.right; ++x) {
            auto nearest = std::numeric_limits<float>::infinity();
            for (std::size_t i = 0; i < polygon.size() && !std::isnan(nearest); ++i) {
                const Point& next = polygon[(i + 1) % polygon.size()];
                const double d =
                    reference_distance(x - around.x, y - around.y, polygon[i], next) / distance;
                const auto clipped =
                    static_cast<float>(std::isnan(d) ? d : std::clamp(d, 0.0, 1.0));
                nearest = std::isnan(clipped) ? clipped : std::min(nearest, clipped);
            }
            float& value = canvas[static_cast<std::size_t>(y) * width + x];
            value = std::fmax(value, 1 - nearest);
        }
}

/// canvas = max(canvas, 1 - distance to the segment / D): only pixels nearer than D can change.
void raise_segment(const Point& a, const Point& b, double distance, int width, int height,
                   float* canvas) {
    const Rect rect{std::min(a.x, b.x), std::min(a.y, b.y), std::abs(a.x - b.x),
                    std::abs(a.y - b.y)};
    const Box box = pixels_around(rect, distance, width, height);
    const auto edge_x = static_cast<float>(b.x - a.x);
    const auto edge_y = static_cast<float>(b.y - a.y);
    const float length_squared = std::max(edge_x * edge_x + edge_y * edge_y, 1e-12f);
    const auto scale = static_cast<float>(1 / distance);
    for (int y = box.top; y <= box.bottom; ++y) {
        const auto from_y = static_cast<float>(y + kPixelCentre - a.y);
        float* row = canvas + static_cast<std::size_t>(y) * width;
        for (int x = box.left; x <= box.right; ++x) {
            const float from_x = static_cast<float>(x) + static_cast<float>(kPixelCentre - a.x);
            float t = (from_x * edge_x + from_y * edge_y) / length_squared;
            t = t < 0 ? 0 : t > 1 ? 1 : t;
            const float dx = from_x - t * edge_x;
            const float dy = from_y - t * edge_y;
            const float value = 1 - std::sqrt(dx * dx + dy * dy) * scale;
            row[x] = value > row[x] ? value : row[x];
        }
    }
}

bool is_drawable(const Polygon& polygon) {
    return std::all_of(polygon.begin(), polygon.end(), [](const Point& point) {
        return std::abs(point.x) <= kFarthest && std::abs(point.y) <= kFarthest;  // false for NaN
    });
}

/// Moves the vertices into the image and lets them run clockwise on screen.
void clip(Polygon& polygon, double right, double bottom) {
    for (Point& point : polygon)
        point = {std::clamp(point.x, 0.0, right), std::clamp(point.y, 0.0, bottom)};
    if (geometry::signed_area(polygon) < 0) std::reverse(polygon.begin(), polygon.end());
}

/// Draws one image's labels.
class Painter {
public:
    Painter(int width, int height, const TargetOptions& options) : options_(options) {
        const auto size = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
        maps_ = {width,
                 height,
                 std::vector<std::uint8_t>(size, 0),
                 std::vector<std::uint8_t>(size, 1),
                 std::vector<float>(size, 0),
                 std::vector<std::uint8_t>(size, 0)};
    }

    void draw(TextLabel& label) {
        if (!is_drawable(label.polygon)) {
            label.ignore = true;
            return;
        }
        const double distance = offset_distance(label.polygon);
        if (!label.ignore)
            label.ignore = !is_usable(label.polygon) || !draw_shrunk(label.polygon, distance);
        if (label.ignore)
            fill(maps_.probability_mask, {label.polygon}, 0);
        else
            draw_border(label.polygon, distance);
    }

    TargetMaps finish() {
        const float range = options_.threshold_high - options_.threshold_low;
        for (float& value : maps_.threshold) value = value * range + options_.threshold_low;
        return std::move(maps_);
    }

private:
    bool native() const { return options_.style == TargetStyle::native; }

    double offset_distance(const Polygon& polygon) const {
        const double r = options_.shrink_ratio;
        return geometry::area(polygon) * (1 - r * r) / geometry::perimeter(polygon);
    }

    bool is_usable(const Polygon& polygon) const {
        const Rect box = geometry::bounding_rect(polygon);
        return geometry::area(polygon) >= 1 &&
               std::min(box.width, box.height) >= options_.min_text_size;
    }

    void fill(std::vector<std::uint8_t>& map, const Polygons& polygons, std::uint8_t value) const {
        Canvas canvas(map, maps_.width, maps_.height);
        if (native())
            canvas.fill_fractional(polygons, value);
        else
            canvas.fill_truncated(polygons, value);
    }

    /// False if nothing remains of the polygon.
    bool draw_shrunk(const Polygon& polygon, double distance) {
        const Polygons shrunk = offset(polygon, -distance, options_.style);
        if (shrunk.empty()) return false;
        fill(maps_.probability, shrunk, 1);
        return true;
    }

    void draw_border(const Polygon& polygon, double distance) {
        const Polygons dilated = offset(polygon, distance, options_.style);
        if (dilated.empty()) return;
        fill(maps_.threshold_mask, dilated, 1);
        if (!native()) {
            raise_reference(polygon, dilated.front(), distance, maps_.width, maps_.height,
                            maps_.threshold);
            return;
        }
        for (std::size_t i = 0; i < polygon.size(); ++i)
            raise_segment(polygon[i], polygon[(i + 1) % polygon.size()], distance, maps_.width,
                          maps_.height, maps_.threshold.data());
    }

    const TargetOptions& options_;
    TargetMaps maps_;
};

}  // namespace

TargetMaps make_targets(int width, int height, std::vector<TextLabel>& labels,
                        const TargetOptions& options) {
    if (options.style == TargetStyle::mhliao && options.clip)
        for (TextLabel& label : labels) clip(label.polygon, width - 1, height - 1);
    Painter painter(width, height, options);
    for (TextLabel& label : labels) painter.draw(label);
    return painter.finish();
}

void clear_beyond(TargetMaps& maps, int width, int height, const TargetOptions& options) {
    for (int y = 0; y < maps.height; ++y) {
        const auto begin = static_cast<std::ptrdiff_t>(y) * maps.width + (y < height ? width : 0);
        const auto count = static_cast<std::ptrdiff_t>(y + 1) * maps.width - begin;
        std::fill_n(maps.probability.begin() + begin, count, std::uint8_t{0});
        std::fill_n(maps.probability_mask.begin() + begin, count, std::uint8_t{1});
        std::fill_n(maps.threshold.begin() + begin, count, options.threshold_low);
        std::fill_n(maps.threshold_mask.begin() + begin, count, std::uint8_t{0});
    }
}

}  // namespace dbnet::data
