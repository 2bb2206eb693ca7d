#pragma once

#include <limits>
#include <span>
#include <vector>

#include "model/graph.hpp"

// What the operators' attributes and shape-like inputs mean: parsed, defaulted, validated and
// resolved against extents here and nowhere else; shape inference and all backends use it.
//
// Extents may be unknown (negative), then what depends on them is unknown (negative) as well.
// Elements of integer inputs may be unknown too (kUnknownElement); backends pass none such. All
// functions throw Error{malformed or unsupported}, naming node and operator.
namespace dbnet::model {

/// Stands for an element of an integer input whose value is not known yet.
inline constexpr std::int64_t kUnknownElement = std::numeric_limits<std::int64_t>::min();

using Integers = std::span<const std::int64_t>;

/// The elements of an i32 or i64 tensor; Error{internal} for another type.
std::vector<std::int64_t> integers(const Tensor& tensor);

/// A window that slides over the spatial extents; each member has one entry per spatial dimension.
struct Window {
    Dims kernel;
    Dims strides;
    Dims dilations;
    Dims pads_begin;  ///< auto_pad is resolved
    Dims pads_end;
    Dims output;  ///< spatial extents of the output
};

struct ConvAttributes {
    Window window;
    std::int64_t group = 1;
};

/// Conv: input [N, C, ...], weight [M, C / group, kernel...].
ConvAttributes conv_attributes(const Node& node, const Dims& input, const Dims& weight);

/// ConvTranspose: input [N, C, ...], weight [C, M / group, kernel...]. Input element i and kernel
/// element k meet in output element i * stride - pads_begin + k * dilation; output_padding and
/// output_shape are in window.output.
ConvAttributes conv_transpose_attributes(const Node& node, const Dims& input, const Dims& weight);

struct DeformConvAttributes {
    Window window;
    std::int64_t group = 1;
    std::int64_t offset_group = 1;
};

/// DeformConv: input [N, C, H, W], weight [M, C / group, kernel]. Tap k of the output element at
/// (y, x) reads the input at (y, x) * stride - pads_begin + k * dilation + offset, interpolated
/// between the four neighbours, which are zero outside the input. Offsets are [N, offset_group *
/// taps * 2 (y, x), output], masks [N, offset_group * taps, output].
DeformConvAttributes deform_conv_attributes(const Node& node, const Dims& input,
                                            const Dims& weight);

struct PoolAttributes {
    Window window;
    /// AveragePool divides by the elements of the window inside the padded input, not inside the
    /// input alone.
    bool count_include_pad = false;
};

/// MaxPool and AveragePool. With ceil_mode the last window may reach beyond the padded input, but
/// it starts inside the input or the padding before it.
PoolAttributes pool_attributes(const Node& node, const Dims& input);

/// Of the normalisations.
float normalization_epsilon(const Node& node);
float elu_alpha(const Node& node);
float leaky_relu_alpha(const Node& node);
/// Gelu with the approximation by tanh instead of the error function.
bool gelu_uses_tanh(const Node& node);

struct HardSigmoidAttributes {
    float alpha = 0.2f;
    float beta = 0.5f;
};
HardSigmoidAttributes hard_sigmoid_attributes(const Node& node);

/// Y = alpha * op(A) * op(B) + beta * C with op(A) [m, k] and op(B) [k, n].
struct GemmAttributes {
    float alpha = 1;
    float beta = 1;
    bool trans_a = false;
    bool trans_b = false;
    std::int64_t m = 0;
    std::int64_t k = 0;
    std::int64_t n = 0;
};
GemmAttributes gemm_attributes(const Node& node, const Dims& a, const Dims& b);

/// Extents of A x B; leading dimensions broadcast, a vector is a row (A) or a column (B).
Dims matmul_dims(const Node& node, const Dims& a, const Dims& b);

/// Extents of two operands broadcast against each other.
Dims broadcast_dims(const Node& node, const Dims& a, const Dims& b);

enum class ResizeMode : std::uint8_t { nearest, linear, cubic };
enum class ResizeCoordinates : std::uint8_t {
    half_pixel,
    half_pixel_symmetric,
    pytorch_half_pixel,
    align_corners,
    asymmetric
};
enum class ResizeRounding : std::uint8_t { round_prefer_floor, round_prefer_ceil, floor, ceil };

struct ResizeAttributes {
    ResizeMode mode = ResizeMode::nearest;
    ResizeCoordinates coordinates = ResizeCoordinates::half_pixel;
    ResizeRounding rounding = ResizeRounding::round_prefer_floor;  ///< for nearest
    float cubic_coefficient = -0.75f;
    bool exclude_outside = false;  ///< cubic: what lies outside has no weight
    std::vector<float> scales;     ///< one per dimension: output / input; NaN where not known
    Dims output;
};

/// Exactly one of `scales` and `sizes` is not empty (elements for all dimensions or for those of
/// the attribute axes); both empty means that neither is known yet.
ResizeAttributes resize_attributes(const Node& node, const Dims& input,
                                   std::span<const float> scales, Integers sizes);

enum class PadMode : std::uint8_t { constant, reflect, edge };

struct PadAttributes {
    PadMode mode = PadMode::constant;
    Dims begin;  ///< one per dimension; negative values crop; kUnknownElement where not known
    Dims end;
    Dims output;
};

/// `axes` empty: all dimensions.
PadAttributes pad_attributes(const Node& node, const Dims& input, Integers pads, Integers axes);

/// Elements start, start + step, ... of one dimension: `count` of them.
struct SliceRange {
    std::int64_t start = 0;
    std::int64_t step = 1;
    std::int64_t count = 0;
};

/// One range per dimension of the input. `axes` empty: the first ones; `steps` empty: 1.
std::vector<SliceRange> slice_ranges(const Node& node, const Dims& input, Integers starts,
                                     Integers ends, Integers axes, Integers steps);

struct SplitAttributes {
    std::size_t axis = 0;
    Dims sizes;  ///< extent of each output along the axis
};

/// `sizes` empty: equal parts (the last may be smaller if num_outputs is given).
SplitAttributes split_attributes(const Node& node, const Dims& input, Integers sizes);

struct ReduceAttributes {
    std::vector<std::size_t> axes;  ///< ascending
    Dims output;
};

/// ReduceMax, -Mean, -Min, -Sum. `axes` empty: all, or none with noop_with_empty_axes.
ReduceAttributes reduce_attributes(const Node& node, const Dims& input, Integers axes);

/// DepthToSpace: channels [block * block * C] (mode DCR) or [C * block * block] (CRD) to pixels.
struct DepthToSpaceAttributes {
    std::int64_t block = 1;
    bool channels_first = false;  ///< CRD
    Dims output;
};
DepthToSpaceAttributes depth_to_space_attributes(const Node& node, const Dims& input);

/// QuantizeLinear and DequantizeLinear: the axis along which a vector of scales lies.
std::size_t quantization_axis(const Node& node, std::size_t rank);

/// The input's extents broadcast with those that Expand asks for.
Dims expand_dims(const Node& node, const Dims& input, Integers shape);
Dims reshape_dims(const Node& node, const Dims& input, Integers shape);
Dims flatten_dims(const Node& node, const Dims& input);
/// `axes` empty: all dimensions of extent 1, which must then be known.
Dims squeeze_dims(const Node& node, const Dims& input, Integers axes);
Dims unsqueeze_dims(const Node& node, const Dims& input, Integers axes);
/// Output dimension i is input dimension permutation[i].
std::vector<std::size_t> transpose_permutation(const Node& node, std::size_t rank);

/// The attribute `axis` (default as ONNX has it: Concat none, Softmax and LayerNormalization -1,
/// others 0) in
/// 0..rank-1.
std::size_t axis_attribute(const Node& node, std::size_t rank);

/// Shape: dimensions first..last-1.
struct ShapeRange {
    std::size_t first = 0;
    std::size_t last = 0;
};
ShapeRange shape_range(const Node& node, std::size_t rank);

DataType cast_type(const Node& node);

/// ConstantOfShape's value: one element, f32 zero by default.
Tensor constant_of_shape_value(const Node& node);

}  // namespace dbnet::model
