#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace dbnet::train {

/// Calls f(i) for each i < count, on the threads that LibTorch computes on. at::parallel_for() does
/// so only in files that are compiled with OpenMP, and else everything on the calling thread.
void for_each_in_parallel(std::int64_t count, const std::function<void(std::int64_t)>& f);

/// While it lives, LibTorch computes on `threads` threads from the calling one, all of which treat
/// subnormal numbers as zero (at::set_flush_denormal() knows of the calling thread only). Moments
/// of weights that hardly ever have a gradient are such numbers, and arithmetic on them is slow.
class ComputeThreads {
public:
    explicit ComputeThreads(int threads);
    ~ComputeThreads();
    ComputeThreads(const ComputeThreads&) = delete;
    ComputeThreads& operator=(const ComputeThreads&) = delete;

private:
    int before_;
    std::vector<std::uint64_t> states_;  ///< of the threads, before
};

}  // namespace dbnet::train
