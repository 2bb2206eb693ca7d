#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/resize_axis.hpp"
#include "model/tensor.hpp"

// Loops of our own for what moves or averages numbers, on teams of `threads`.
namespace dbnet::engine::cpu {

/// An array of arrays of ... elements at arbitrary distances, in elements.
struct StridedCopy {
    model::Dims dims;
    model::Dims from_strides;
    model::Dims to_strides;
    std::int64_t from_offset = 0;
    std::int64_t to_offset = 0;
    std::size_t element_bytes = 4;

    void run(const void* from, void* to, int threads) const;
};

/// C-order strides, in elements.
model::Dims dense_strides(const model::Dims& dims);

/// Resizing of `planes` planes whose elements are `inner` numbers wide (1, 8 or 16); with `addend`
/// that is added, of the output's extents.
struct Resample {
    std::int64_t planes = 0;
    std::int64_t inner = 1;
    std::int64_t in_height = 0;
    std::int64_t in_width = 0;
    ResizeAxis y;
    ResizeAxis x;
    bool nearest = true;

    void run(const float* from, const float* addend, float* to, int threads) const;
};

/// Cubic resizing of `planes` planes.
struct CubicResample {
    std::int64_t planes = 0;
    std::int64_t in_height = 0;
    std::int64_t in_width = 0;
    ResizeAxis y;
    ResizeAxis x;

    void run(const float* from, float* to, int threads) const;
};

/// Means over `plane` elements that are `inner` numbers wide, for `planes` planes in `images`
/// images, of which `channels` numbers of each image are stored densely.
struct SpatialMean {
    std::int64_t images = 1;
    std::int64_t channels = 0;
    std::int64_t plane = 0;
    std::int64_t inner = 1;

    void run(const float* from, float* to, int threads) const;
};

/// Channels to pixels: [images][taps_y][taps_x][maps][height][width][inner] to
/// [images][maps][height * taps_y][width * taps_x][inner] where the source is blocked. With
/// inner = 1 (a plain destination) channel t * maps + m of the blocked source (in blocks of
/// `block`) is tap t of map m.
struct DepthToSpace {
    std::int64_t images = 1;
    std::int64_t maps = 0;  ///< channels of the result; in blocks if inner > 1
    std::int64_t taps_y = 2;
    std::int64_t taps_x = 2;
    std::int64_t height = 0;  ///< of the source
    std::int64_t width = 0;
    std::int64_t inner = 1;
    std::int64_t block = 1;
    std::int64_t source_blocks = 0;  ///< per image

    void run(const float* from, float* to, int threads) const;
};

}  // namespace dbnet::engine::cpu
