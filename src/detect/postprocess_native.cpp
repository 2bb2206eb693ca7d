// One outer contour gives one region. Its score is the mean of the map under it; its outline,
// simplified, is moved outwards in fractions of a pixel and mapped to the image with pixel i at
// i + 0.5; the quad is that outline's minimum-area rectangle. Differs from the references: no
// rounding to whole numbers, holes are no candidates, the cap keeps the best scores, reading order.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "detect/postprocess_methods.hpp"
#include "detect/postprocess_steps.hpp"
#include "detect/reading_order.hpp"
#include "geometry/min_area_rect.hpp"
#include "geometry/offset.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::detect {
namespace {

/// A contour follows pixels, so that a slanted straight edge has steps; less than a pixel of
/// tolerance takes them out. Of 0.5, 0.75, 1 and 1.25 this restores turned rectangles best.
constexpr double kStepHeight = 0.75;
/// No text has more; outlines of noise are made coarser until they fit, so that offsets stay cheap.
constexpr std::size_t kMostVertices = 512;

struct ContourTrial : Trial {
    const Contour* contour = nullptr;
    Region region;
};

Contour without_steps(const Contour& contour) {
    double tolerance = kStepHeight;
    Contour simple = simplify(contour, tolerance);
    while (simple.size() > kMostVertices) simple = simplify(simple, tolerance *= 2);
    return simple;
}

class Native {
public:
    Native(const MapView& map, const PostprocessOptions& options)
        : map_(map),
          options_(options),
          scale_x_(static_cast<double>(map.image_width) / map.valid_width),
          scale_y_(static_cast<double>(map.image_height) / map.valid_height),
          scorer_(map) {}

    PostprocessResult run() {
        const std::vector<Contour> contours = find_contours(map_, options_);
        std::vector<ContourTrial> trials = candidates(contours);
        PostprocessResult result;
        result.over_cap = drop_all_but_the_best(trials);
        for (ContourTrial& trial : trials) {
            if (trial.verdict == Verdict::accepted) grow(trial);
            if (options_.explain) result.candidates.push_back(explanation(trial));
            if (trial.verdict == Verdict::accepted)
                result.regions.push_back(std::move(trial.region));
        }
        sort_in_reading_order(result.regions);
        return result;
    }

private:
    /// Outer contours with size and score judged; without `explain` only the accepted ones.
    std::vector<ContourTrial> candidates(const std::vector<Contour>& contours) {
        std::vector<ContourTrial> trials;
        for (const Contour& contour : contours) {
            const bool small = is_surely_small(bounds_of(contour), options_.min_size);
            if (small && !options_.explain) continue;
            const Polygon polygon = to_polygon(contour);
            if (geometry::signed_area(polygon) > 0) continue;  // holes run clockwise
            ContourTrial trial;
            trial.contour = &contour;
            judge(polygon, trial);
            if (trial.verdict == Verdict::accepted || options_.explain)
                trials.push_back(std::move(trial));
        }
        return trials;
    }

    void judge(const Polygon& polygon, ContourTrial& trial) {
        const geometry::TurnedRect rect = geometry::min_area_rect(polygon);
        trial.short_side = rect.short_side;
        if (trial.short_side < options_.min_size) {
            trial.verdict = Verdict::too_small;
            return;
        }
        trial.score = options_.score_mode == ScoreMode::outline ? scorer_.mean(*trial.contour)
                                                                : scorer_.mean(rect.corners);
        // Written so that a score that is no number is too low.
        if (!(trial.score >= options_.box_threshold)) trial.verdict = Verdict::low_score;
        trial.region.score = std::min(trial.score, 1.f);
    }

    /// How many were dropped.
    std::size_t drop_all_but_the_best(std::vector<ContourTrial>& trials) const {
        std::vector<ContourTrial*> accepted;
        for (ContourTrial& trial : trials)
            if (trial.verdict == Verdict::accepted) accepted.push_back(&trial);
        const auto cap = static_cast<std::size_t>(options_.max_candidates);
        if (accepted.size() <= cap) return 0;
        std::stable_sort(accepted.begin(), accepted.end(),
                         [](const auto* a, const auto* b) { return a->score > b->score; });
        for (std::size_t i = cap; i < accepted.size(); ++i)
            accepted[i]->verdict = Verdict::over_cap;
        return accepted.size() - cap;
    }

    /// Moves the outline outwards and fills the region.
    void grow(ContourTrial& trial) const {
        const Contour simple = without_steps(*trial.contour);
        trial.vertices = simple.size();
        if (trial.vertices < 3) {
            trial.verdict = Verdict::too_few_points;
            return;
        }
        const Polygon outline = to_polygon(simple);
        // Shrinking keeps the corners of a convex outline sharp, so undoing it restores them.
        const auto join =
            options_.unclip == Unclip::exact ? geometry::Join::mitre : geometry::Join::round;
        const std::vector<Polygon> pieces =
            geometry::offset(outline, unclip_distance(outline, options_), join);
        trial.pieces = pieces.size();
        if (pieces.empty()) {
            trial.verdict = Verdict::unclip_failed;
            return;
        }
        const auto outermost =
            std::max_element(pieces.begin(), pieces.end(), [](const Polygon& a, const Polygon& b) {
                return geometry::signed_area(a) < geometry::signed_area(b);
            });
        Region& region = trial.region;
        region.polygon = to_image(*outermost);
        region.rect = geometry::bounding_rect(region.polygon);
        region.quad =
            geometry::clockwise_from_top_left(geometry::min_area_rect(region.polygon).corners);
    }

    Point to_image(Point point) const {
        return {
            std::clamp((point.x + 0.5) * scale_x_, 0.0, static_cast<double>(map_.image_width)),
            std::clamp((point.y + 0.5) * scale_y_, 0.0, static_cast<double>(map_.image_height))};
    }

    Polygon to_image(Polygon polygon) const {
        for (Point& point : polygon) point = to_image(point);
        polygon.erase(std::unique(polygon.begin(), polygon.end()), polygon.end());
        return polygon;
    }

    Candidate explanation(const ContourTrial& trial) const {
        return {trial.verdict, reason_of(trial, options_), to_image(to_polygon(*trial.contour)),
                trial.score, trial.short_side};
    }

    const MapView& map_;
    const PostprocessOptions& options_;
    double scale_x_;
    double scale_y_;
    Scorer scorer_;
};

}  // namespace

PostprocessResult postprocess_native(const MapView& map, const PostprocessOptions& options) {
    return Native(map, options).run();
}

}  // namespace dbnet::detect
