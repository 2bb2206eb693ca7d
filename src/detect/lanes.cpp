#include "detect/lanes.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "core/memory.hpp"
#include "core/subnormals.hpp"
#include "core/threads.hpp"

namespace dbnet::detect {

engine::Buffer Lane::input(const model::Dims& dims) {
    const std::int64_t count = model::element_count(dims);
    need_ = std::max(need_, count);
    if (input_memory_.size() < count) {
        input_memory_ = {};  // given back before the larger one is taken
        input_memory_ = engine::Buffer::host(model::DataType::f32, {count});
    }
    // The alias keeps the memory alive for as long as the buffer is used.
    return {engine::Device::cpu, model::DataType::f32, dims,
            std::shared_ptr<void>(std::make_shared<engine::Buffer>(input_memory_),
                                  input_memory_.data())};
}

std::size_t Lane::bytes() const { return context_->arena_bytes() + input_memory_.bytes(); }

void Lane::trim() {
    context_->trim();
    input_memory_ = {};
}

void Lane::shrink(std::size_t limit) {
    needs_[next_need_++ % kRemembered] = std::exchange(need_, 0);
    const std::int64_t most = *std::ranges::max_element(needs_);
    const bool is_far_above = input_memory_.size() > most + most / 2;
    if (is_far_above || (limit > 0 && bytes() > limit)) trim();
}

/// One caller's pieces of work: how many are not done yet, and the first error.
struct Lanes::Call {
    std::size_t remaining;
    std::exception_ptr error;
    std::condition_variable_any done;
};

Lanes::Lanes(int lanes, int threads, const engine::Backend& backend, std::size_t lane_limit,
             Clock::duration idle)
    : process_(::getpid()), lane_limit_(lane_limit), idle_(idle) {
    core::require_threads(lanes * threads);  // OpenMP would end the process for want of one
    for (int i = 0; i < lanes; ++i) {
        auto slot = std::make_unique<Slot>();
        slot->lane = std::make_unique<Lane>(backend.create_context(threads));
        lanes_.push_back(std::move(slot));
    }
    for (const auto& slot : lanes_)
        slot->thread =
            std::jthread([this, &slot = *slot](const std::stop_token& stop) { serve(slot, stop); });
}

Lanes::~Lanes() {
    for (const auto& slot : lanes_) slot->thread.request_stop();
}

/// False when the lane is to end. Memory of a lane that has long had nothing to do goes back.
bool Lanes::wait_for_job(Slot& slot, std::unique_lock<std::mutex>& lock,
                         const std::stop_token& stop) {
    const auto has_job = [&] { return !queue_.empty(); };
    if (queued_.wait_for(lock, stop, idle_, has_job)) return true;
    if (stop.stop_requested()) return false;
    lock.unlock();
    {
        const std::lock_guard inspected(slot.mutex);
        slot.lane->trim();
    }
    core::trim_heap();
    lock.lock();
    return queued_.wait(lock, stop, has_job);
}

void Lanes::serve(Slot& slot, const std::stop_token& stop) {
    const core::FlushSubnormals flush;
    for (;;) {
        std::unique_lock lock(mutex_);
        if (!wait_for_job(slot, lock, stop)) return;
        const Job job = queue_.front();
        queue_.pop_front();
        lock.unlock();
        std::exception_ptr error;
        {
            const std::lock_guard at_work(slot.mutex);
            try {
                (*job.work)(*slot.lane);
            } catch (...) {
                error = std::current_exception();
            }
            slot.lane->shrink(lane_limit_);
        }
        lock.lock();
        finish(*job.call, std::move(error));
    }
}

void Lanes::finish(Call& call, std::exception_ptr error) {
    if (error && !call.error) call.error = std::move(error);
    // Notified under the lock: the call lives on the caller's stack and is gone as soon as the
    // caller sees zero.
    if (--call.remaining == 0) call.done.notify_one();
}

bool Lanes::is_at_home() const noexcept { return ::getpid() == process_; }

void Lanes::require_home() const {
    if (!is_at_home())
        core::fail(ErrorCode::unsupported,
                   "the detector was opened before fork(), and its threads stayed in the parent: "
                   "open one in each process");
}

/// All of them or, when there is no memory for one, none: what stayed would outlive the call.
void Lanes::enqueue(std::span<const Work> work, Call& call) {
    const std::size_t before = queue_.size();
    try {
        for (const Work& piece : work) queue_.push_back({&piece, &call});
    } catch (...) {
        queue_.resize(before);
        throw;
    }
}

void Lanes::run(std::span<const Work> work, const std::stop_token& stop) {
    require_home();
    Call call{work.size(), nullptr, {}};
    std::unique_lock lock(mutex_);
    enqueue(work, call);
    queued_.notify_all();
    const auto all_done = [&] { return call.remaining == 0; };
    if (!call.done.wait(lock, stop, all_done)) {
        const auto cancelled =
            std::erase_if(queue_, [&](const Job& job) { return job.call == &call; });
        call.remaining -= cancelled;
        call.done.wait(lock, all_done);
        if (cancelled > 0 && !call.error)
            core::fail(ErrorCode::cancelled, "the detection was cancelled");
    }
    if (call.error) std::rethrow_exception(call.error);
}

std::size_t Lanes::bytes() {
    require_home();
    std::size_t total = 0;
    for (const auto& slot : lanes_) {
        const std::lock_guard lock(slot->mutex);
        total += slot->lane->bytes();
    }
    return total;
}

void Lanes::trim() {
    require_home();
    for (const auto& slot : lanes_) {
        const std::lock_guard lock(slot->mutex);
        slot->lane->trim();
    }
}

}  // namespace dbnet::detect
