#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/memory.hpp"
#include "engine/backend.hpp"
#include "engine/cpu/kernels/fusion.hpp"
#include "engine/cpu/packed_weights.hpp"
#include "engine/cpu/plan_cache.hpp"

namespace dbnet::engine::cpu {

class CpuExecutable final : public Executable {
public:
    CpuExecutable(const model::Graph& graph, const CompileOptions& options);

    const model::Graph& graph() const noexcept override { return graph_; }
    ExecutableMemory memory() const override;
    void trim() override { plans_.clear(); }

    /// The plan for inputs of these extents; Error{invalid_argument} unless they fit the graph.
    std::shared_ptr<const Plan> plan_for(std::span<const Buffer> inputs, int threads);

    const PackedWeights& weights() const noexcept { return weights_; }
    const model::Graph& optimised() const noexcept { return optimised_; }

private:
    model::Graph graph_;
    model::Graph optimised_;
    std::vector<std::unique_ptr<FusedRegion>> regions_;
    PackedWeights weights_;
    PlanCache plans_;
};

class CpuContext final : public Context {
public:
    explicit CpuContext(int threads) : threads_(threads) {}

    std::size_t arena_bytes() const override { return arena_bytes_; }
    void trim() override;

    int threads() const noexcept { return threads_; }
    /// A frame that points to the plan's arena; the buffers of a run are still to be bound.
    Frame& frame_for(const std::shared_ptr<const Plan>& plan);

private:
    const int threads_;
    core::Memory arena_;
    std::size_t arena_bytes_ = 0;
    std::shared_ptr<const Plan> plan_;  ///< that frame_ belongs to
    Frame frame_;
};

}  // namespace dbnet::engine::cpu
