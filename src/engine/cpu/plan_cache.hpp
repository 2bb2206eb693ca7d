#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/cpu/plan.hpp"

namespace dbnet::engine::cpu {

/// What a plan is made for.
struct PlanKey {
    std::vector<model::Dims> inputs;
    int threads = 1;

    friend bool operator==(const PlanKey&, const PlanKey&) = default;
};

/// The plans used last, at most `capacity` of them. Thread-safe: who asks for a plan that another
/// thread is building waits for it; a plan that is in use survives its eviction.
class PlanCache {
public:
    using Build = std::function<Plan()>;

    explicit PlanCache(std::size_t capacity) : capacity_(capacity) {}

    /// The plan, built if it is not there. What build() throws goes to all who wait for it; the
    /// next call tries again.
    std::shared_ptr<const Plan> get(const PlanKey& key, const Build& build);
    void clear();
    std::size_t size() const;
    /// Of the plans that are ready.
    std::size_t bytes() const;

private:
    using Future = std::shared_future<std::shared_ptr<const Plan>>;
    struct Entry {
        PlanKey key;
        Future plan;
    };

    void forget(const PlanKey& key);

    const std::size_t capacity_;
    mutable std::mutex mutex_;
    std::list<Entry> entries_;  ///< the most recently used first
};

}  // namespace dbnet::engine::cpu
