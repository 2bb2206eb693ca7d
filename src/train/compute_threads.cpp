#include "train/compute_threads.hpp"

#include <omp.h>

#include <ATen/Parallel.h>

#include "core/subnormals.hpp"

namespace dbnet::train {

void for_each_in_parallel(std::int64_t count, const std::function<void(std::int64_t)>& f) {
    const int threads = at::get_num_threads();
#pragma omp parallel for schedule(static) num_threads(threads) if (threads > 1)
    for (std::int64_t i = 0; i < count; ++i) f(i);
}

ComputeThreads::ComputeThreads(int threads)
    : before_(at::get_num_threads()), states_(static_cast<std::size_t>(threads)) {
    at::set_num_threads(threads);
#pragma omp parallel num_threads(threads) if (threads > 1)
    states_[static_cast<std::size_t>(omp_get_thread_num())] = core::flush_subnormals();
}

ComputeThreads::~ComputeThreads() {
    const int threads = static_cast<int>(states_.size());
#pragma omp parallel num_threads(threads) if (threads > 1)
    core::restore_floating_point(states_[static_cast<std::size_t>(omp_get_thread_num())]);
    at::set_num_threads(before_);
}

}  // namespace dbnet::train
