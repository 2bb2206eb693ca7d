#include "detect/lanes.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "core/error.hpp"

namespace dbnet::detect {
namespace {

using Work = Lanes::Work;

TEST(Lanes, DoesEveryPieceOnceOnAtMostSoManyLanes) {
    Lanes lanes(3, 1, engine::reference_backend());
    std::atomic<int> at_work{0};
    std::atomic<int> most{0};
    std::vector<std::atomic<int>> done(200);
    std::vector<Work> work;
    for (auto& count : done)
        work.push_back([&](Lane&) {
            const int now = ++at_work;
            for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
            }
            std::this_thread::yield();
            ++count;
            --at_work;
        });
    lanes.run(work, {});
    for (const auto& count : done) EXPECT_EQ(count, 1);
    EXPECT_LE(most, 3);
}

TEST(Lanes, OneLaneServesInOrder) {
    Lanes lanes(1, 1, engine::reference_backend());
    std::vector<int> order;
    std::vector<Work> work;
    for (int i = 0; i < 20; ++i) work.push_back([&order, i](Lane&) { order.push_back(i); });
    lanes.run(work, {});
    std::vector<int> expected(20);
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(order, expected);
}

TEST(Lanes, ThrowsTheFirstErrorAfterEverythingIsDone) {
    Lanes lanes(1, 1, engine::reference_backend());
    int done = 0;
    const std::vector<Work> work{
        [&](Lane&) { ++done; }, [](Lane&) { throw std::runtime_error("second"); },
        [](Lane&) { throw std::runtime_error("third"); }, [&](Lane&) { ++done; }};
    try {
        lanes.run(work, {});
        FAIL() << "nothing was thrown";
    } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "second");
    }
    EXPECT_EQ(done, 2);
    lanes.run(std::vector<Work>{[&](Lane&) { ++done; }}, {});
    EXPECT_EQ(done, 3) << "the lane must survive an exception";
}

TEST(Lanes, CancellingTakesWaitingWorkOut) {
    Lanes lanes(1, 1, engine::reference_backend());
    std::stop_source source;
    std::atomic<int> begun{0};
    std::vector<Work> work;
    for (int i = 0; i < 10; ++i)
        work.push_back([&](Lane&) {
            ++begun;
            source.request_stop();
        });
    try {
        lanes.run(work, source.get_token());
        // The only lane may have been faster than the caller's wake-up; then everything is done.
        EXPECT_EQ(begun, 10);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
        EXPECT_LT(begun, 10);
    }
}

TEST(Lanes, CancelledWorkBehindABusyLaneNeverBegins) {
    Lanes lanes(1, 1, engine::reference_backend());
    std::atomic<bool> started{false};
    std::atomic<bool> release{false};
    std::jthread busy([&] {
        lanes.run(std::vector<Work>{[&](Lane&) {
                      started = true;
                      started.notify_all();
                      release.wait(false);
                  }},
                  {});
    });
    started.wait(false);
    std::stop_source source;
    source.request_stop();
    bool begun = false;
    EXPECT_THROW(lanes.run(std::vector<Work>{[&](Lane&) { begun = true; }}, source.get_token()),
                 Error);
    EXPECT_FALSE(begun);
    release = true;
    release.notify_all();
}

TEST(Lanes, ManyCallersShareThem) {
    Lanes lanes(2, 1, engine::reference_backend());
    std::atomic<int> done{0};
    {
        std::vector<std::jthread> callers;
        for (int caller = 0; caller < 32; ++caller)
            callers.emplace_back([&] {
                for (int i = 0; i < 50; ++i)
                    lanes.run(std::vector<Work>{[&](Lane&) { ++done; }}, {});
            });
    }
    EXPECT_EQ(done, 32 * 50);
}

/// A piece of work that takes an input of so many numbers.
Work input_of(std::int64_t count) {
    return [count](Lane& lane) { lane.input({count}); };
}

TEST(Lanes, MemoryShrinksToTheRunningNeed) {
    Lanes lanes(1, 1, engine::reference_backend());
    lanes.run(std::vector<Work>{input_of(1'000'000)}, {});
    EXPECT_GE(lanes.bytes(), 4'000'000u);
    for (int i = 0; i < 8; ++i) lanes.run(std::vector<Work>{input_of(100'000)}, {});
    EXPECT_GE(lanes.bytes(), 4'000'000u) << "too early";
    for (int i = 0; i < 10; ++i) lanes.run(std::vector<Work>{input_of(100'000)}, {});
    EXPECT_LT(lanes.bytes(), 1'000'000u);
    for (int i = 0; i < 40; ++i) {
        lanes.run(std::vector<Work>{input_of(i % 4 == 0 ? 1'000'000 : 100'000)}, {});
        EXPECT_GE(lanes.bytes(), 4'000'000u) << "what is needed now and then stays";
    }
}

TEST(Lanes, MemoryIsGivenBackWhenIdle) {
    Lanes lanes(2, 1, engine::reference_backend(), 0, std::chrono::milliseconds(50));
    const std::vector<Work> work(6, input_of(1'000'000));
    lanes.run(work, {});
    for (int i = 0; i < 500 && lanes.bytes() > 0; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(lanes.bytes(), 0u);
    lanes.run(work, {});
    EXPECT_GT(lanes.bytes(), 0u);
}

TEST(Lanes, MemoryKeepsWithinTheLimit) {
    Lanes lanes(1, 1, engine::reference_backend(), 1'000'000);
    lanes.run(std::vector<Work>{input_of(200'000)}, {});
    EXPECT_GE(lanes.bytes(), 800'000u);
    lanes.run(std::vector<Work>{input_of(1'000'000)}, {});
    EXPECT_LE(lanes.bytes(), 1'000'000u);
}

TEST(Lane, ReusesItsInputMemory) {
    Lane lane(engine::reference_backend().create_context(1));
    const engine::Buffer large = lane.input({1, 3, 64, 64});
    const engine::Buffer small = lane.input({1, 3, 32, 96});
    EXPECT_EQ(large.data(), small.data());
    EXPECT_EQ(small.dims(), (model::Dims{1, 3, 32, 96}));
    EXPECT_GE(lane.bytes(), 64u * 64 * 3 * 4);
    lane.trim();
    EXPECT_LT(lane.bytes(), 64u * 64 * 3 * 4);
}

}  // namespace
}  // namespace dbnet::detect
