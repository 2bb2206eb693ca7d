#include "model/attributes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>

#include "core/error.hpp"
#include "model/node_error.hpp"
#include "model/operators.hpp"

namespace dbnet::model {
namespace {

constexpr std::int64_t kMaxExtent = std::int64_t{1} << 33;

/// Product of extents; negative when one of them is not known.
std::int64_t product(const Node& node, Integers extents) {
    std::int64_t result = 1;
    if (std::ranges::any_of(extents, [](std::int64_t extent) { return extent < 0; })) return -1;
    for (const std::int64_t extent : extents)
        if (__builtin_mul_overflow(result, extent, &result) || result > kMaxExtent)
            fail_node(ErrorCode::too_large, node, "more than ", kMaxExtent, " elements");
    return result;
}

std::size_t normalised_axis(const Node& node, std::int64_t axis, std::size_t rank) {
    const auto signed_rank = static_cast<std::int64_t>(rank);
    if (axis == kUnknownElement)
        fail_node(ErrorCode::unsupported, node, "the axes must be constant");
    if (axis < -signed_rank || axis >= signed_rank)
        fail_node(ErrorCode::malformed, node, "axis ", axis, " is not one of the ", rank,
                  " dimensions");
    return static_cast<std::size_t>(axis < 0 ? axis + signed_rank : axis);
}

/// The axes in 0..rank-1, in the given order; all dimensions where there are none.
std::vector<std::size_t> normalised_axes(const Node& node, Integers axes, std::size_t rank) {
    std::vector<std::size_t> result;
    std::vector<bool> seen(rank, false);
    for (const std::int64_t axis : axes) {
        result.push_back(normalised_axis(node, axis, rank));
        if (seen[result.back()]) fail_node(ErrorCode::malformed, node, "axis ", axis, " twice");
        seen[result.back()] = true;
    }
    return result;
}

std::vector<std::size_t> all_axes(std::size_t rank) {
    std::vector<std::size_t> axes(rank);
    std::iota(axes.begin(), axes.end(), std::size_t{0});
    return axes;
}

void check_length(const Node& node, std::string_view name, std::size_t length,
                  std::size_t expected) {
    if (length != expected)
        fail_node(ErrorCode::malformed, node, "'", name, "' has ", length, " elements; ", expected,
                  " expected");
}

/// The value whose name the attribute holds.
template <typename Value, std::size_t count>
Value choice(const Node& node, std::string_view attribute, std::string_view otherwise,
             const std::array<std::pair<std::string_view, Value>, count>& choices) {
    const std::string name = node.get_string(attribute, std::string(otherwise));
    std::string supported;
    for (const auto& [choice_name, value] : choices) {
        if (choice_name == name) return value;
        supported += core::concat(supported.empty() ? "" : ", ", choice_name);
    }
    fail_node(ErrorCode::unsupported, node, attribute, " '", name,
              "' is not supported (supported: ", supported, ")");
}

void require_default(const Node& node, std::string_view attribute) {
    if (node.get_int(attribute, 0) != 0)
        fail_node(ErrorCode::unsupported, node, attribute, " ", node.get_int(attribute, 0),
                  " is not supported (supported: 0)");
}

std::int64_t scaled_extent(const Node& node, std::int64_t extent, float scale) {
    if (extent < 0 || std::isnan(scale)) return -1;
    if (!(scale > 0) || !std::isfinite(scale))
        fail_node(ErrorCode::malformed, node, "scale ", scale, "; a positive number expected");
    const float scaled = std::floor(static_cast<float>(extent) * scale);
    if (!(scaled >= 1) || scaled > static_cast<float>(kMaxExtent))
        fail_node(ErrorCode::malformed, node, "scale ", scale, " makes ", scaled, " elements of ",
                  extent);
    return static_cast<std::int64_t>(scaled);
}

void resize_axis(const Node& node, std::size_t axis, std::int64_t extent, std::int64_t size,
                 ResizeAttributes& attributes) {
    if (size == kUnknownElement) return;
    if (size < 1 || size > kMaxExtent)
        fail_node(ErrorCode::malformed, node, "size ", size, "; a positive number expected");
    attributes.output[axis] = size;
    if (extent > 0) attributes.scales[axis] = static_cast<float>(size) / static_cast<float>(extent);
}

constexpr std::array<std::pair<std::string_view, ResizeMode>, 3> kResizeModes = {
    {{"nearest", ResizeMode::nearest},
     {"linear", ResizeMode::linear},
     {"cubic", ResizeMode::cubic}}};
constexpr std::array<std::pair<std::string_view, ResizeCoordinates>, 5> kResizeCoordinates = {
    {{"half_pixel", ResizeCoordinates::half_pixel},
     {"half_pixel_symmetric", ResizeCoordinates::half_pixel_symmetric},
     {"pytorch_half_pixel", ResizeCoordinates::pytorch_half_pixel},
     {"align_corners", ResizeCoordinates::align_corners},
     {"asymmetric", ResizeCoordinates::asymmetric}}};
constexpr std::array<std::pair<std::string_view, ResizeRounding>, 4> kResizeRoundings = {
    {{"round_prefer_floor", ResizeRounding::round_prefer_floor},
     {"round_prefer_ceil", ResizeRounding::round_prefer_ceil},
     {"floor", ResizeRounding::floor},
     {"ceil", ResizeRounding::ceil}}};
constexpr std::array<std::pair<std::string_view, bool>, 2> kGeluApproximations = {
    {{"none", false}, {"tanh", true}}};
constexpr std::array<std::pair<std::string_view, bool>, 2> kDepthToSpaceModes = {
    {{"DCR", false}, {"CRD", true}}};
constexpr std::array<std::pair<std::string_view, int>, 1> kResizePolicies = {{{"stretch", 0}}};
constexpr std::array<std::pair<std::string_view, PadMode>, 3> kPadModes = {
    {{"constant", PadMode::constant}, {"reflect", PadMode::reflect}, {"edge", PadMode::edge}}};

/// What of Resize's attributes does not depend on extents.
ResizeAttributes resize_modes(const Node& node) {
    ResizeAttributes attributes;
    attributes.mode = choice(node, "mode", "nearest", kResizeModes);
    attributes.coordinates =
        choice(node, "coordinate_transformation_mode", "half_pixel", kResizeCoordinates);
    attributes.rounding = choice(node, "nearest_mode", "round_prefer_floor", kResizeRoundings);
    choice(node, "keep_aspect_ratio_policy", "stretch", kResizePolicies);
    require_default(node, "antialias");
    attributes.exclude_outside = node.get_int("exclude_outside", 0) != 0;
    attributes.cubic_coefficient = node.get_float("cubic_coeff_a", -0.75f);
    return attributes;
}

/// `position` of a slice's start or end, clamped to low..high.
std::int64_t clamp_position(std::int64_t position, std::int64_t extent, std::int64_t low,
                            std::int64_t high) {
    return std::clamp(position < 0 ? position + extent : position, low, high);
}

SliceRange slice_range(const Node& node, std::int64_t extent, std::int64_t start, std::int64_t end,
                       std::int64_t step) {
    if (step == 0) fail_node(ErrorCode::malformed, node, "a step is zero");
    const bool unknown =
        start == kUnknownElement || end == kUnknownElement || step == kUnknownElement || extent < 0;
    if (unknown) return {0, 1, -1};
    if (step > 0) {
        const std::int64_t first = clamp_position(start, extent, 0, extent);
        const std::int64_t last = clamp_position(end, extent, 0, extent);
        return {first, step, last > first ? (last - first - 1) / step + 1 : 0};
    }
    if (extent == 0) return {0, step, 0};
    const std::int64_t first = clamp_position(start, extent, 0, extent - 1);
    const std::int64_t last = clamp_position(end, extent, -1, extent - 1);
    return {first, step, first > last ? (first - last - 1) / -step + 1 : 0};
}

void pad_axis(const Node& node, std::size_t axis, std::int64_t extent, PadAttributes& attributes) {
    const std::int64_t begin = attributes.begin[axis];
    const std::int64_t end = attributes.end[axis];
    if (begin == kUnknownElement || end == kUnknownElement) {
        attributes.output[axis] = -1;
        return;
    }
    if (std::max(std::abs(begin), std::abs(end)) > kMaxExtent)
        fail_node(ErrorCode::too_large, node, "pads of ", begin, " and ", end, " elements");
    const std::int64_t smallest = std::min(begin, end);
    if (attributes.mode != PadMode::constant && smallest < 0)
        fail_node(ErrorCode::unsupported, node, "negative pads need mode 'constant'");
    if (extent < 0) return;
    if (attributes.mode == PadMode::reflect && std::max(begin, end) >= extent)
        fail_node(ErrorCode::malformed, node, "pads of ", begin, " and ", end,
                  " cannot be reflected from ", extent, " elements");
    attributes.output[axis] = extent + begin + end;
    if (extent + smallest < 0 || attributes.output[axis] < 1)
        fail_node(ErrorCode::malformed, node, "pads of ", begin, " and ", end, " leave nothing of ",
                  extent, " elements");
}

/// A Reshape entry by entry.
struct Reshaped {
    Dims left;   ///< extents of the input, 1 where a zero copied them
    Dims fixed;  ///< extents of the output that were not copied
    Dims output;
    std::optional<std::size_t> open;  ///< the entry -1
};

void reshape_entry(const Node& node, const Dims& input, std::int64_t entry, Reshaped& result) {
    const std::size_t index = result.output.size();
    if (entry == kUnknownElement) {
        entry = -1;
        result.fixed.push_back(-1);
    } else if (entry == 0 && node.get_int("allowzero", 0) == 0) {
        if (index >= input.size())
            fail_node(ErrorCode::malformed, node, "shape entry ", index,
                      " copies a dimension that input ", to_string(input), " does not have");
        entry = input[index];
        result.left[index] = 1;
    } else if (entry == -1) {
        if (result.open) fail_node(ErrorCode::malformed, node, "two entries of the shape are -1");
        result.open = index;
    } else {
        if (entry < 0 || entry > kMaxExtent)
            fail_node(ErrorCode::malformed, node, "shape entry ", entry);
        result.fixed.push_back(entry);
    }
    result.output.push_back(entry);
}

}  // namespace

std::vector<std::int64_t> integers(const Tensor& tensor) {
    if (tensor.type() != DataType::i32 && tensor.type() != DataType::i64)
        core::fail(ErrorCode::internal, "a tensor of type ", to_string(tensor.type()),
                   " used as integers");
    const Tensor wide = tensor.cast(DataType::i64);
    std::vector<std::int64_t> elements(wide.i64().begin(), wide.i64().end());
    // The smallest integer, which only a Slice may mean ("to the beginning"), stands for unknown.
    for (std::int64_t& element : elements) element = std::max(element, kUnknownElement + 1);
    return elements;
}

float normalization_epsilon(const Node& node) {
    const float epsilon = node.get_float("epsilon", 1e-5f);
    if (!(epsilon >= 0))
        fail_node(ErrorCode::malformed, node, "epsilon ", epsilon, "; 0 or more expected");
    return epsilon;
}

float elu_alpha(const Node& node) { return node.get_float("alpha", 1); }

float leaky_relu_alpha(const Node& node) { return node.get_float("alpha", 0.01f); }

bool gelu_uses_tanh(const Node& node) {
    return choice(node, "approximate", "none", kGeluApproximations);
}

HardSigmoidAttributes hard_sigmoid_attributes(const Node& node) {
    const HardSigmoidAttributes defaults;
    return {node.get_float("alpha", defaults.alpha), node.get_float("beta", defaults.beta)};
}

GemmAttributes gemm_attributes(const Node& node, const Dims& a, const Dims& b) {
    if (a.size() != 2 || b.size() != 2)
        fail_node(ErrorCode::malformed, node, "matrices expected, not ", to_string(a), " and ",
                  to_string(b));
    GemmAttributes attributes;
    attributes.alpha = node.get_float("alpha", 1);
    attributes.beta = node.get_float("beta", 1);
    attributes.trans_a = node.get_int("transA", 0) != 0;
    attributes.trans_b = node.get_int("transB", 0) != 0;
    attributes.m = a[attributes.trans_a ? 1 : 0];
    attributes.k = a[attributes.trans_a ? 0 : 1];
    attributes.n = b[attributes.trans_b ? 0 : 1];
    const std::int64_t rows = b[attributes.trans_b ? 1 : 0];
    if (attributes.k >= 0 && rows >= 0 && attributes.k != rows)
        fail_node(ErrorCode::malformed, node, "shapes ", to_string(a), " and ", to_string(b),
                  " cannot be multiplied");
    attributes.k = std::max(attributes.k, rows);
    return attributes;
}

Dims broadcast_dims(const Node& node, const Dims& a, const Dims& b) {
    const std::size_t rank = std::max(a.size(), b.size());
    Dims result(rank);
    for (std::size_t i = 0; i < rank; ++i) {
        const std::int64_t left = i + a.size() < rank ? 1 : a[i + a.size() - rank];
        const std::int64_t right = i + b.size() < rank ? 1 : b[i + b.size() - rank];
        if (left >= 0 && right >= 0 && left != right && left != 1 && right != 1)
            fail_node(ErrorCode::malformed, node, "shapes ", to_string(a), " and ", to_string(b),
                      " do not broadcast");
        // A known extent other than 1 wins over an unknown one, an unknown one over 1.
        if (left == 1 || right == 1)
            result[i] = left == 1 ? right : left;
        else
            result[i] = std::max(left, right);
    }
    return result;
}

Dims matmul_dims(const Node& node, const Dims& a, const Dims& b) {
    if (a.empty() || b.empty()) fail_node(ErrorCode::malformed, node, "an operand is a scalar");
    const std::int64_t inner_a = a.back();
    const std::int64_t inner_b = b.size() == 1 ? b[0] : b[b.size() - 2];
    if (inner_a >= 0 && inner_b >= 0 && inner_a != inner_b)
        fail_node(ErrorCode::malformed, node, "shapes ", to_string(a), " and ", to_string(b),
                  " cannot be multiplied");
    const auto leading = [](const Dims& dims) {
        return dims.size() < 3 ? Dims() : Dims(dims.begin(), dims.end() - 2);
    };
    Dims result = broadcast_dims(node, leading(a), leading(b));
    if (a.size() > 1) result.push_back(a[a.size() - 2]);
    if (b.size() > 1) result.push_back(b.back());
    return result;
}

ResizeAttributes resize_attributes(const Node& node, const Dims& input,
                                   std::span<const float> scales, Integers sizes) {
    if (!scales.empty() && !sizes.empty())
        fail_node(ErrorCode::malformed, node, "it has both scales and sizes; one of them expected");
    ResizeAttributes attributes = resize_modes(node);
    // Dimensions that `axes` leaves out keep their extents.
    attributes.output = input;
    attributes.scales.assign(input.size(), 1.f);
    const auto given = normalised_axes(node, node.get_ints("axes", {}), input.size());
    const auto axes = given.empty() ? all_axes(input.size()) : given;
    if (!scales.empty()) check_length(node, "scales", scales.size(), axes.size());
    if (!sizes.empty()) check_length(node, "sizes", sizes.size(), axes.size());
    for (std::size_t i = 0; i < axes.size(); ++i) {
        const std::size_t axis = axes[i];
        attributes.scales[axis] = scales.empty() ? std::nanf("") : scales[i];
        attributes.output[axis] = scaled_extent(node, input[axis], attributes.scales[axis]);
        if (!sizes.empty()) resize_axis(node, axis, input[axis], sizes[i], attributes);
    }
    return attributes;
}

PadAttributes pad_attributes(const Node& node, const Dims& input, Integers pads, Integers axes) {
    const auto padded =
        axes.empty() ? all_axes(input.size()) : normalised_axes(node, axes, input.size());
    check_length(node, "pads", pads.size(), 2 * padded.size());
    PadAttributes attributes{choice(node, "mode", "constant", kPadModes), Dims(input.size(), 0),
                             Dims(input.size(), 0), input};
    for (std::size_t i = 0; i < padded.size(); ++i) {
        attributes.begin[padded[i]] = pads[i];
        attributes.end[padded[i]] = pads[padded.size() + i];
        pad_axis(node, padded[i], input[padded[i]], attributes);
    }
    return attributes;
}

std::vector<SliceRange> slice_ranges(const Node& node, const Dims& input, Integers starts,
                                     Integers ends, Integers axes, Integers steps) {
    std::vector<std::size_t> sliced = normalised_axes(node, axes, input.size());
    if (axes.empty()) {
        sliced = all_axes(input.size());
        if (starts.size() < sliced.size()) sliced.resize(starts.size());
    }
    check_length(node, "starts", starts.size(), sliced.size());
    check_length(node, "ends", ends.size(), sliced.size());
    if (!steps.empty()) check_length(node, "steps", steps.size(), sliced.size());
    std::vector<SliceRange> ranges;
    for (const std::int64_t extent : input) ranges.push_back({0, 1, extent});
    for (std::size_t i = 0; i < sliced.size(); ++i)
        ranges[sliced[i]] =
            slice_range(node, input[sliced[i]], starts[i], ends[i], steps.empty() ? 1 : steps[i]);
    return ranges;
}

SplitAttributes split_attributes(const Node& node, const Dims& input, Integers sizes) {
    const auto count = static_cast<std::int64_t>(node.outputs.size());
    SplitAttributes attributes{axis_attribute(node, input.size()), {}};
    const std::int64_t extent = input[attributes.axis];
    if (node.get_int("num_outputs", count) != count)
        fail_node(ErrorCode::malformed, node, "num_outputs is ", node.get_int("num_outputs", 0),
                  ", but it has ", count, " outputs");
    if (sizes.empty()) {
        const std::int64_t part = extent < 0 ? -1 : (extent + count - 1) / count;
        attributes.sizes.assign(node.outputs.size(), part);
        if (extent >= 0) attributes.sizes.back() = extent - part * (count - 1);
    } else {
        check_length(node, "split", sizes.size(), node.outputs.size());
        for (const std::int64_t size : sizes)
            attributes.sizes.push_back(size == kUnknownElement ? -1 : size);
    }
    for (std::size_t i = 0; i < attributes.sizes.size(); ++i) {
        const bool unknown = sizes.empty() ? extent < 0 : sizes[i] == kUnknownElement;
        if (!unknown && (attributes.sizes[i] < 1 || attributes.sizes[i] > kMaxExtent))
            fail_node(ErrorCode::malformed, node, "output ", i, " would have ", attributes.sizes[i],
                      " elements along the axis");
    }
    const std::int64_t sum =
        std::accumulate(attributes.sizes.begin(), attributes.sizes.end(), std::int64_t{0});
    const bool known = std::ranges::none_of(attributes.sizes, [](auto size) { return size < 0; });
    if (known && extent >= 0 && sum != extent)
        fail_node(ErrorCode::malformed, node, "the parts have ", sum, " elements, the input ",
                  extent);
    return attributes;
}

ReduceAttributes reduce_attributes(const Node& node, const Dims& input, Integers axes) {
    ReduceAttributes attributes;
    attributes.axes = normalised_axes(node, axes, input.size());
    if (axes.empty() && node.get_int("noop_with_empty_axes", 0) == 0)
        attributes.axes = all_axes(input.size());
    std::ranges::sort(attributes.axes);
    const bool keep = node.get_int("keepdims", 1) != 0;
    for (std::size_t i = 0; i < input.size(); ++i) {
        const bool reduced = std::ranges::binary_search(attributes.axes, i);
        if (!reduced || keep) attributes.output.push_back(reduced ? 1 : input[i]);
    }
    return attributes;
}

DepthToSpaceAttributes depth_to_space_attributes(const Node& node, const Dims& input) {
    constexpr std::int64_t kMaxBlock = 1024;
    DepthToSpaceAttributes attributes;
    attributes.block = node.get_int("blocksize", 0);
    attributes.channels_first = choice(node, "mode", "DCR", kDepthToSpaceModes);
    if (attributes.block < 1 || attributes.block > kMaxBlock)
        fail_node(ErrorCode::malformed, node, "blocksize ", attributes.block, "; 1 to ", kMaxBlock,
                  " expected");
    const std::int64_t taps = attributes.block * attributes.block;
    if (input.size() != 4 || (input[1] >= 0 && input[1] % taps != 0))
        fail_node(ErrorCode::malformed, node, "input ", to_string(input),
                  "; [N, C, H, W] with a multiple of ", taps, " channels expected");
    attributes.output = input;
    if (input[1] >= 0) attributes.output[1] = input[1] / taps;
    for (const std::size_t axis : {2u, 3u})
        if (input[axis] >= 0) attributes.output[axis] = input[axis] * attributes.block;
    return attributes;
}

Dims expand_dims(const Node& node, const Dims& input, Integers shape) {
    Dims wanted;
    for (const std::int64_t extent : shape) {
        if (extent != kUnknownElement && (extent < 0 || extent > kMaxExtent))
            fail_node(ErrorCode::malformed, node, "shape entry ", extent);
        wanted.push_back(extent == kUnknownElement ? -1 : extent);
    }
    return broadcast_dims(node, input, wanted);
}

Dims reshape_dims(const Node& node, const Dims& input, Integers shape) {
    Reshaped result{input, {}, {}, {}};
    for (const std::int64_t entry : shape) reshape_entry(node, input, entry, result);
    const std::int64_t have = product(node, result.left);
    const std::int64_t need = product(node, result.fixed);
    if (have < 0 || need < 0) return result.output;
    const bool fits = result.open ? need > 0 && have % need == 0 : have == need;
    if (!fits)
        fail_node(ErrorCode::malformed, node, "input ", to_string(input), " cannot have the shape ",
                  to_string(Dims(shape.begin(), shape.end())));
    if (result.open) result.output[*result.open] = have / need;
    return result.output;
}

Dims flatten_dims(const Node& node, const Dims& input) {
    const auto rank = static_cast<std::int64_t>(input.size());
    std::int64_t axis = node.get_int("axis", 1);
    if (axis < -rank || axis > rank)
        fail_node(ErrorCode::malformed, node, "axis ", axis, " of ", rank, " dimensions");
    if (axis < 0) axis += rank;
    const auto split = static_cast<std::size_t>(axis);
    return {product(node, Integers(input).first(split)),
            product(node, Integers(input).subspan(split))};
}

Dims squeeze_dims(const Node& node, const Dims& input, Integers axes) {
    std::vector<bool> removed(input.size(), false);
    for (const std::size_t axis : normalised_axes(node, axes, input.size())) {
        if (input[axis] >= 0 && input[axis] != 1)
            fail_node(ErrorCode::malformed, node, "dimension ", axis, " of ", to_string(input),
                      " is not 1");
        removed[axis] = true;
    }
    Dims output;
    for (std::size_t i = 0; i < input.size(); ++i) {
        if (axes.empty() && input[i] < 0)
            fail_node(ErrorCode::unsupported, node, "without axes it needs known extents, not ",
                      to_string(input));
        if (!removed[i] && !(axes.empty() && input[i] == 1)) output.push_back(input[i]);
    }
    return output;
}

Dims unsqueeze_dims(const Node& node, const Dims& input, Integers axes) {
    const std::size_t rank = input.size() + axes.size();
    std::vector<bool> added(rank, false);
    for (const std::size_t axis : normalised_axes(node, axes, rank)) added[axis] = true;
    Dims output;
    auto next = input.begin();
    for (std::size_t i = 0; i < rank; ++i) output.push_back(added[i] ? 1 : *next++);
    return output;
}

std::vector<std::size_t> transpose_permutation(const Node& node, std::size_t rank) {
    Dims reversed(rank);
    for (std::size_t i = 0; i < rank; ++i) reversed[i] = static_cast<std::int64_t>(rank - 1 - i);
    const Dims permutation = node.get_ints("perm", reversed);
    check_length(node, "perm", permutation.size(), rank);
    return normalised_axes(node, permutation, rank);
}

std::size_t axis_attribute(const Node& node, std::size_t rank) {
    if (node.op == Op::Concat && !node.has("axis"))
        fail_node(ErrorCode::malformed, node, "'axis' is missing");
    const bool is_last = node.op == Op::Softmax || node.op == Op::LayerNormalization;
    return normalised_axis(node, node.get_int("axis", is_last ? -1 : 0), rank);
}

std::size_t quantization_axis(const Node& node, std::size_t rank) {
    return normalised_axis(node, node.get_int("axis", 1), rank);
}

ShapeRange shape_range(const Node& node, std::size_t rank) {
    const auto extent = static_cast<std::int64_t>(rank);
    const std::int64_t first = clamp_position(node.get_int("start", 0), extent, 0, extent);
    const std::int64_t last = clamp_position(node.get_int("end", extent), extent, 0, extent);
    return {static_cast<std::size_t>(first), static_cast<std::size_t>(std::max(first, last))};
}

DataType cast_type(const Node& node) {
    const auto type = data_type_from_onnx(node.get_int("to", 0));
    if (!type)
        fail_node(ErrorCode::unsupported, node, "element type ", node.get_int("to", 0),
                  " is not supported");
    return *type;
}

Tensor constant_of_shape_value(const Node& node) {
    const auto found = node.attributes.find("value");
    if (found == node.attributes.end()) return Tensor::of({1}, std::vector<float>{0.f});
    const Tensor* value = std::get_if<Tensor>(&found->second);
    if (value == nullptr || value->size() != 1)
        fail_node(ErrorCode::malformed, node, "'value' is not a tensor of one element");
    return *value;
}

}  // namespace dbnet::model
