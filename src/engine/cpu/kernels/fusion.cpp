#include "engine/cpu/kernels/fusion.hpp"

#include <array>

#include "engine/cpu/kernels/backbone_fusion.hpp"
#include "engine/cpu/kernels/pyramid_fusion.hpp"

namespace dbnet::engine::cpu {

std::span<const FusionMatcher> fusion_matchers() {
    static constexpr std::array<FusionMatcher, 2> kTable = {match_pyramid, match_backbone};
    return kTable;
}

std::vector<std::unique_ptr<FusedRegion>> find_fused_regions(const model::Graph& optimised) {
    std::vector<std::unique_ptr<FusedRegion>> regions;
    for (const FusionMatcher matcher : fusion_matchers())
        for (std::unique_ptr<FusedRegion>& region : matcher(optimised))
            regions.push_back(std::move(region));
    return regions;
}

}  // namespace dbnet::engine::cpu
