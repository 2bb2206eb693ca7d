#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace dbnet::app {

/// The value that a share of the sorted values does not exceed (nearest rank). `sorted` not empty.
inline double quantile(const std::vector<double>& sorted, double share) {
    const double rank = std::ceil(share * static_cast<double>(sorted.size()));
    return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

}  // namespace dbnet::app
