#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/graph.hpp"

// Subgraphs that kernels of our own execute faster than one primitive per node. A matcher looks for
// its pattern in the optimised graph (constants and BatchNormalization folded, activations still
// separate nodes); what it claims is one step of the plan. Everything else goes to oneDNN node by
// node.
namespace dbnet::engine::cpu {

/// A fused region at concrete extents.
class FusedKernel {
public:
    virtual ~FusedKernel() = default;
    /// Bytes of 64-byte aligned scratch memory that run() needs with that many threads. Regions run
    /// one after another, so a context needs one block as large as the largest.
    virtual std::size_t scratch_bytes(int threads) const = 0;
    /// Inputs and outputs in the region's order: f32, dense NCHW, 64-byte aligned, not overlapping.
    /// Must be const-correct and re-entrant: several lanes run the same kernel at the same time
    /// with scratch memory of their own. `threads`: size of the OpenMP team to use; results do not
    /// depend on it.
    virtual void run(std::span<const float* const> inputs, std::span<float* const> outputs,
                     std::byte* scratch, int threads) const = 0;
};

/// A fused region with its weights, found once per graph and instantiated for each plan.
class FusedRegion {
public:
    virtual ~FusedRegion() = default;
    std::string name;                 ///< for profiles: "inverted_residual", "pyramid", ...
    std::vector<std::string> inputs;  ///< value names
    std::vector<std::string> outputs;
    std::vector<std::size_t>
        nodes;  ///< indices into the graph's nodes, all replaced; no value inside is used outside
    /// nullptr where the kernel does not fit these extents: the nodes then run one by one.
    virtual std::unique_ptr<FusedKernel> instantiate(
        const std::vector<model::Dims>& input_dims) const = 0;
    virtual std::size_t weight_bytes() const = 0;
};

using FusionMatcher = std::vector<std::unique_ptr<FusedRegion>> (*)(const model::Graph& optimised);

/// All matchers, tried in this order; a node belongs to the first region that claims it.
std::span<const FusionMatcher> fusion_matchers();

/// What the matchers find, in their order; regions may overlap.
std::vector<std::unique_ptr<FusedRegion>> find_fused_regions(const model::Graph& optimised);

}  // namespace dbnet::engine::cpu
