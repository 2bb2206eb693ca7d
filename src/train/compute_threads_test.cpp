#include "train/compute_threads.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <mutex>
#include <set>
#include <thread>

#include <ATen/Parallel.h>

namespace dbnet::train {
namespace {

/// Half of the least normal number, as each of the threads computes it.
std::vector<float> halves() {
    std::vector<float> results(static_cast<std::size_t>(at::get_num_threads()));
    volatile float least = std::numeric_limits<float>::min();
    for_each_in_parallel(at::get_num_threads(), [&](std::int64_t i) {
        results[static_cast<std::size_t>(i)] = least * 0.5f;
    });
    return results;
}

TEST(ComputeThreads, SubnormalNumbersAreZeroOnAllOfThem) {
    const int before = at::get_num_threads();
    {
        const ComputeThreads threads(3);
        EXPECT_EQ(halves(), (std::vector<float>{0, 0, 0}));
    }
    EXPECT_EQ(at::get_num_threads(), before);
    for (const float half : halves()) EXPECT_GT(half, 0);
}

TEST(ComputeThreads, ShareWhatIsToBeDone) {
    const ComputeThreads threads(3);
    std::mutex mutex;
    std::set<std::thread::id> ids;
    std::vector<int> calls(32);
    for_each_in_parallel(32, [&](std::int64_t i) {
        const std::lock_guard lock(mutex);
        ids.insert(std::this_thread::get_id());
        ++calls[static_cast<std::size_t>(i)];
    });
    EXPECT_EQ(ids.size(), 3u);
    EXPECT_EQ(calls, std::vector<int>(32, 1));
}

}  // namespace
}  // namespace dbnet::train
