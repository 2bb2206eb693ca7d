#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/cpu/cpu_executable.hpp"
#include "engine/cpu/memory_planner.hpp"

namespace dbnet::engine::cpu {

/// The buffer, or a copy of it with the alignment that kernels rely on.
inline Buffer aligned(const Buffer& buffer) {
    if (reinterpret_cast<std::uintptr_t>(buffer.data()) % kAlignment == 0) return buffer;
    Buffer copy = Buffer::host(buffer.type(), buffer.dims());
    copy_on_host(buffer, copy);
    return copy;
}

/// Runs a plan on the calling thread with the context's team: execute(step, frame) for each step.
template <typename F>
std::vector<Buffer> run_plan(CpuExecutable& executable, CpuContext& context,
                             std::span<const Buffer> inputs, F&& execute) {
    const ThreadTeam team(context.threads());
    const std::shared_ptr<const Plan> plan = executable.plan_for(inputs, context.threads());
    std::vector<Buffer> sources;
    for (const Buffer& input : inputs) sources.push_back(aligned(input));
    std::vector<Buffer> outputs = allocate_outputs(*plan);
    Frame& frame = context.frame_for(plan);
    bind_buffers(*plan, sources, outputs, frame);
    for (const auto& step : plan->steps) execute(*step, frame);
    return outputs;
}

}  // namespace dbnet::engine::cpu
