#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <dbnet/region.hpp>

// Offsets of closed polygons (Clipper 6): outwards for a positive distance, inwards for a negative
// one. The result is any number of polygons, holes running the other way; it is empty when nothing
// remains, and for coordinates or distances that are no numbers or beyond kLargestCoordinate.
namespace dbnet::geometry {

constexpr double kLargestCoordinate = 1 << 24;

enum class Join {
    round,  ///< arcs, approximated within a quarter of a unit
    mitre,  ///< edges prolonged until they meet, cut off where that is far away
};

/// Offset with coordinates kept to 1/1024 of a unit.
std::vector<Polygon> offset(std::span<const Point> polygon, double distance,
                            Join join = Join::round);

struct IntegerPoint {
    std::int64_t x = 0;
    std::int64_t y = 0;
    friend bool operator==(const IntegerPoint&, const IntegerPoint&) = default;
};

/// Offset with round joins on whole numbers, as the reference implementations call it: coordinates
/// are truncated towards 0 first, the result's are rounded.
std::vector<std::vector<IntegerPoint>> integer_offset(std::span<const Point> polygon,
                                                      double distance);

}  // namespace dbnet::geometry
