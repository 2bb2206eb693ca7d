#include "engine/cpu/plan_cache.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace dbnet::engine::cpu {
namespace {

PlanKey key(std::int64_t width) { return {{{1, 3, 32, width}}, 1}; }

/// A plan that can be told from others.
Plan plan(int threads) {
    Plan result;
    result.threads = threads;
    return result;
}

TEST(PlanCache, BuildsOncePerKey) {
    PlanCache cache(4);
    int built = 0;
    const auto build = [&] { return plan(++built); };
    EXPECT_EQ(cache.get(key(1), build)->threads, 1);
    EXPECT_EQ(cache.get(key(2), build)->threads, 2);
    EXPECT_EQ(cache.get(key(1), build)->threads, 1);
    PlanKey two_threads = key(1);
    two_threads.threads = 2;
    EXPECT_EQ(cache.get(two_threads, build)->threads, 3);
    EXPECT_EQ(cache.size(), 3u);
}

TEST(PlanCache, DropsTheLeastRecentlyUsed) {
    PlanCache cache(2);
    int built = 0;
    const auto build = [&] { return plan(++built); };
    const std::shared_ptr<const Plan> first = cache.get(key(1), build);
    cache.get(key(2), build);
    cache.get(key(1), build);  // 2 is now the older one
    cache.get(key(3), build);
    EXPECT_EQ(cache.size(), 2u);
    EXPECT_EQ(cache.get(key(1), build), first);
    EXPECT_EQ(cache.get(key(2), build)->threads, 4);
}

TEST(PlanCache, APlanInUseSurvivesItsEviction) {
    PlanCache cache(1);
    const std::shared_ptr<const Plan> used = cache.get(key(1), [] { return plan(11); });
    cache.get(key(2), [] { return plan(12); });
    cache.clear();
    EXPECT_EQ(cache.size(), 0u);
    EXPECT_EQ(used->threads, 11);
}

TEST(PlanCache, ThreadsThatMissTogetherBuildOnce) {
    PlanCache cache(8);
    std::atomic<int> built = 0;
    std::atomic<int> waiting = 0;
    constexpr int kThreads = 8;
    std::vector<std::shared_ptr<const Plan>> plans(kThreads);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i)
        threads.emplace_back([&, i] {
            ++waiting;
            while (waiting < kThreads) std::this_thread::yield();
            plans[static_cast<std::size_t>(i)] = cache.get(key(7), [&] {
                ++built;
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
                return plan(1);
            });
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(built, 1);
    for (const auto& found : plans) EXPECT_EQ(found, plans[0]);
}

TEST(PlanCache, AFailureReachesAllAndIsNotKept) {
    PlanCache cache(2);
    const auto fails = []() -> Plan { throw std::runtime_error("no such plan"); };
    EXPECT_THROW(cache.get(key(1), fails), std::runtime_error);
    EXPECT_EQ(cache.size(), 0u);
    EXPECT_EQ(cache.get(key(1), [] { return plan(5); })->threads, 5);
}

TEST(PlanCache, ManyThreadsManyKeys) {
    PlanCache cache(3);
    std::vector<std::thread> threads;
    std::atomic<int> wrong = 0;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&, i] {
            for (int n = 0; n < 500; ++n) {
                const int width = (n * (i + 1)) % 7 + 1;
                const auto found = cache.get(key(width), [&] { return plan(width); });
                if (found->threads != width) ++wrong;
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
    EXPECT_LE(cache.size(), 3u);
}

}  // namespace
}  // namespace dbnet::engine::cpu
