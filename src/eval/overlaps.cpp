// Common areas of all pairs of outlines. Findings are sorted by their left side, so that a truth
// meets only those whose box may reach it: 100,000 boxes on one page are as cheap as on many.
#include "eval/overlaps.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "core/error.hpp"
#include "eval/repair.hpp"
#include "geometry/min_area_rect.hpp"
#include "geometry/offset.hpp"
#include "geometry/overlap.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::eval {
namespace {

Polygon corners(const Rect& box) {
    return {{box.x, box.y},
            {box.x + box.width, box.y},
            {box.x + box.width, box.y + box.height},
            {box.x, box.y + box.height}};
}

/// The minimum-area rectangle with its long side level, and the angle that it had.
void turn(Shape& shape, const Polygon& polygon) {
    const geometry::TurnedRect rect = geometry::min_area_rect(polygon);
    const auto& [a, b, c, d] = rect.corners;
    const Point centre{(a.x + c.x) / 2, (a.y + c.y) / 2};
    const bool first_is_long = std::hypot(b.x - a.x, b.y - a.y) >= std::hypot(c.x - b.x, c.y - b.y);
    const Point along = first_is_long ? Point{b.x - a.x, b.y - a.y} : Point{c.x - b.x, c.y - b.y};
    const double angle = std::atan2(along.y, along.x);
    shape.angle = angle < 0 ? angle + std::numbers::pi : angle;
    shape.outline = corners({centre.x - rect.long_side / 2, centre.y - rect.short_side / 2,
                             rect.long_side, rect.short_side});
}

void set_outline(Shape& shape, const Polygon& given, View view) {
    if (given.size() < 3 || given.size() > kMaxVertices ||
        !geometry::is_bounded(given, geometry::kLargestCoordinate))
        return;
    const Polygon polygon = without_repetitions(given);
    switch (view) {
        case View::polygon:
            if (geometry::is_simple(polygon)) shape.outline = polygon;
            break;
        case View::repaired:
            shape.outline = geometry::is_simple(polygon) ? polygon : repaired(polygon);
            break;
        case View::box: shape.outline = corners(geometry::bounding_rect(polygon)); break;
        case View::turned: turn(shape, polygon); break;
    }
}

Shape shape_of(const Polygon& polygon, View view) {
    Shape shape;
    set_outline(shape, polygon, view);
    shape.box = geometry::bounding_rect(shape.outline);
    shape.area = geometry::covered_area(shape.outline);
    if (!(shape.area > 0)) shape.outline.clear();
    return shape;
}

/// Where the pairs of each of `count` things begin in a list that is sorted by them.
template <typename Key>
std::vector<std::size_t> starts_of(const std::vector<Pair>& pairs, std::size_t count, Key key) {
    std::vector<std::size_t> starts(count + 1, 0);
    for (const Pair& pair : pairs) ++starts[static_cast<std::size_t>(pair.*key) + 1];
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    return starts;
}

}  // namespace

Overlaps::Overlaps(const Sample& sample, const OverlapOptions& options) {
    truths_.reserve(sample.truths.size());
    for (const Truth& truth : sample.truths) {
        Shape& shape = truths_.emplace_back(shape_of(truth.polygon, options.view));
        const Rect box = geometry::bounding_rect(truth.polygon);
        shape.ignore = truth.ignore || std::min(box.width, box.height) < options.ignore_below;
    }
    findings_.reserve(sample.findings.size());
    for (const Finding& finding : sample.findings) {
        Shape& shape = findings_.emplace_back(shape_of(finding.polygon, options.view));
        shape.score = finding.score >= 0 ? finding.score : 0;  // also for no number
    }
    find_pairs();
    sort_pairs(options.by_score);
}

void Overlaps::find_pairs() {
    std::vector<std::int32_t> order;
    double widest = 0;
    for (std::size_t i = 0; i < findings_.size(); ++i) {
        if (!findings_[i].usable()) continue;
        order.push_back(static_cast<std::int32_t>(i));
        widest = std::max(widest, findings_[i].box.width);
    }
    const auto left = [this](std::int32_t i) {
        return findings_[static_cast<std::size_t>(i)].box.x;
    };
    std::ranges::sort(order, {}, left);
    for (std::size_t t = 0; t < truths_.size(); ++t) {
        const Shape& truth = truths_[t];
        if (!truth.usable()) continue;
        const Rect& box = truth.box;
        for (auto at = std::ranges::lower_bound(order, box.x - widest, {}, left);
             at != order.end() && left(*at) < box.x + box.width; ++at) {
            const Shape& finding = findings_[static_cast<std::size_t>(*at)];
            if (finding.box.y >= box.y + box.height || box.y >= finding.box.y + finding.box.height)
                continue;
            const double common = geometry::intersection_area(truth.outline, finding.outline);
            if (common > 0) pairs_.push_back({static_cast<std::int32_t>(t), *at, common});
        }
        if (pairs_.size() > kMaxPairs)
            core::fail(ErrorCode::too_large, "more than ", kMaxPairs,
                       " pairs of annotated and found outlines overlap in one image");
    }
}

void Overlaps::sort_pairs(bool by_score) {
    std::ranges::sort(pairs_, [this, by_score](const Pair& a, const Pair& b) {
        if (a.truth != b.truth) return a.truth < b.truth;
        const float a_score = finding(a).score;
        const float b_score = finding(b).score;
        if (by_score && a_score != b_score) return a_score > b_score;
        return a.finding < b.finding;
    });
    rows_ = starts_of(pairs_, truths_.size(), &Pair::truth);
    columns_ = pairs_;
    std::ranges::stable_sort(columns_, {}, &Pair::finding);
    column_starts_ = starts_of(columns_, findings_.size(), &Pair::finding);
}

}  // namespace dbnet::eval
