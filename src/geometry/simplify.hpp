#pragma once

#include <dbnet/region.hpp>

namespace dbnet::geometry {

/// The polygon with fewer vertices, so that nothing of either outline is farther than `tolerance`
/// from the other. A round corner keeps some of its edges and gets vertices where their lines
/// meet, so that straight sides stay where they are; or, where that gives fewer, some of the
/// vertices remain (Douglas-Peucker). A polygon of which fewer than 3 would be left is returned as
/// it is.
Polygon simplify(const Polygon& polygon, double tolerance);

}  // namespace dbnet::geometry
