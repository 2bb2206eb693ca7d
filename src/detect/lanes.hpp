#pragma once

#include <condition_variable>
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

private:
    std::unique_ptr<engine::Context> context_;
    engine::Buffer input_memory_;
};

/// A fixed number of threads that callers queue their work to, first come, first served. Every
/// OpenMP team belongs to the thread that starts it, so work that always runs on these threads
/// never makes more than lanes x team of them.
class Lanes {
public:
    using Work = std::function<void(Lane&)>;

    /// `threads`: the team of each lane. Throws Error{internal} when the system has not so many
    /// threads to give.
    Lanes(int lanes, int threads, const engine::Backend& backend);
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
    void finish(Call& call, std::exception_ptr error);

    const int process_;  ///< that of the threads
    std::mutex mutex_;
    std::condition_variable_any queued_;
    std::deque<Job> queue_;
    std::vector<std::unique_ptr<Slot>> lanes_;
};

}  // namespace dbnet::detect
