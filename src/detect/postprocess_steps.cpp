#include "detect/postprocess_steps.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <opencv2/imgproc.hpp>

#include "core/error.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::detect {
namespace {

/// 255 where the valid part of the map is above the threshold, 0 elsewhere and for NaN.
cv::Mat binarise(const MapView& map, float threshold) {
    const cv::Mat valid(map.valid_height, map.valid_width, CV_32FC1,
                        const_cast<float*>(map.values),  // which is only read
                        map.width * sizeof(float));
    cv::Mat bitmap;
    cv::compare(valid, threshold, bitmap, cv::CMP_GT);
    return bitmap;
}

/// Sum of tan(angle / 2) over the exterior angles of a polygon: 4 for a rectangle, at least pi for
/// any convex one. Very sharp corners count as 120 degrees.
double corner_sum(std::span<const Point> polygon) {
    const std::size_t n = polygon.size();
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const Point a = polygon[i];
        const Point b = polygon[(i + 1) % n];
        const Point c = polygon[(i + 2) % n];
        const double cross = (b.x - a.x) * (c.y - b.y) - (b.y - a.y) * (c.x - b.x);
        const double dot = (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y);
        constexpr double kSharpest = 2 * std::numbers::pi / 3;
        sum += std::tan(std::clamp(std::atan2(cross, dot), -kSharpest, kSharpest) / 2);
    }
    return std::max(std::abs(sum), std::numbers::pi);
}

/// The D with D = q A / L, q = 1 - r^2, where A = A' + L' D + k D^2 and L = L' + 2 k D are the area
/// and the perimeter before shrinking: the positive root of (2k - qk) D^2 + L' (1 - q) D - q A' =
/// 0.
double exact_distance(std::span<const Point> outline, double shrink_ratio) {
    const double q = 1 - shrink_ratio * shrink_ratio;
    const double k = corner_sum(outline);
    const double a = k * (2 - q);
    const double b = geometry::perimeter(outline) * (1 - q);
    const double c = q * geometry::area(outline);
    return (std::sqrt(b * b + 4 * a * c) - b) / (2 * a);
}

int clip_to(double value, int size) {
    return static_cast<int>(std::clamp(value, 0.0, static_cast<double>(size - 1)));
}

}  // namespace

std::vector<Contour> find_contours(const MapView& map, const PostprocessOptions& options) {
    cv::Mat bitmap = binarise(map, options.threshold);
    if (options.dilate) cv::dilate(bitmap, bitmap, cv::Mat::ones(2, 2, CV_8UC1));
    std::vector<Contour> contours;
    cv::findContours(bitmap, contours, cv::RETR_LIST, cv::CHAIN_APPROX_SIMPLE);
    return contours;
}

cv::Rect bounds_of(std::span<const cv::Point> contour) {
    cv::Point low = contour.front();
    cv::Point high = low;
    for (const cv::Point point : contour) {
        low = {std::min(low.x, point.x), std::min(low.y, point.y)};
        high = {std::max(high.x, point.x), std::max(high.y, point.y)};
    }
    return {low, high + cv::Point(1, 1)};
}

bool is_surely_small(const cv::Rect& bounds, double min_size) {
    return static_cast<double>(bounds.width - 1) * (bounds.height - 1) < min_size * min_size;
}

Polygon to_polygon(std::span<const cv::Point> contour) {
    Polygon polygon;
    polygon.reserve(contour.size());
    for (const cv::Point point : contour)
        polygon.push_back({static_cast<double>(point.x), static_cast<double>(point.y)});
    return polygon;
}

Contour simplify(const Contour& contour, double tolerance) {
    Contour simple;
    cv::approxPolyDP(contour, simple, tolerance, true);
    return simple;
}

float Scorer::mean(std::span<const cv::Point> polygon) { return mean(polygon, bounds_of(polygon)); }

float Scorer::mean(const std::array<Point, 4>& corners) {
    const Rect bounds = geometry::bounding_rect(corners);
    const int left = clip_to(std::floor(bounds.x), map_.width);
    const int top = clip_to(std::floor(bounds.y), map_.height);
    const int right = clip_to(std::ceil(bounds.x + bounds.width), map_.width);
    const int bottom = clip_to(std::ceil(bounds.y + bounds.height), map_.height);
    std::array<cv::Point, 4> whole;
    for (std::size_t i = 0; i < 4; ++i)
        whole[i] = {static_cast<int>(corners[i].x), static_cast<int>(corners[i].y)};
    return mean(whole, {left, top, right - left + 1, bottom - top + 1});
}

float Scorer::mean(std::span<const cv::Point> polygon, const cv::Rect& window) {
    mask_.assign(static_cast<std::size_t>(window.width) * window.height, 0);
    cv::Mat mask(window.height, window.width, CV_8UC1, mask_.data());
    const cv::Point* points = polygon.data();
    const int count = static_cast<int>(polygon.size());
    cv::fillPoly(mask, &points, &count, 1, cv::Scalar(1), cv::LINE_8, 0, -window.tl());
    double sum = 0;
    std::int64_t pixels = 0;
    for (int y = 0; y < window.height; ++y) {
        const float* values =
            map_.values + static_cast<std::size_t>(window.y + y) * map_.width + window.x;
        const std::uint8_t* inside = mask.ptr(y);
        for (int x = 0; x < window.width; ++x) {
            sum += inside[x] != 0 ? values[x] : 0.f;
            pixels += inside[x];
        }
    }
    return pixels == 0 ? 0.f : static_cast<float>(sum / static_cast<double>(pixels));
}

double unclip_distance(std::span<const Point> outline, const PostprocessOptions& options) {
    if (options.unclip == Unclip::exact) return exact_distance(outline, options.shrink_ratio);
    const double perimeter = geometry::perimeter(outline);
    return perimeter > 0 ? geometry::area(outline) * options.unclip_ratio / perimeter : 0;
}

std::string reason_of(const Trial& trial, const PostprocessOptions& options) {
    switch (trial.verdict) {
        case Verdict::accepted: return "accepted";
        case Verdict::too_few_points:
            return core::concat("its simplified outline has only ", trial.vertices, " vertices");
        case Verdict::too_small:
            return core::concat("its shorter side of ", trial.short_side,
                                " map pixels is below the minimum of ", options.min_size);
        case Verdict::low_score:
            return core::concat("score ", trial.score, " is below the box threshold ",
                                options.box_threshold);
        case Verdict::unclip_failed:
            return core::concat("growing it back gave ", trial.pieces, " outlines instead of one");
        case Verdict::too_small_after:
            return core::concat("after growing it back its shorter side of ", trial.side_after,
                                " is below the minimum of ", trial.required_side);
        case Verdict::over_cap:
            return core::concat("more than ", options.max_candidates, " candidates");
        case Verdict::outside: return "nothing of it is inside the image";
    }
    return "unknown";
}

}  // namespace dbnet::detect
