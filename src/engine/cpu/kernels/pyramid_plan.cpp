#include "engine/cpu/kernels/pyramid_plan.hpp"

namespace dbnet::engine::cpu {

Tile Tiling::operator[](int index) const {
    Tile tile;
    tile.y = index / across() * rows;
    tile.x = index % across() * width;
    tile.rows = std::min(rows, extent.height - tile.y);
    tile.width = std::min(width, extent.width - tile.x);
    return tile;
}

Tiling coarse_tiling(const Extent& extent, int channels) {
    return {extent, 1, tile_width(channels, extent.width)};
}

Tiling fine_tiling(const Extent& extent, int channels) {
    return {extent, kWinogradRows, tile_width(channels, extent.width)};
}

Extent under(const Tiling& fine) { return {fine.rows / 2, fine.width / 2}; }

FineMemory::FineMemory(const Tiling& tiling, int channels, int coarser_channels, int out)
    : phases(std::max(tile_scratch(channels, out, tiling.width),
                      tile_scratch(coarser_channels, out, under(tiling).width))),
      floats(phases + static_cast<std::size_t>(phase_maps(1) * out * under(tiling).plane())) {}

PyramidPlan::PyramidPlan(std::shared_ptr<const Pyramid> weights, int images,
                         std::vector<Extent> level_extents)
    : pyramid(std::move(weights)),
      batch(images),
      extents(std::move(level_extents)),
      levels(extents.size()) {
    ScratchLayout layout;
    for (std::size_t i = 0; i < pyramid->neck.size(); ++i) place_level(i, layout);
    const ScratchLayout before_phases = layout;
    for (std::size_t i = 0; i < pyramid->neck.size(); ++i)
        levels[i].phases = place_phases(i, pyramid->source_channels(i).size(),
                                        pyramid->neck[i].out_channels(), layout);
    shared_floats = layout.floats();
    std::size_t working = 0;
    for (const Head& head : pyramid->heads) {
        layout = before_phases;
        head_phases.push_back(place_phases(0, pyramid->levels(), head.out_channels(), layout));
        shared_floats = std::max(shared_floats, layout.floats());
        working = std::max(working, head_floats(head));
    }
    for (std::size_t i = 0; i < pyramid->neck.size(); ++i)
        working = std::max(working, neck_floats(i));
    thread_floats =
        static_cast<std::size_t>(round_up(static_cast<std::ptrdiff_t>(working), kRowUnit));
}

void PyramidPlan::place_level(std::size_t i, ScratchLayout& layout) {
    const NeckLevel& level = pyramid->neck[i];
    Level& place = levels[i];
    if (level.lateral_gate) {
        place.input_means = layout.take(level.loaded());
        place.point = layout.take(level.point.floats());
        place.transposed = layout.take(level.transposed.floats());
    }
    for (std::size_t j = i; j < pyramid->coarsest_source(i); ++j) {
        const PackedLayout& outer = level.outer(j == i).layout;
        place.composite.push_back(layout.take(PackedLayout(pyramid->neck[j].loaded(), outer.out,
                                                           outer.slots, pyramid->kernels.max_block)
                                                  .floats()));
    }
    if (i >= pyramid->first_materialised)
        place.f = layout.take(level.lateral.out * extents[i].plane());
    place.p = layout.take(level.out_channels() * extents[i].plane());
    if (level.out_gate) {
        place.p_means = layout.take(level.out_channels());
        for (const Head& head : pyramid->heads)
            place.heads.push_back(layout.take(head.parts[i].floats()));
    }
}

std::vector<std::size_t> PyramidPlan::place_phases(std::size_t level, std::size_t sources,
                                                   int channels, ScratchLayout& layout) const {
    std::vector<std::size_t> places;
    for (std::size_t s = 2; s < sources; ++s)
        places.push_back(layout.take(phase_maps(s) * channels * extents[level + s].plane()));
    return places;
}

std::size_t PyramidPlan::sum_floats(std::size_t level, const std::vector<int>& channels,
                                    int out) const {
    const int coarser = channels.size() > 1 ? channels[1] : 0;
    const Tiling fine = fine_tiling(extents[level], channels[0]);
    std::size_t floats = FineMemory(fine, channels[0], coarser, out).floats;
    for (std::size_t s = 2; s < channels.size(); ++s) {
        const Tiling tiling = coarse_tiling(extents[level + s], channels[s]);
        floats = std::max(floats, tile_scratch(channels[s], out, tiling.width));
    }
    return floats;
}

std::size_t PyramidPlan::head_floats(const Head& head) const {
    std::vector<int> channels;
    for (const Packed& part : head.parts) channels.push_back(part.layout.in);
    const int out = head.out_channels();
    const int width = fine_tiling(extents[0], channels[0]).width;
    return sum_floats(0, channels, out) +
           static_cast<std::size_t>(kWinogradRows * (out + 1) * width) +
           head.tail.scratch_floats(width);
}

std::size_t PyramidPlan::neck_floats(std::size_t i) const {
    const NeckLevel& level = pyramid->neck[i];
    const Tiling tiling = coarse_tiling(extents[i], level.loaded());
    return std::max({sum_floats(i, pyramid->source_channels(i), level.out_channels()),
                     tile_scratch(level.loaded(), level.lateral.out, tiling.width),
                     level.gate_floats()});
}

}  // namespace dbnet::engine::cpu
