#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/cpu/kernels/pyramid_weights.hpp"

namespace dbnet::engine::cpu {

struct Extent {
    int height;
    int width;

    std::ptrdiff_t row() const { return round_up(width, kRowRoom); }
    /// An odd number of lines, so that channels do not meet in the same sets of the cache.
    std::ptrdiff_t plane() const { return height * row() + kRowUnit; }
};

/// Groups of `rows` rows, cut in tiles of `width` columns, numbered.
struct Tiling {
    Extent extent;
    int rows;
    int width;

    int across() const { return (extent.width + width - 1) / width; }
    int count() const { return across() * ((extent.height + rows - 1) / rows); }
    Tile operator[](int index) const;
};

/// Tiles of a source that is computed by itself, and of the two finest ones, which go together: the
/// phases of source 1 under a tile of source 0 stay in the cache.
Tiling coarse_tiling(const Extent& extent, int channels);
Tiling fine_tiling(const Extent& extent, int channels);
/// Extent of source 1 under a tile of source 0.
Extent under(const Tiling& fine);
/// Working memory of tiles of a sum's two finest sources: that of the steps, then local phases.
struct FineMemory {
    /// Loaded channels of sources 0 and 1; without a source 1, 0.
    FineMemory(const Tiling& tiling, int channels, int coarser_channels, int out);

    std::size_t phases;  ///< where they begin
    std::size_t floats;
};

/// Phases of the s-th source of a sum, s >= 1: 3x3 or, where no pixel is an inner one, 2x2.
constexpr int phase_maps(std::size_t s) { return s == 1 ? 4 : 9; }

/// Scratch memory handed out in lines of 64 bytes.
class ScratchLayout {
public:
    std::size_t take(std::ptrdiff_t floats) {
        const std::size_t begin = floats_;
        floats_ += static_cast<std::size_t>(round_up(floats, kRowUnit));
        return begin;
    }
    std::size_t floats() const { return floats_; }

private:
    std::size_t floats_ = 0;
};

/// What a kernel knows before it runs: extents and where everything lies in the scratch memory.
struct PyramidPlan {
    struct Level {
        std::size_t input_means = 0;
        std::size_t point = 0;               ///< lateral weights times the gate's factors
        std::size_t transposed = 0;          ///< the same, transposed
        std::vector<std::size_t> composite;  ///< for p_i: of c_i, c_{i+1}, ...
        std::size_t f = 0;
        std::size_t p = 0;
        std::size_t p_means = 0;
        std::vector<std::size_t> heads;   ///< per head: its part times the gate's factors
        std::vector<std::size_t> phases;  ///< of p_i's sum, for sources 2, 3, ...
    };

    PyramidPlan(std::shared_ptr<const Pyramid> weights, int images, std::vector<Extent> extents);

    std::shared_ptr<const Pyramid> pyramid;
    int batch;
    std::vector<Extent> extents;
    std::vector<Level> levels;
    /// Per head; all in the memory of the levels' phases.
    std::vector<std::vector<std::size_t>> head_phases;
    std::size_t shared_floats = 0;
    std::size_t thread_floats = 0;

private:
    void place_level(std::size_t i, ScratchLayout& layout);
    std::vector<std::size_t> place_phases(std::size_t level, std::size_t sources, int channels,
                                          ScratchLayout& layout) const;
    std::size_t sum_floats(std::size_t level, const std::vector<int>& channels, int out) const;
    std::size_t head_floats(const Head& head) const;
    std::size_t neck_floats(std::size_t i) const;
};

}  // namespace dbnet::engine::cpu
