#pragma once

#include <cstddef>
#include <vector>

namespace dbnet::engine::cpu {

inline constexpr std::size_t kAlignment = 64;

/// Memory that is in use from step `first` to step `last`, both included.
struct Lifetime {
    std::size_t bytes = 0;
    std::size_t first = 0;
    std::size_t last = 0;
};

struct MemoryPlan {
    std::vector<std::size_t> offsets;  ///< one per lifetime, multiples of kAlignment
    std::size_t bytes = 0;             ///< of the whole arena
};

/// Places lifetimes in one arena so that no two that overlap in time overlap in memory: the largest
/// first, each into the smallest gap that holds it.
MemoryPlan plan_memory(const std::vector<Lifetime>& lifetimes);

}  // namespace dbnet::engine::cpu
