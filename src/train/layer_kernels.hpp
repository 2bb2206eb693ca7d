#pragma once

#include <cstdint>

// Loops over the rows of channels-last maps, [rows, channels] with a row for each pixel, in f32 and
// bf16, with f32 arithmetic. They know nothing of LibTorch and of threads: a caller gives each
// thread its rows. Compiled for several instruction sets and chosen at run time.
namespace dbnet::train {

/// The upper half of a float.
struct Bf16 {
    std::uint16_t bits;
};

enum class Activation : std::uint8_t { none, relu, hard_swish };

/// Per channel: sums += sum of (x - shift), squares += sum of (x - shift)^2. A shift near the mean
/// keeps the variance exact.
template <typename T>
void add_moments(const T* x, std::int64_t rows, std::int64_t channels, const float* shift,
                 double* sums, double* squares);

/// y = activation(x * scale + offset + residual); `residual` may be null.
template <typename T>
void normalise(const T* x, const T* residual, std::int64_t rows, std::int64_t channels,
               const float* scale, const float* offset, Activation activation, T* y);

/// What the backward pass of normalise() starts from.
template <typename T>
struct NormaliseGradient {
    const T* dy;
    const T* x;
    const T* y;  ///< null: whether a relu lets through is computed from x; else y says it
    const float* scale;
    const float* offset;
    Activation activation;
};

/// With dz = dy * activation': per channel sums += sum of dz, products += sum of dz * (x - mean);
/// writes dz itself to `dz` unless it is null.
template <typename T>
void add_gradient_sums(const NormaliseGradient<T>& gradient, std::int64_t rows,
                       std::int64_t channels, const float* mean, double* sums, double* products,
                       T* dz);

/// dx = dz * by_dz + x * by_x + constant, each factor one per channel.
template <typename T>
void input_gradient(const NormaliseGradient<T>& gradient, std::int64_t rows, std::int64_t channels,
                    const float* by_dz, const float* by_x, const float* constant, T* dx);

/// y = scale * activation(x) + offset.
template <typename T>
void scale_activation(const T* x, std::int64_t count, float scale, float offset,
                      Activation activation, T* y);

/// dx = scale * dy * activation'(x); sums[0] += sum of dy * activation(x), sums[1] += sum of dy.
template <typename T>
void scaled_activation_gradient(const T* dy, const T* x, std::int64_t count, float scale,
                                Activation activation, T* dx, double* sums);

/// A depthwise convolution with a square kernel of `taps`.
struct DepthwiseShape {
    std::int64_t channels;
    std::int64_t taps;  ///< 3 or 5
    std::int64_t stride;
    std::int64_t padding;     ///< on all sides
    std::int64_t input_rows;  ///< of one image, as the columns
    std::int64_t input_columns;
    std::int64_t output_rows;
    std::int64_t output_columns;
};

/// The gradient of its weights, summed over output rows first..last-1 of all images' rows:
/// sums [taps, taps, channels] += sum of dy * (what the tap saw of x).
template <typename T>
void add_depthwise_sums(const DepthwiseShape& shape, const T* x, const T* dy, std::int64_t first,
                        std::int64_t last, float* sums);

/// One row of a map plus the same row of another one, of which each corner has four pixels:
/// `corners` [columns + 1, 4, channels] has for the corners of a row the two pixels of the row's
/// side first. sum[c] = fine[c] + corners[(c + 1) / 2, (c + 1) % 2], c < pixels = 2 columns.
template <typename T>
void add_corners(const T* fine, const T* corners, std::int64_t pixels, std::int64_t channels,
                 T* sum);

}  // namespace dbnet::train
