#include "detect/reading_order.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>
#include <utility>

namespace dbnet::detect {
namespace {

/// Text that is turned farther is not simply a page that lies askew.
constexpr double kMostTilt = 30 * std::numbers::pi / 180;
/// Only outlines so many times longer than high tell the direction of their text.
constexpr double kElongated = 2;

struct Side {
    double x = 0;
    double y = 0;
    double length() const { return std::hypot(x, y); }
};

Side side(const Quad& quad, std::size_t from, std::size_t to) {
    return {quad[to].x - quad[from].x, quad[to].y - quad[from].y};
}

/// A region with its centre in coordinates in which the text runs along x.
struct Placed {
    Region region;
    double x = 0;
    double y = 0;
    double height = 0;  ///< shorter side of the quad: that of the letters, however they are turned
};

/// The direction in which most of the text runs, in radians: the median of the longer sides of the
/// quads, weighted by their lengths. 0 where that is no direction of lines from left to right.
double text_direction(std::span<const Region> regions) {
    struct Vote {
        double angle;
        double weight;
    };
    std::vector<Vote> votes;
    double total = 0;
    for (const Region& region : regions) {
        Side longer = side(region.quad, 0, 1);
        Side shorter = side(region.quad, 1, 2);
        if (longer.length() < shorter.length()) std::swap(longer, shorter);
        if (longer.length() < kElongated * shorter.length()) continue;
        if (longer.x < 0) longer = {-longer.x, -longer.y};
        votes.push_back({std::atan2(longer.y, longer.x), longer.length()});
        total += longer.length();
    }
    std::ranges::sort(votes, {}, &Vote::angle);
    double passed = 0;
    for (const Vote& vote : votes)
        if ((passed += vote.weight) >= total / 2)
            return std::abs(vote.angle) <= kMostTilt ? vote.angle : 0;
    return 0;
}

Placed placed(Region&& region, double cosine, double sine) {
    const double x = region.rect.x + region.rect.width / 2;
    const double y = region.rect.y + region.rect.height / 2;
    const double height =
        std::min(side(region.quad, 0, 1).length(), side(region.quad, 1, 2).length());
    return {std::move(region), x * cosine + y * sine, y * cosine - x * sine, height};
}

}  // namespace

void sort_in_reading_order(std::vector<Region>& regions) {
    const double direction = text_direction(regions);
    std::vector<Placed> all;
    all.reserve(regions.size());
    for (Region& region : regions)
        all.push_back(placed(std::move(region), std::cos(direction), std::sin(direction)));
    std::ranges::stable_sort(all, {}, &Placed::y);
    for (auto line = all.begin(); line != all.end();) {
        const auto end = std::find_if(line + 1, all.end(), [&](const Placed& other) {
            return other.y - line->y > std::min(line->height, other.height) / 2;
        });
        std::ranges::stable_sort(line, end, {}, &Placed::x);
        line = end;
    }
    std::ranges::transform(all, regions.begin(), [](Placed& one) { return std::move(one.region); });
}

}  // namespace dbnet::detect
