#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "engine/cpu/kernels/row_kernels.hpp"

// Convolution of a sum of nearest-upsampled maps,
//
//     out = bias + sum_j conv3x3(up_{2^j}(source_j); weights_j),   j = 0, 1, ...,
//
// which is what an FPN and the first convolution of a DB head are. It is never done on upsampled
// maps. In one dimension a convolution w of x upsampled f-fold is, with s = w0 + w1 + w2,
//
//     first of the f pixels of x[i]:  s x[i] - w0 (x[i] - x[i-1])
//     inner ones:                     s x[i]
//     last one:                       s x[i] + w2 (x[i+1] - x[i]),
//
// exact at zero-padded borders too, so three products per low-resolution pixel serve all f outputs;
// in two dimensions 9 for f*f ("edges" below). The results at low resolution are one map per
// phase (first, inner, last in y and x). A finer level takes its start values from them: each of
// its phases alternates between two phases of the coarser level, because twice the factor means
// that the finer pixel's parity decides which of them it meets. Level 0 is done with Winograd's
// F(4,3) along y (4.5 instead of 9 products per pixel; along x the vectors lie).
namespace dbnet::engine::cpu {

/// How a source's weights are prepared.
enum class TapForm {
    point,     ///< 1x1, same resolution: 1 slot
    winograd,  ///< 3x3, same resolution: 6 transformed rows x 3 columns
    edges,     ///< 3x3 of an upsampled map: {sum, first, last} x {sum, first, last}
};
int slots_of(TapForm form);

/// Packs dense weights [out][in][3][3] (TapForm::point: [out][in]).
std::vector<float> pack_weights(TapForm form, std::span<const float> weights, int in, int out,
                                int max_block);

/// Planes of one image. With `ones` there is one channel more, which is 1 everywhere: its weights
/// are a bias that, unlike one added behind a padded convolution, is absent outside the image.
struct Planes {
    const float* data = nullptr;
    int channels = 0;  ///< stored ones
    int height = 0;
    int width = 0;
    std::ptrdiff_t row = 0;    ///< floats between rows
    std::ptrdiff_t plane = 0;  ///< floats between channels
    bool ones = false;

    int loaded_channels() const { return channels + (ones ? 1 : 0); }
};

/// Maps of one level, or a part of them that begins at (y, x): [y phase][x phase] with 0 = first,
/// 1 = inner, 2 = last pixel of an upsampled one. The inner ones exist from factor 4 on.
struct Phases {
    std::array<std::array<float*, 3>, 3> map{};
    std::ptrdiff_t row = 0;
    std::ptrdiff_t plane = 0;
    int y = 0;
    int x = 0;

    std::ptrdiff_t offset(int at_y, int at_x) const { return (at_y - y) * row + at_x - x; }
};

/// Rows [y, y + rows) and columns [x, x + width) of a level.
struct Tile {
    int y = 0;
    int rows = 1;
    int x = 0;
    int width = 0;
};

/// Where values start before a source is added: at the coarser level's phases, or at the bias.
struct Start {
    const Phases* coarser = nullptr;
    const float* bias = nullptr;  ///< without `coarser`; nullptr: 0
};

/// One source with its weights packed in a form.
struct Source {
    Planes planes;
    const float* weights = nullptr;
    int out_channels = 0;
};

/// Target of a tile: channel 0 at its first pixel.
struct Target {
    float* data = nullptr;
    std::ptrdiff_t row = 0;
    std::ptrdiff_t plane = 0;
    bool relu = false;
};

/// Rows that one winograd tile covers.
inline constexpr int kWinogradRows = 4;

/// Widest tile for a source so that its working set stays in the second-level cache; a multiple
/// of kRowRoom.
int tile_width(int loaded_channels, int width);
/// Working memory of the three functions below for a tile, in floats.
std::size_t tile_scratch(int loaded_channels, int out_channels, int tile_width);

/// A tile of a source's rows in local memory: [row][channel][stride], pixel x at index x + 1, with
/// the neighbours left and right of the tile and zeros outside the image.
struct LocalRows {
    float* data;
    int channels;
    std::ptrdiff_t stride;

    float* row(int r) const { return data + r * channels * stride; }
    const float* pixels(int r) const { return row(r) + 1; }
};

/// Loads `count` rows, at most six, from tile.y + first on into memory of tile_scratch floats.
LocalRows load_rows(const Planes& planes, const Tile& tile, int first, int count, float* scratch);

/// target = start + 1x1 convolution of the source (TapForm::point); one row.
void point_tile(const RowKernels& kernels, const Source& source, const Start& start,
                const Tile& tile, const Target& target, float* scratch);
/// target = start + 3x3 convolution (TapForm::winograd) of up to kWinogradRows rows.
void winograd_tile(const RowKernels& kernels, const Source& source, const Start& start,
                   const Tile& tile, const Target& target, float* scratch);
/// All phases of one row = start + 3x3 convolution of the upsampled source (TapForm::edges).
void edges_tile(const RowKernels& kernels, const Source& source, const Start& start,
                const Tile& tile, const Phases& phases, float* scratch);

}  // namespace dbnet::engine::cpu
