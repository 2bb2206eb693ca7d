#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace dbnet::train {

/// Which numbers are the k largest: all above `least`, and of those equal to it the share
/// `tie_share` in (0, 1] of each, so that the choice depends on no order.
struct Largest {
    float least = 0;
    double tie_share = 0;
};

/// Adds up a histogram over all processes of a distributed run, in place.
using ReduceCounts = std::function<void(std::vector<double>&)>;

/// The `k` largest, 0 < k <= all, of numbers that are not negative, over all processes; NaN counts
/// as the largest. A radix selection on their bits, 11, 10 and 10 of them (positive floats are
/// ordered as their bits are), on several threads: exact, and the same on any number of them.
Largest find_largest(std::span<const float> values, double k, const ReduceCounts& reduce = {});

}  // namespace dbnet::train
