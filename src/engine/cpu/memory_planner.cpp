#include "engine/cpu/memory_planner.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

// Greedy by size with best fit, which Pisarchyk and Lee (2020, "Efficient Memory Management for
// Deep Neural Net Inference") found within a few per cent of the lower bound on networks like ours.
namespace dbnet::engine::cpu {
namespace {

struct Placed {
    std::size_t begin;
    std::size_t end;
};

std::size_t aligned(std::size_t bytes) {
    return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

bool overlap_in_time(const Lifetime& a, const Lifetime& b) {
    return a.first <= b.last && b.first <= a.last;
}

/// Begin of the smallest gap of at least `bytes` between the blocks, else of the space behind them.
std::size_t best_gap(std::vector<Placed>& blocks, std::size_t bytes) {
    std::ranges::sort(blocks, {}, &Placed::begin);
    std::size_t best = std::numeric_limits<std::size_t>::max();
    std::size_t best_size = best;
    std::size_t free_from = 0;
    for (const Placed& block : blocks) {
        const std::size_t gap = block.begin > free_from ? block.begin - free_from : 0;
        if (gap >= bytes && gap < best_size) {
            best = free_from;
            best_size = gap;
        }
        free_from = std::max(free_from, block.end);
    }
    return best_size == std::numeric_limits<std::size_t>::max() ? free_from : best;
}

}  // namespace

MemoryPlan plan_memory(const std::vector<Lifetime>& lifetimes) {
    std::vector<std::size_t> order(lifetimes.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::greater{},
                             [&](std::size_t i) { return lifetimes[i].bytes; });
    MemoryPlan plan;
    plan.offsets.resize(lifetimes.size());
    std::vector<std::size_t> placed;
    for (const std::size_t index : order) {
        const Lifetime& lifetime = lifetimes[index];
        const std::size_t bytes = aligned(lifetime.bytes);
        std::vector<Placed> blocks;
        for (const std::size_t other : placed)
            if (overlap_in_time(lifetime, lifetimes[other]))
                blocks.push_back(
                    {plan.offsets[other], plan.offsets[other] + aligned(lifetimes[other].bytes)});
        plan.offsets[index] = best_gap(blocks, bytes);
        plan.bytes = std::max(plan.bytes, plan.offsets[index] + bytes);
        placed.push_back(index);
    }
    return plan;
}

}  // namespace dbnet::engine::cpu
