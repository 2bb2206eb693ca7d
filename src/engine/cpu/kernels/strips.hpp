#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <omp.h>

#include "engine/cpu/kernels/row_kernels.hpp"
#include "model/tensor.hpp"

// How the backbone's kernels divide their work, and the layout of what lies in scratch memory.
namespace dbnet::engine::cpu {

/// Extents [N, C, H, W] that the kernels are made for: rows with kRowUnit output columns at least
/// (narrower ones leave most of a vector empty), and planes that an int can count.
inline bool suits_strips(const model::Dims& input, int stride) {
    return input[3] / stride >= kRowUnit && input[2] * input[3] <= std::int64_t{1} << 30;
}

/// Rows [begin, end) of the output of one image: what one thread works through from top to bottom.
struct Strip {
    std::int64_t image;
    std::int64_t begin;
    std::int64_t end;
    int thread;  ///< of the team: owner of a part of the scratch memory
};

/// Calls work(strip), which must not throw, for strips that cover `rows` rows of `images` images,
/// with a team of `threads`. Rows must not depend on how they are divided.
template <typename Work>
void for_each_strip(std::int64_t images, std::int64_t rows, int threads, const Work& work) {
    const std::int64_t strips = std::min(rows, (threads + images - 1) / images);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::int64_t i = 0; i < images * strips; ++i) {
        const std::int64_t part = i % strips;
        work(Strip{.image = i / strips,
                   .begin = part * rows / strips,
                   .end = (part + 1) * rows / strips,
                   .thread = omp_get_thread_num()});
    }
}

/// Floats from a plane of `floats` to the next: an odd number of cache lines, so that the same
/// place in many planes falls into many sets of the cache.
constexpr std::ptrdiff_t plane_floats(std::ptrdiff_t floats) {
    return (round_up(floats, kRowUnit) / kRowUnit | 1) * kRowUnit;
}

/// A row of an image with zeros around it, its columns together (stride 1) or even and odd ones
/// apart (stride 2).
struct PaddedRow {
    PaddedRow(std::int64_t width, int stride)
        : part(kRowUnit + round_up((width + stride - 1) / stride + 2, kRowUnit)),
          odd(stride == 2 ? part : 0),
          floats(stride * part) {}

    /// Where column `c` lies, relative to column 0.
    std::ptrdiff_t column(std::ptrdiff_t c) const {
        if (odd == 0) return c;
        return c % 2 == 0 ? c / 2 : odd + (c - 1) / 2;
    }

    std::ptrdiff_t part;    ///< floats of each half
    std::ptrdiff_t odd;     ///< from an even column to the odd one after it; 0 with stride 1
    std::ptrdiff_t floats;  ///< in all; column 0 is number kRowUnit
};

}  // namespace dbnet::engine::cpu
