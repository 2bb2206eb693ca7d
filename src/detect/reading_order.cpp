#include "detect/reading_order.hpp"

#include <algorithm>
#include <cmath>

namespace dbnet::detect {
namespace {

double centre_x(const Region& region) { return region.rect.x + region.rect.width / 2; }
double centre_y(const Region& region) { return region.rect.y + region.rect.height / 2; }

/// Shorter side of the quad: the height of the letters, whichever way the text is turned.
double text_height(const Region& region) {
    const auto side = [&](std::size_t i, std::size_t j) {
        return std::hypot(region.quad[i].x - region.quad[j].x, region.quad[i].y - region.quad[j].y);
    };
    return std::min(side(0, 1), side(1, 2));
}

}  // namespace

void sort_in_reading_order(std::vector<Region>& regions) {
    std::stable_sort(regions.begin(), regions.end(),
                     [](const Region& a, const Region& b) { return centre_y(a) < centre_y(b); });
    for (auto line = regions.begin(); line != regions.end();) {
        const double first_centre = centre_y(*line);
        const double first_height = text_height(*line);
        const auto end = std::find_if(line + 1, regions.end(), [&](const Region& region) {
            const double tolerance = std::min(first_height, text_height(region)) / 2;
            return centre_y(region) - first_centre > tolerance;
        });
        std::stable_sort(
            line, end, [](const Region& a, const Region& b) { return centre_x(a) < centre_x(b); });
        line = end;
    }
}

}  // namespace dbnet::detect
