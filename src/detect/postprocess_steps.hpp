#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "detect/postprocess.hpp"

// Steps that the native post-processor and the presets have in common. Coordinates are map pixels.
namespace dbnet::detect {

using Contour = std::vector<cv::Point>;

/// Borders of the pixels above options.threshold, holes included, in OpenCV's order (from the
/// bottom up); after a 2x2 dilation with options.dilate.
std::vector<Contour> find_contours(const MapView& map, const PostprocessOptions& options);

/// Pixels from the first to the last contour point, in both directions.
cv::Rect bounds_of(std::span<const cv::Point> contour);

/// Whether the minimum-area rectangle of a contour surely has a side shorter than `min_size`: its
/// area is at most that of the bounds. Spares most of the work on speckles.
bool is_surely_small(const cv::Rect& bounds, double min_size);

Polygon to_polygon(std::span<const cv::Point> contour);

/// Douglas-Peucker with a tolerance in pixels.
Contour simplify(const Contour& contour, double tolerance);

/// Means of a map under polygons that are filled as cv::fillPoly does, border pixels included.
class Scorer {
public:
    explicit Scorer(const MapView& map) : map_(map) {}

    float mean(std::span<const cv::Point> polygon);
    /// Corners are truncated towards 0; the window is that of the untruncated ones.
    float mean(const std::array<Point, 4>& corners);

private:
    float mean(std::span<const cv::Point> polygon, const cv::Rect& window);

    const MapView& map_;
    std::vector<std::uint8_t> mask_;  ///< of the window, kept between calls
};

/// The distance by which a shrunk outline is moved outwards (paper, section 3.4, or exactly).
double unclip_distance(std::span<const Point> outline, const PostprocessOptions& options);

/// What is found out about one contour on its way.
struct Trial {
    Verdict verdict = Verdict::accepted;
    float score = 0;
    double short_side = 0;
    double side_after = 0;  ///< after unclipping
    double required_side = 0;
    std::size_t vertices = 0;
    std::size_t pieces = 0;  ///< of the unclipped outline
};

/// Why the contour was dropped, for a person.
std::string reason_of(const Trial& trial, const PostprocessOptions& options);

}  // namespace dbnet::detect
