// What MhLiao, mmocr and Paddle do with a probability map (specification, 8.2 to 8.4): contours in
// OpenCV's order up to the cap, whole-numbered offsets, and each implementation's own simplifying,
// scoring, sizes, scaling and rounding. Quads of MhLiao and Paddle are computed in float32 as
// there.
#include <algorithm>
#include <cmath>

#include "detect/postprocess_methods.hpp"
#include "detect/postprocess_steps.hpp"
#include "geometry/min_area_rect.hpp"
#include "geometry/offset.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::detect {
namespace {

using IntegerPolygon = std::vector<geometry::IntegerPoint>;

/// MhLiao and Paddle ask for this much more after unclipping than before.
constexpr double kMarginAfter = 2;

Polygon to_polygon(const IntegerPolygon& vertices) {
    Polygon polygon;
    polygon.reserve(vertices.size());
    for (const geometry::IntegerPoint& point : vertices)
        polygon.push_back({static_cast<double>(point.x), static_cast<double>(point.y)});
    return polygon;
}

/// The corners as Paddle's pipeline orders them: least x + y, least y - x of the rest, greatest x +
/// y, greatest y - x. The result crosses itself for some squares that stand on a corner.
Polygon ordered_by_sums(Polygon corners) {
    const auto by_sum = [](Point a, Point b) { return a.x + a.y < b.x + b.y; };
    const auto by_difference = [](Point a, Point b) { return a.y - a.x < b.y - b.x; };
    const auto take = [&corners](Polygon::iterator corner) {
        const Point taken = *corner;
        corners.erase(corner);
        return taken;
    };
    const Point last = take(std::max_element(corners.begin(), corners.end(), by_sum));
    const Point first = take(std::min_element(corners.begin(), corners.end(), by_sum));
    const auto [low, high] = std::minmax(corners[0], corners[1], by_difference);
    return {first, low, last, high};
}

class Reference {
public:
    Reference(const MapView& map, const PostprocessOptions& options)
        : map_(map), options_(options), scorer_(map) {}

    PostprocessResult run() {
        // The padding of the input is part of the map here, as in the references.
        MapView whole = map_;
        whole.valid_width = map_.width;
        whole.valid_height = map_.height;
        const std::vector<Contour> contours = find_contours(whole, options_);
        const auto cap = static_cast<std::size_t>(options_.max_candidates);
        PostprocessResult result;
        result.over_cap = contours.size() - std::min(contours.size(), cap);
        for (std::size_t i = 0; i < contours.size(); ++i) {
            Trial trial;
            Polygon points;
            if (i < cap)
                trial.verdict = judge(contours[i], trial, points);
            else
                trial.verdict = Verdict::over_cap;
            if (options_.explain) result.candidates.push_back(explanation(contours[i], trial));
            if (trial.verdict == Verdict::accepted)
                result.regions.push_back(region_of(std::move(points), trial.score));
            else if (i >= cap && !options_.explain)
                break;
        }
        return result;
    }

private:
    bool is_quad() const { return options_.outline == Outline::quad; }

    /// Fills what it finds out and, if accepted, the outline in image coordinates.
    Verdict judge(const Contour& contour, Trial& trial, Polygon& points) {
        const cv::Rect bounds = bounds_of(contour);
        if (bounds.x >= map_.valid_width || bounds.y >= map_.valid_height) return Verdict::outside;
        const Verdict verdict = is_quad() && options_.preset != Preset::mmocr
                                    ? judge_box(contour, trial, points)
                                    : judge_outline(contour, trial, points);
        const bool filtered = options_.preset == Preset::paddle && options_.predict_det_filter;
        return verdict == Verdict::accepted && filtered ? predict_det_filter(trial, points)
                                                        : verdict;
    }

    /// Quads of MhLiao and Paddle: from the contour's minimum-area rectangle.
    Verdict judge_box(const Contour& contour, Trial& trial, Polygon& points) {
        if (is_surely_small(bounds_of(contour), options_.min_size) && !options_.explain)
            return Verdict::too_small;
        const geometry::TurnedRect rect = geometry::min_area_rect(detect::to_polygon(contour));
        trial.short_side = rect.short_side;
        if (trial.short_side < options_.min_size) return Verdict::too_small;
        const Quad box = geometry::clockwise_from_top_left(rect.corners);
        trial.score =
            options_.score_mode == ScoreMode::box ? scorer_.mean(box) : scorer_.mean(contour);
        if (!(trial.score >= options_.box_threshold)) return Verdict::low_score;
        const auto pieces = geometry::integer_offset(box, unclip_distance(box, options_));
        trial.pieces = pieces.size();
        if (pieces.size() != 1) return Verdict::unclip_failed;
        const geometry::TurnedRect grown = geometry::min_area_rect(to_polygon(pieces.front()));
        if (is_small_after(grown, kMarginAfter, trial)) return Verdict::too_small_after;
        for (const Point corner : geometry::clockwise_from_top_left(grown.corners))
            points.push_back({scale_box(corner.x, map_.valid_width, map_.image_width),
                              scale_box(corner.y, map_.valid_height, map_.image_height)});
        return Verdict::accepted;
    }

    /// Polygons of all, and mmocr's quads: from the simplified contour.
    Verdict judge_outline(const Contour& contour, Trial& trial, Polygon& points) {
        const double length = geometry::perimeter(detect::to_polygon(contour));
        const Contour simple = simplify(contour, options_.simplify * length);
        trial.vertices = simple.size();
        if (trial.vertices < 4) return Verdict::too_few_points;
        trial.score = scorer_.mean(simple);
        if (!(trial.score >= options_.box_threshold)) return Verdict::low_score;
        const Polygon outline = detect::to_polygon(simple);
        const auto pieces = geometry::integer_offset(outline, unclip_distance(outline, options_));
        trial.pieces = pieces.size();
        if (is_split(pieces)) return Verdict::unclip_failed;
        points = to_polygon(pieces.front());
        return options_.preset == Preset::mmocr ? finish_mmocr(trial, points)
                                                : finish_polygon(trial, points);
    }

    /// mmocr does not notice pieces with equal numbers of vertices and takes the first.
    bool is_split(const std::vector<IntegerPolygon>& pieces) const {
        if (options_.preset != Preset::mmocr) return pieces.size() != 1;
        return pieces.empty() || std::any_of(pieces.begin(), pieces.end(), [&](const auto& piece) {
                   return piece.size() != pieces.front().size();
               });
    }

    Verdict finish_polygon(Trial& trial, Polygon& points) const {
        if (is_small_after(geometry::min_area_rect(points), kMarginAfter, trial))
            return Verdict::too_small_after;
        for (Point& point : points)
            point = {scale_vertex(point.x, map_.valid_width, map_.image_width),
                     scale_vertex(point.y, map_.valid_height, map_.image_height)};
        return Verdict::accepted;
    }

    Verdict finish_mmocr(Trial& trial, Polygon& points) const {
        if (is_quad()) {
            const geometry::TurnedRect rect = geometry::min_area_rect(points);
            if (is_small_after(rect, 0, trial)) return Verdict::too_small_after;
            points.assign(rect.corners.begin(), rect.corners.end());
        }
        if (points.size() < 4) return Verdict::too_few_points;
        const double scale_x = static_cast<double>(map_.valid_width) / map_.image_width;
        const double scale_y = static_cast<double>(map_.valid_height) / map_.image_height;
        for (Point& point : points) point = {point.x / scale_x, point.y / scale_y};
        return Verdict::accepted;
    }

    bool is_small_after(const geometry::TurnedRect& rect, double margin, Trial& trial) const {
        trial.side_after = rect.short_side;
        trial.required_side = options_.min_size + margin;
        return trial.side_after < trial.required_side;
    }

    /// Half to even, in float32 as numpy does with float32 corners.
    static double scale_box(double value, int map_side, int image_side) {
        const float scaled = static_cast<float>(value) / static_cast<float>(map_side) *
                             static_cast<float>(image_side);
        return std::clamp(std::nearbyint(scaled), 0.f, static_cast<float>(image_side));
    }

    static double scale_vertex(double value, int map_side, int image_side) {
        return std::clamp(std::nearbyint(value / map_side * image_side), 0.0,
                          static_cast<double>(image_side));
    }

    /// The end of Paddle's pipeline: clip to the last pixel; quads are ordered first and dropped
    /// when a side is at most 3 image pixels, fractions cut off.
    Verdict predict_det_filter(Trial& trial, Polygon& points) const {
        if (is_quad()) points = ordered_by_sums(points);
        for (Point& point : points)
            point = {std::clamp(point.x, 0.0, map_.image_width - 1.0),
                     std::clamp(point.y, 0.0, map_.image_height - 1.0)};
        if (!is_quad()) return Verdict::accepted;
        const auto length = [&](std::size_t i) {
            return std::trunc(std::hypot(points[i].x - points[0].x, points[i].y - points[0].y));
        };
        constexpr double kSmallestSide = 4;
        trial.side_after = std::min(length(1), length(3));
        trial.required_side = kSmallestSide;
        return trial.side_after < kSmallestSide ? Verdict::too_small_after : Verdict::accepted;
    }

    Region region_of(Polygon points, float score) const {
        Region region;
        region.score = score;
        region.rect = geometry::bounding_rect(points);
        const std::array<Point, 4> corners =
            is_quad() ? std::array<Point, 4>{points[0], points[1], points[2], points[3]}
                      : geometry::min_area_rect(points).corners;
        region.quad = geometry::clockwise_from_top_left(corners);
        region.polygon = std::move(points);
        return region;
    }

    Candidate explanation(const Contour& contour, const Trial& trial) const {
        Polygon outline = detect::to_polygon(contour);
        for (Point& point : outline)
            point = {point.x * map_.image_width / map_.valid_width,
                     point.y * map_.image_height / map_.valid_height};
        return {trial.verdict, reason_of(trial, options_), std::move(outline), trial.score,
                trial.short_side};
    }

    const MapView& map_;
    const PostprocessOptions& options_;
    Scorer scorer_;
};

}  // namespace

PostprocessResult postprocess_as_reference(const MapView& map, const PostprocessOptions& options) {
    return Reference(map, options).run();
}

}  // namespace dbnet::detect
