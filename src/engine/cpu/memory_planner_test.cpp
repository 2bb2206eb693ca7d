#include "engine/cpu/memory_planner.hpp"

#include <gtest/gtest.h>

#include "core/random.hpp"

namespace dbnet::engine::cpu {
namespace {

bool overlap(std::size_t first_a, std::size_t end_a, std::size_t first_b, std::size_t end_b) {
    return first_a < end_b && first_b < end_a;
}

/// Largest number of bytes in use at one step: no plan can do with less.
std::size_t lower_bound(const std::vector<Lifetime>& lifetimes, std::size_t steps) {
    std::size_t largest = 0;
    for (std::size_t step = 0; step < steps; ++step) {
        std::size_t bytes = 0;
        for (const Lifetime& l : lifetimes)
            if (l.first <= step && step <= l.last) bytes += l.bytes;
        largest = std::max(largest, bytes);
    }
    return largest;
}

TEST(MemoryPlanner, ValuesThatLiveAtTheSameTimeDoNotOverlap) {
    core::Random random(1, "memory planner");
    for (int round = 0; round < 200; ++round) {
        constexpr std::size_t kSteps = 30;
        std::vector<Lifetime> lifetimes(random.below(40));
        for (Lifetime& l : lifetimes) {
            l.bytes = random.below(5000);
            l.first = random.below(kSteps);
            l.last = l.first + random.below(kSteps - l.first);
        }
        const MemoryPlan plan = plan_memory(lifetimes);
        ASSERT_EQ(plan.offsets.size(), lifetimes.size());
        for (std::size_t i = 0; i < lifetimes.size(); ++i) {
            const Lifetime& a = lifetimes[i];
            EXPECT_EQ(plan.offsets[i] % kAlignment, 0u);
            EXPECT_LE(plan.offsets[i] + a.bytes, plan.bytes);
            for (std::size_t j = 0; j < i; ++j) {
                const Lifetime& b = lifetimes[j];
                if (!overlap(a.first, a.last + 1, b.first, b.last + 1)) continue;
                EXPECT_FALSE(overlap(plan.offsets[i], plan.offsets[i] + a.bytes, plan.offsets[j],
                                     plan.offsets[j] + b.bytes));
            }
        }
        EXPECT_GE(plan.bytes, lower_bound(lifetimes, kSteps));
    }
}

TEST(MemoryPlanner, ReusesTheMemoryOfAChain) {
    // a -> b -> c -> d, each of 1 kB and read by the next step only: two at a time.
    const MemoryPlan plan = plan_memory({{1024, 0, 1}, {1024, 1, 2}, {1024, 2, 3}, {1024, 3, 4}});
    EXPECT_EQ(plan.bytes, 2048u);
}

TEST(MemoryPlanner, TakesTheSmallestGapThatFits) {
    // Two gaps are open at step 2, of 4096 and of 1024 bytes; the last value fits both.
    const std::vector<Lifetime> lifetimes = {{8192, 0, 9}, {4096, 0, 1}, {4000, 0, 9},
                                             {1024, 0, 1}, {900, 0, 9},  {800, 2, 2}};
    const MemoryPlan plan = plan_memory(lifetimes);
    EXPECT_EQ(plan.offsets[5], plan.offsets[3]);
}

TEST(MemoryPlanner, NothingNeedsNothing) { EXPECT_EQ(plan_memory({}).bytes, 0u); }

}  // namespace
}  // namespace dbnet::engine::cpu
