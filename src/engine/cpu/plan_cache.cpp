#include "engine/cpu/plan_cache.hpp"

#include <algorithm>
#include <chrono>

namespace dbnet::engine::cpu {

std::shared_ptr<const Plan> PlanCache::get(const PlanKey& key, const Build& build) {
    std::promise<std::shared_ptr<const Plan>> promise;
    {
        std::unique_lock lock(mutex_);
        const auto found = std::ranges::find(entries_, key, &Entry::key);
        if (found != entries_.end()) {
            entries_.splice(entries_.begin(), entries_, found);
            const Future plan = found->plan;
            lock.unlock();
            return plan.get();
        }
        entries_.push_front({key, promise.get_future().share()});
        if (entries_.size() > capacity_) entries_.pop_back();
    }
    try {
        auto plan = std::make_shared<const Plan>(build());
        promise.set_value(plan);
        return plan;
    } catch (...) {
        forget(key);
        promise.set_exception(std::current_exception());
        throw;
    }
}

void PlanCache::forget(const PlanKey& key) {
    const std::lock_guard lock(mutex_);
    entries_.remove_if([&](const Entry& entry) { return entry.key == key; });
}

void PlanCache::clear() {
    const std::lock_guard lock(mutex_);
    entries_.clear();
}

std::size_t PlanCache::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

std::size_t PlanCache::bytes() const {
    const std::lock_guard lock(mutex_);
    std::size_t total = 0;
    for (const Entry& entry : entries_)
        if (entry.plan.wait_for(std::chrono::seconds(0)) == std::future_status::ready)
            total += entry.plan.get()->bytes();
    return total;
}

}  // namespace dbnet::engine::cpu
