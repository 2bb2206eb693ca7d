#include "eval/breakdown.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/error.hpp"
#include "geometry/min_area_rect.hpp"

namespace dbnet::eval {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double height(const geometry::TurnedRect& rect) { return rect.short_side; }

double aspect(const geometry::TurnedRect& rect) {
    return rect.short_side > 0 ? rect.long_side / rect.short_side : kInfinity;
}

/// Between the long side and the horizontal, 0 to 90 degrees.
double angle(const geometry::TurnedRect& rect) {
    const auto& [a, b, c, d] = rect.corners;
    const bool first_is_long = std::hypot(b.x - a.x, b.y - a.y) >= std::hypot(c.x - b.x, c.y - b.y);
    const double x = first_is_long ? b.x - a.x : c.x - b.x;
    const double y = first_is_long ? b.y - a.y : c.y - b.y;
    return std::atan2(std::abs(y), std::abs(x)) * 180 / std::numbers::pi;
}

struct Property {
    const char* name;
    double (*measure)(const geometry::TurnedRect& rect);
    std::array<double, 6> limits;  ///< from one to below the next; infinity: no more
};

constexpr std::array<Property, 3> kProperties{{{"height", height, {0, 8, 16, 32, 64, kInfinity}},
                                               {"aspect", aspect, {0, 2, 4, 8, 16, kInfinity}},
                                               {"angle", angle, {0, 5, 15, 30, 60, kInfinity}}}};

std::string range_text(double low, double high) {
    return high == kInfinity ? core::concat(low, " and more") : core::concat(low, " to ", high);
}

/// Adds an outline to the part of each property that it belongs to.
template <typename Count>
void add(std::vector<Part>& parts, const Polygon& polygon, Fate fate, Count all, Count matched) {
    if (fate != Fate::matched && fate != Fate::unmatched) return;
    const geometry::TurnedRect rect = geometry::min_area_rect(polygon);
    std::size_t first = 0;
    for (const Property& property : kProperties) {
        const auto above = std::ranges::upper_bound(property.limits, property.measure(rect));
        const std::size_t last = property.limits.size() - 2;
        const std::size_t index = static_cast<std::size_t>(above - property.limits.begin()) - 1;
        Part& part = parts[first + std::min(index, last)];
        ++(part.*all);
        part.*matched += fate == Fate::matched;
        first += last + 1;
    }
}

}  // namespace

std::vector<Part> break_down(const Evaluation& evaluation,
                             const std::vector<ImageResult>& results) {
    std::vector<Part> parts;
    for (const Property& property : kProperties)
        for (std::size_t i = 0; i + 1 < property.limits.size(); ++i)
            parts.push_back(
                {property.name, range_text(property.limits[i], property.limits[i + 1])});
    for (std::size_t i = 0; i < results.size(); ++i) {
        const Sample& sample = evaluation.samples()[i];
        for (std::size_t k = 0; k < sample.truths.size(); ++k)
            add(parts, sample.truths[k].polygon, results[i].truth_fates[k], &Part::truths,
                &Part::matched_truths);
        for (std::size_t k = 0; k < sample.findings.size(); ++k)
            add(parts, sample.findings[k].polygon, results[i].finding_fates[k], &Part::findings,
                &Part::matched_findings);
    }
    return parts;
}

}  // namespace dbnet::eval
