#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include "engine/backend.hpp"

namespace dbnet::detect {

/// What a lane owns besides its thread: the engine's context (team and arena) and the network's
/// input memory.
class Lane {
public:
    explicit Lane(std::unique_ptr<engine::Context> context) : context_(std::move(context)) {}

    engine::Context& context() noexcept { return *context_; }

    /// An f32 buffer of the given extents in memory that the lane keeps and reuses.
    engine::Buffer input(const model::Dims& dims);

    std::size_t bytes() const;
    void trim();

    /// After each piece of work: gives back what is far above the need of the last ones, or above
    /// `limit` bytes (0: no limit).
    void shrink(std::size_t limit);

private:
    static constexpr std::size_t kRemembered = 16;

    std::unique_ptr<engine::Context> context_;
    engine::Buffer input_memory_;
    /// Sizes of the largest inputs of the last pieces of work, which all other memory goes with.
    std::array<std::int64_t, kRemembered> needs_{};
    std::size_t next_need_ = 0;
    std::int64_t need_ = 0;  ///< of the present piece of work
};

/// A fixed number of threads that callers queue their work to, first come, first served. Every
/// OpenMP team belongs to the thread that starts it, so work that always runs on these threads
/// never makes more than lanes x team of them.
class Lanes {
public:
    using Work = std::function<void(Lane&)>;

    using Clock = std::chrono::steady_clock;

    /// `threads`: the team of each lane; `lane_limit`: bytes that a lane keeps at most, 0: no limit;
    /// a lane that has nothing to do for `idle` keeps none. Throws Error{internal} when the system
    /// has not so many threads to give.
    Lanes(int lanes, int threads, const engine::Backend& backend, std::size_t lane_limit = 0,
          Clock::duration idle = std::chrono::seconds(10));
    /// Not to be called in a process other than the maker's, where it would wait for threads that
    /// are not there.
    ~Lanes();
    Lanes(const Lanes&) = delete;
    Lanes& operator=(const Lanes&) = delete;

    /// Does every piece of work, each on some lane, and returns when all are done. When pieces
    /// throw, the first one's exception is thrown after that. Triggering `stop` takes what no lane
    /// has begun out of the queue and throws Error{cancelled}; what has begun is waited for (and
    /// watches `stop` by itself). Throws Error{unsupported} in another process than the maker's.
    void run(std::span<const Work> work, const std::stop_token& stop);

    /// Memory of all lanes. Waits for the lanes that are at work.
    std::size_t bytes();
    void trim();

    /// Whether this process is the one that made the lanes. After fork() the child has a copy of
    /// the object, but none of its threads, and locks that nobody will ever release.
    bool is_at_home() const noexcept;
    /// Throws Error{unsupported} unless it is.
    void require_home() const;

    int size() const noexcept { return static_cast<int>(lanes_.size()); }

private:
    struct Call;
    struct Job {
        const Work* work;
        Call* call;
    };
    struct Slot {
        std::unique_ptr<Lane> lane;
        std::mutex mutex;  ///< held while the lane works or is inspected
        std::jthread thread;
    };

    void enqueue(std::span<const Work> work, Call& call);
    void serve(Slot& slot, const std::stop_token& stop);
    bool wait_for_job(Slot& slot, std::unique_lock<std::mutex>& lock, const std::stop_token& stop);
    void finish(Call& call, std::exception_ptr error);

    const int process_;  ///< that of the threads
    const std::size_t lane_limit_;
    const Clock::duration idle_;
    std::mutex mutex_;
    std::condition_variable_any queued_;
    std::deque<Job> queue_;
    std::vector<std::unique_ptr<Slot>> lanes_;
};

}  // namespace dbnet::detect
