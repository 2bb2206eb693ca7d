#include "engine/cpu/cpu_executable.hpp"

#include <algorithm>
#include <set>

#include "engine/cpu/passes.hpp"
#include "engine/cpu/plan_builder.hpp"

namespace dbnet::engine::cpu {

CpuExecutable::CpuExecutable(const model::Graph& graph, const CompileOptions& options)
    : graph_(graph),
      optimised_(optimise(graph)),
      regions_(find_fused_regions(optimised_)),
      plans_(static_cast<std::size_t>(std::max(options.plan_cache, 1))) {}

ExecutableMemory CpuExecutable::memory() const {
    std::set<const std::byte*> counted;  // the optimised graph shares parameters with the other
    std::size_t weights = weights_.bytes();
    for (const model::Graph* graph : {&graph_, &optimised_})
        for (const auto& [name, tensor] : graph->parameters)
            if (counted.insert(tensor.bytes().data()).second) weights += tensor.bytes().size();
    for (const auto& region : regions_) weights += region->weight_bytes();
    return {weights, plans_.bytes()};
}

std::shared_ptr<const Plan> CpuExecutable::plan_for(std::span<const Buffer> inputs, int threads) {
    check_inputs(graph_, Device::cpu, inputs);
    PlanKey key;
    for (const Buffer& input : inputs) key.inputs.push_back(input.dims());
    key.threads = threads;
    return plans_.get(key, [&] {
        return PlanBuilder(optimised_, regions_, weights_, key.inputs, threads).build();
    });
}

Frame& CpuContext::frame_for(const std::shared_ptr<const Plan>& plan) {
    if (plan == plan_) return frame_;
    plan_ = nullptr;
    if (plan->arena_bytes() > arena_bytes_) {
        trim();
        arena_ = core::allocate(plan->arena_bytes());
        arena_bytes_ = plan->arena_bytes();
    }
    bind_arena(*plan, arena_.get(), frame_);
    plan_ = plan;
    return frame_;
}

void CpuContext::trim() {
    plan_ = nullptr;
    frame_ = {};
    arena_ = nullptr;
    arena_bytes_ = 0;
}

}  // namespace dbnet::engine::cpu
