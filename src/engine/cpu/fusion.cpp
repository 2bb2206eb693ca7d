#include "engine/cpu/fusion.hpp"

namespace dbnet::engine::cpu {

std::span<const FusionMatcher> fusion_matchers() { return {}; }

std::vector<std::unique_ptr<FusedRegion>> find_fused_regions(const model::Graph& optimised) {
    std::vector<std::unique_ptr<FusedRegion>> regions;
    for (const FusionMatcher matcher : fusion_matchers())
        for (std::unique_ptr<FusedRegion>& region : matcher(optimised))
            regions.push_back(std::move(region));
    return regions;
}

}  // namespace dbnet::engine::cpu
