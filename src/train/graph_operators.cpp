#include "train/graph_operators.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <optional>

#include "engine/resize_axis.hpp"
#include "model/attributes.hpp"
#include "model/node_error.hpp"
#include "train/fused_layers.hpp"

namespace dbnet::train {
namespace {

using model::Dims;
using model::Op;
using torch::Tensor;
using Values = std::vector<Value>;

/// What the operators are written with: the settled inputs, and the numbers among them.
class Inputs {
public:
    explicit Inputs(const Call& call) : call_(call) {}

    const model::Node& node() const { return *call_.step.node; }
    bool has(std::size_t index) const {
        return index < node().inputs.size() && !node().inputs[index].empty();
    }
    const Tensor& operator[](std::size_t index) const {
        const Tensor& tensor = call_.inputs.at(index).tensor;
        if (!tensor.defined()) fail("input '", node().inputs[index], "' is not a known tensor");
        return tensor;
    }
    Tensor optional(std::size_t index) const {
        return index < call_.inputs.size() ? call_.inputs[index].tensor : Tensor();
    }
    Dims dims(std::size_t index = 0) const { return (*this)[index].sizes().vec(); }

    std::vector<std::int64_t> ints(std::size_t index) const {
        return has(index) ? model::integers(constant(index)) : std::vector<std::int64_t>{};
    }
    std::vector<float> floats(std::size_t index) const {
        if (!has(index)) return {};
        const model::Tensor values = constant(index).cast(model::DataType::f32);
        return {values.f32().begin(), values.f32().end()};
    }
    std::optional<float> scalar(std::size_t index) const {
        const std::vector<float> values = floats(index);
        if (values.empty()) return std::nullopt;
        return values.front();
    }

    template <typename... Args>
    [[noreturn]] void fail(const Args&... args) const {
        model::fail_node(ErrorCode::unsupported, node(), args...);
    }

private:
    const model::Tensor& constant(std::size_t index) const {
        const auto found = call_.known.find(node().inputs[index]);
        if (found == call_.known.end() || !found->second.is_constant)
            fail("input '", node().inputs[index], "' depends on the image, expected a constant");
        return found->second.constant;
    }

    const Call& call_;
};

using Elementwise = Tensor (*)(const Tensor&);
using Arithmetic = Tensor (*)(const Tensor&, const Tensor&);

template <Elementwise kFunction>
Values unary(const Call& call) {
    return {{kFunction(call.inputs[0].tensor), call.inputs[0].shuffles}};
}

/// The affine block behind the activation, if there is one, along with it.
template <Elementwise kFunction, Activation kActivation>
Values activation(const Call& call) {
    if (call.affine.empty()) return unary<kFunction>(call);
    const Value& x = call.inputs[0];
    return {{scaled_activation(x.tensor, kActivation, call.affine[0], call.affine[1]), x.shuffles}};
}

template <Arithmetic kFunction>
Values binary(const Call& call) {
    const Value& a = call.inputs[0];
    const Value& b = call.inputs[1];
    return {{kFunction(a.tensor, b.tensor), std::max(a.shuffles, b.shuffles)}};
}

Tensor add(const Tensor& a, const Tensor& b) { return a + b; }
Tensor sub(const Tensor& a, const Tensor& b) { return a - b; }
Tensor mul(const Tensor& a, const Tensor& b) { return a * b; }
Tensor div(const Tensor& a, const Tensor& b) { return a / b; }
Tensor pow(const Tensor& a, const Tensor& b) { return at::pow(a, b); }
Tensor erf(const Tensor& x) { return x.erf(); }
Tensor exp(const Tensor& x) { return x.exp(); }
Tensor identity(const Tensor& x) { return x; }
Tensor reciprocal(const Tensor& x) { return x.reciprocal(); }
Tensor relu(const Tensor& x) { return x.relu(); }
Tensor sigmoid(const Tensor& x) { return x.sigmoid(); }
Tensor sqrt(const Tensor& x) { return x.sqrt(); }
Tensor hard_swish(const Tensor& x) { return at::hardswish(x); }

/// The joined step adds its own map to the product.
Values multiply(const Call& call) {
    for (const std::size_t side : {0, 1}) {
        const Value& map = call.inputs[side];
        const Tensor& gate = call.inputs[1 - side].tensor;
        if (is_gate(gate.sizes().vec(), map.tensor.sizes().vec()))
            return {{gated(map.tensor, gate, call.residual.tensor.defined()), map.shuffles}};
    }
    return binary<mul>(call);
}

/// The module chooses among floating-point types.
Values cast(const Call& call) {
    const model::DataType type = model::cast_type(*call.step.node);
    using model::DataType;
    if (type != DataType::f32 && type != DataType::f16 && type != DataType::bf16 &&
        type != DataType::f64)
        Inputs(call).fail("a map cannot be trained through as ", to_string(type));
    return {call.inputs[0]};
}

Values hard_sigmoid(const Call& call) {
    const auto attributes = model::hard_sigmoid_attributes(*call.step.node);
    const Value& x = call.inputs[0];
    return {{(x.tensor * attributes.alpha + attributes.beta).clamp(0, 1), x.shuffles}};
}

Values gelu(const Call& call) {
    const Value& x = call.inputs[0];
    const char* how = model::gelu_uses_tanh(*call.step.node) ? "tanh" : "none";
    return {{at::gelu(x.tensor, how), x.shuffles}};
}

Values leaky_relu(const Call& call) {
    const Value& x = call.inputs[0];
    return {{at::leaky_relu(x.tensor, model::leaky_relu_alpha(*call.step.node)), x.shuffles}};
}

Values clip(const Call& call) {
    const Inputs in(call);
    Tensor y = call.inputs[0].tensor;
    if (const auto low = in.scalar(1)) y = y.clamp_min(*low);
    if (const auto high = in.scalar(2)) y = y.clamp_max(*high);
    return {{y, call.inputs[0].shuffles}};
}

Values batch_normalization(const Call& call) {
    const Inputs in(call);
    const BatchNorm layer{
        .scale = in[1],
        .bias = in[2],
        .mean = in[3],
        .variance = in[4],
        .epsilon = static_cast<double>(model::normalization_epsilon(in.node())),
        .momentum = 1 - static_cast<double>(in.node().get_float("momentum", 0.9f)),
        .training = call.training};
    Activation activation = Activation::none;
    if (call.step.activation != nullptr)
        activation =
            call.step.activation->op == Op::Relu ? Activation::relu : Activation::hard_swish;
    return {{batch_norm(layer, in[0], call.residual.tensor, activation), call.inputs[0].shuffles}};
}

/// Pads the spatial extents of [N, C, ...]; negative widths crop.
Tensor padded(const Tensor& x, const Dims& begin, const Dims& end, double value) {
    Dims widths;
    for (std::size_t axis = begin.size(); axis-- > 0;) {
        widths.push_back(begin[axis]);
        widths.push_back(end[axis]);
    }
    const bool none = std::all_of(widths.begin(), widths.end(), [](auto w) { return w == 0; });
    return none ? x : at::constant_pad_nd(x, widths, value);
}

Tensor doubled(const Tensor& x, int times = 1) {
    const std::int64_t factor = std::int64_t{1} << times;
    return at::upsample_nearest2d(x, {x.size(2) * factor, x.size(3) * factor});
}

/// The taps of a kernel of three (along `axis`) on a map where each element stands twice, as taps
/// on its elements: for the second copy of one and the first copy of the next, [2, ..., 2, ...].
Tensor taps_on_pairs(const Tensor& kernel, std::int64_t axis) {
    const auto w = kernel.unbind(axis);
    return torch::stack(
        {torch::stack({w[0] + w[1], w[2]}, axis), torch::stack({w[0], w[1] + w[2]}, axis)});
}

/// fine + a 3x3 convolution of the doubled map, without doubling it: the four pixels around each
/// corner of x see 2x2 pixels of x, which is a 2x2 convolution to four times the channels.
Tensor add_conv_of_doubled(const Tensor& fine, const Tensor& x, const Tensor& weight) {
    const std::int64_t out = weight.size(0);
    const Tensor rows = taps_on_pairs(weight.to(torch::kFloat32), 2);
    const Tensor kernel = taps_on_pairs(rows, 4)
                              .transpose(0, 1)
                              .reshape({4 * out, weight.size(1), 2, 2})
                              .to(weight.scalar_type());
    return add_corner_pixels(fine, at::conv2d(x, kernel, {}, 1, 1));
}

/// One square kernel for each channel, the same step and padding on all sides.
bool is_depthwise(const model::ConvAttributes& attributes, const Tensor& weight) {
    const model::Window& w = attributes.window;
    return attributes.group > 1 && attributes.group == weight.size(0) && weight.size(1) == 1 &&
           w.kernel.size() == 2 && w.kernel[0] == w.kernel[1] && w.strides[0] == w.strides[1] &&
           w.dilations == Dims{1, 1} && w.pads_begin == w.pads_end &&
           w.pads_begin[0] == w.pads_begin[1];
}

/// conv3x3(double(coarse) + conv1x1(fine)): the two convolutions of `fine` are one, whose kernel is
/// the product of theirs.
Values conv_of_merged(const Call& call) {
    const Inputs in(call);
    const Tensor& outer = in[1];
    const Tensor& inner = call.lateral[1].tensor;
    const std::int64_t out = outer.size(0);
    const Tensor taps = outer.to(torch::kFloat32).permute({0, 2, 3, 1}).flatten(0, 2);
    const Tensor kernel = at::matmul(taps, inner.to(torch::kFloat32).flatten(1))
                              .reshape({out, 3, 3, inner.size(1)})
                              .permute({0, 3, 1, 2})
                              .to(outer.scalar_type());
    const Tensor fine = at::conv2d(call.lateral[0].settled(), kernel, in.optional(2), 1, 1);
    return {add_conv_of_doubled(fine, call.residual.settled(), outer)};
}

Values conv(const Call& call) {
    const Inputs in(call);
    if (call.step.lateral != nullptr) return conv_of_merged(call);
    const Value& input = call.inputs[0];
    Dims dims = in.dims(0);
    if (input.coarse.defined()) {
        const std::int64_t coarse = input.coarse.size(1);
        dims[1] += coarse;
        if (is_same_3x3(model::conv_attributes(in.node(), dims, in.dims(1)))) {
            const Tensor fine = at::conv2d(in[0], in[1].slice(1, coarse), in.optional(2), 1, 1);
            return {add_conv_of_doubled(fine, input.coarse, in[1].slice(1, 0, coarse))};
        }
    }
    Tensor x = input.settled();
    const auto attributes = model::conv_attributes(in.node(), x.sizes().vec(), in.dims(1));
    const model::Window& window = attributes.window;
    Dims pads = window.pads_begin;
    if (is_depthwise(attributes, in[1]))
        return {depthwise_conv(x, in[1], in.optional(2), window.strides[0], pads[0])};
    if (pads != window.pads_end) {
        x = padded(x, pads, window.pads_end, 0);
        std::fill(pads.begin(), pads.end(), 0);
    }
    return {at::convolution(x, in[1], in.optional(2), window.strides, pads, window.dilations, false,
                            Dims(pads.size(), 0), attributes.group)};
}

/// A transposed convolution whose windows do not overlap: one pixel makes 2x2.
bool is_doubling(const model::ConvAttributes& attributes, const Dims& input) {
    const Dims two{2, 2};
    const model::Window& w = attributes.window;
    return attributes.group == 1 && w.kernel == two && w.strides == two &&
           w.dilations == Dims{1, 1} && w.pads_begin == Dims{0, 0} && input.size() == 4 &&
           w.output == Dims{2 * input[2], 2 * input[3]};
}

/// As a 1x1 convolution to the four pixels' channels, which are left where they fall.
Value double_pixels(const Value& x, const Tensor& weight, Tensor bias) {
    const std::int64_t in = weight.size(0);
    const std::int64_t out = weight.size(1);
    const Tensor kernel = weight.permute({2, 3, 1, 0}).reshape({4 * out, in, 1, 1});
    if (bias.defined()) bias = bias.repeat({4});
    const Tensor y = at::conv2d(x.tensor, kernel, bias).permute({0, 2, 3, 1});
    const Tensor pixels = y.reshape({y.size(0), y.size(1), 4 * y.size(2), out});
    return {pixels.permute({0, 3, 1, 2}), x.shuffles + 1};
}

Values conv_transpose(const Call& call) {
    const Inputs in(call);
    const Tensor bias = in.optional(2);
    const bool pixelwise = call.inputs[0].doublings == 0 && !call.inputs[0].coarse.defined();
    if (pixelwise &&
        is_doubling(model::conv_transpose_attributes(in.node(), in.dims(0), in.dims(1)),
                    in.dims(0)))
        return {double_pixels(call.inputs[0], in[1], bias)};
    const Tensor x = call.inputs[0].settled();
    const auto [window, group] =
        model::conv_transpose_attributes(in.node(), x.sizes().vec(), in.dims(1));
    const std::size_t rank = window.kernel.size();
    const Dims zeros(rank, 0);
    const Tensor whole =
        at::convolution(x, in[1], {}, window.strides, zeros, window.dilations, true, zeros, group);
    Dims begin(rank);
    Dims end(rank);
    for (std::size_t i = 0; i < rank; ++i) {
        begin[i] = -window.pads_begin[i];
        end[i] = window.output[i] - whole.size(static_cast<std::int64_t>(i) + 2) - begin[i];
    }
    const Tensor y = padded(whole, begin, end, 0);
    if (!bias.defined()) return {y};
    Dims shape(rank + 2, 1);
    shape[1] = bias.size(0);
    return {y + bias.view(shape)};
}

struct PoolPads {
    Dims begin;
    Dims end;  ///< so that the last window just fits
};

PoolPads pool_pads(const model::Window& window, const Dims& input) {
    PoolPads pads{window.pads_begin, Dims(window.kernel.size())};
    for (std::size_t i = 0; i < pads.end.size(); ++i)
        pads.end[i] = (window.output[i] - 1) * window.strides[i] +
                      window.dilations[i] * (window.kernel[i] - 1) + 1 - input[i + 2] -
                      pads.begin[i];
    return pads;
}

Values max_pool(const Call& call) {
    const Inputs in(call);
    if (in.node().outputs.size() > 1) in.fail("indices are not supported");
    const model::Window window = model::pool_attributes(in.node(), in.dims()).window;
    if (window.kernel.size() != 2) in.fail("only maps of two dimensions are supported");
    const bool simple = window.pads_begin == window.pads_end &&
                        window.pads_begin[0] <= window.kernel[0] / 2 &&
                        window.pads_begin[1] <= window.kernel[1] / 2;
    if (simple) {
        Tensor y = at::max_pool2d(in[0], window.kernel, window.strides, window.pads_begin,
                                  window.dilations);
        if (y.size(2) == window.output[0] && y.size(3) == window.output[1]) return {y};
    }
    const PoolPads pads = pool_pads(window, in.dims());
    const Tensor x = padded(in[0], pads.begin, pads.end, -std::numeric_limits<double>::infinity());
    return {at::max_pool2d(x, window.kernel, window.strides, {0, 0}, window.dilations)};
}

/// The mean over the window, and over the elements that count in it.
Values average_pool(const Call& call) {
    const Inputs in(call);
    const auto [window, count_padding] = model::pool_attributes(in.node(), in.dims());
    if (window.kernel.size() != 2 || window.dilations != Dims{1, 1})
        in.fail("only maps of two dimensions without dilation are supported");
    const PoolPads pads = pool_pads(window, in.dims());
    const auto mean = [&](const Tensor& x) {
        return at::avg_pool2d(padded(x, pads.begin, pads.end, 0), window.kernel, window.strides);
    };
    Tensor counted = torch::ones({1, 1, in[0].size(2), in[0].size(3)}, in[0].options());
    if (count_padding) {
        counted = padded(counted, window.pads_begin, window.pads_end, 1);
        const PoolPads beyond = pool_pads(window, counted.sizes().vec());
        Dims end = beyond.end;
        for (std::size_t i = 0; i < end.size(); ++i) end[i] += window.pads_begin[i];
        counted = at::avg_pool2d(padded(counted, {0, 0}, end, 0), window.kernel, window.strides);
    } else {
        counted = mean(counted);
    }
    return {mean(in[0]) / counted};
}

Values global_average_pool(const Call& call) {
    const Inputs in(call);
    if (in[0].dim() == 4) return {train::global_average_pool(in[0])};
    Dims axes(in.dims().size() - 2);
    std::iota(axes.begin(), axes.end(), 2);
    return {in[0].mean(axes, true)};
}

Values reduce_mean(const Call& call) {
    const Inputs in(call);
    const auto attributes = model::reduce_attributes(in.node(), in.dims(), in.ints(1));
    if (attributes.axes.empty()) return {in[0]};
    const Dims axes(attributes.axes.begin(), attributes.axes.end());
    if (in[0].dim() == 4 && axes == Dims{2, 3})
        return {train::global_average_pool(in[0]).reshape(attributes.output)};
    return {in[0].mean(axes, true).reshape(attributes.output)};
}

/// Takes each element of an axis from two others, or from four.
Tensor resized(const Tensor& x, std::int64_t axis, const engine::ResizeAxis& places) {
    const auto taken = [&](const std::vector<std::int64_t>& from) {
        return x.index_select(axis, torch::tensor(from, torch::kInt64).to(x.device()));
    };
    Dims shape(static_cast<std::size_t>(x.dim()), 1);
    shape[static_cast<std::size_t>(axis)] = -1;
    const auto shares = [&](const std::vector<float>& weights) {
        return torch::tensor(weights).to(x.options()).view(shape);
    };
    if (!places.places.empty()) {
        Tensor sum;
        for (std::size_t tap = 0; tap < 4; ++tap) {
            std::vector<std::int64_t> from;
            std::vector<float> weights;
            for (const auto& four : places.places) from.push_back(four[tap]);
            for (const auto& four : places.weights) weights.push_back(four[tap]);
            const Tensor part = taken(from) * shares(weights);
            sum = tap == 0 ? part : sum + part;
        }
        return sum;
    }
    const Tensor near = taken(places.low);
    if (std::all_of(places.weight.begin(), places.weight.end(), [](float w) { return w == 0; }))
        return near;
    return near + (taken(places.high) - near) * shares(places.weight);
}

Values resize(const Call& call) {
    const Inputs in(call);
    const Dims dims = in.dims();
    const auto attributes = model::resize_attributes(in.node(), dims, in.floats(2), in.ints(3));
    Value result = in[0];
    result.doublings = doublings(attributes, dims);
    if (result.doublings > 0) return {result};
    const auto axes = engine::resize_axes(attributes, dims);
    for (std::size_t i = 0; i < axes.size(); ++i)
        if (attributes.output[i] != dims[i])
            result.tensor = resized(result.tensor, static_cast<std::int64_t>(i), axes[i]);
    return {result};
}

/// The levels of a feature pyramid: some that are doubled in front of some that are not. The former
/// are brought to half of the result's extents.
std::optional<Value> pyramid(const std::vector<Value>& levels) {
    const auto is_fine = [](const Value& level) { return level.doublings == 0; };
    const auto fine = std::find_if(levels.begin(), levels.end(), is_fine);
    const bool mixed =
        fine != levels.begin() && fine != levels.end() && std::all_of(fine, levels.end(), is_fine);
    if (!mixed) return std::nullopt;
    std::vector<Tensor> coarse;
    for (auto level = levels.begin(); level != fine; ++level)
        coarse.push_back(level->doublings > 1 ? doubled(level->tensor, level->doublings - 1)
                                              : level->tensor);
    std::vector<Tensor> rest;
    for (auto level = fine; level != levels.end(); ++level) rest.push_back(level->settled());
    Value result = at::cat(rest, 1);
    result.coarse = at::cat(coarse, 1);
    return result;
}

Values concat(const Call& call) {
    const Inputs in(call);
    const std::size_t axis = model::axis_attribute(in.node(), in.dims().size());
    if (axis == 1)
        if (const auto levels = pyramid(call.inputs)) return {*levels};
    std::vector<Tensor> parts;
    for (const Value& input : call.inputs) parts.push_back(input.settled());
    return {at::cat(parts, static_cast<std::int64_t>(axis))};
}

Values split(const Call& call) {
    const Inputs in(call);
    const auto attributes = model::split_attributes(in.node(), in.dims(), in.ints(1));
    Values parts;
    for (const Tensor& part :
         in[0].split_with_sizes(attributes.sizes, static_cast<std::int64_t>(attributes.axis)))
        parts.emplace_back(part);
    return parts;
}

Values slice(const Call& call) {
    const Inputs in(call);
    const auto ranges =
        model::slice_ranges(in.node(), in.dims(), in.ints(1), in.ints(2), in.ints(3), in.ints(4));
    Tensor y = in[0];
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        const auto axis = static_cast<std::int64_t>(i);
        const auto [start, step, count] = ranges[i];
        if (step > 0) {
            y = y.slice(axis, start, start + (count - 1) * step + 1, step);
        } else {
            const Tensor order = start + step * torch::arange(count, torch::kInt64);
            y = y.index_select(axis, order.to(y.device()));
        }
    }
    return {y};
}

/// The element that stands at `place` when the axis is mirrored at, or repeats, its ends.
std::int64_t source_of(std::int64_t place, std::int64_t extent, model::PadMode mode) {
    if (mode == model::PadMode::edge) return std::clamp<std::int64_t>(place, 0, extent - 1);
    if (extent == 1) return 0;
    const std::int64_t period = 2 * (extent - 1);
    place = (place % period + period) % period;
    return std::min(place, period - place);
}

Values pad(const Call& call) {
    const Inputs in(call);
    const Dims dims = in.dims();
    const auto attributes = model::pad_attributes(in.node(), dims, in.ints(1), in.ints(3));
    if (attributes.mode == model::PadMode::constant)
        return {padded(in[0], attributes.begin, attributes.end,
                       static_cast<double>(in.scalar(2).value_or(0)))};
    Tensor y = in[0];
    for (std::size_t i = 0; i < dims.size(); ++i) {
        if (attributes.begin[i] == 0 && attributes.end[i] == 0) continue;
        std::vector<std::int64_t> order(static_cast<std::size_t>(attributes.output[i]));
        for (std::size_t k = 0; k < order.size(); ++k)
            order[k] = source_of(static_cast<std::int64_t>(k) - attributes.begin[i], dims[i],
                                 attributes.mode);
        y = y.index_select(static_cast<std::int64_t>(i),
                           torch::tensor(order, torch::kInt64).to(y.device()));
    }
    return {y};
}

Values gather(const Call& call) {
    const Inputs in(call);
    const std::size_t axis = model::axis_attribute(in.node(), in.dims().size());
    std::vector<std::int64_t> indices = in.ints(1);
    Dims output = in.dims();
    for (std::int64_t& index : indices) index += index < 0 ? output[axis] : 0;
    const Dims shape = call.known.at(in.node().inputs[1]).dims;
    const auto place = output.erase(output.begin() + static_cast<std::ptrdiff_t>(axis));
    output.insert(place, shape.begin(), shape.end());
    const Tensor order = torch::tensor(indices, torch::kInt64).to(in[0].device());
    return {in[0].index_select(static_cast<std::int64_t>(axis), order).reshape(output)};
}

Values flatten(const Call& call) {
    const Inputs in(call);
    return {in[0].reshape(model::flatten_dims(in.node(), in.dims()))};
}

Values reshape(const Call& call) {
    const Inputs in(call);
    return {in[0].reshape(model::reshape_dims(in.node(), in.dims(), in.ints(1)))};
}

Values squeeze(const Call& call) {
    const Inputs in(call);
    return {in[0].reshape(model::squeeze_dims(in.node(), in.dims(), in.ints(1)))};
}

Values unsqueeze(const Call& call) {
    const Inputs in(call);
    return {in[0].reshape(model::unsqueeze_dims(in.node(), in.dims(), in.ints(1)))};
}

Values transpose(const Call& call) {
    const Inputs in(call);
    const auto order = model::transpose_permutation(in.node(), in.dims().size());
    return {in[0].permute(Dims(order.begin(), order.end()))};
}

Values softmax(const Call& call) {
    const Inputs in(call);
    const std::size_t axis = model::axis_attribute(in.node(), in.dims().size());
    return {in[0].softmax(static_cast<std::int64_t>(axis))};
}

Values matmul(const Call& call) {
    const Inputs in(call);
    return {at::matmul(in[0], in[1])};
}

Values gemm(const Call& call) {
    const Inputs in(call);
    const auto attributes = model::gemm_attributes(in.node(), in.dims(0), in.dims(1));
    const Tensor a = attributes.trans_a ? in[0].t() : in[0];
    const Tensor b = attributes.trans_b ? in[1].t() : in[1];
    Tensor y = at::matmul(a, b);
    if (attributes.alpha != 1) y = y * attributes.alpha;
    return {in.has(2) ? y + in[2] * attributes.beta : y};
}

/// How an operator stands to the order of the pixels.
enum class Pixels {
    alone,       ///< works on each by itself
    by_itself,   ///< decides by itself what it needs
    neighbours,  ///< needs them where they belong
};

struct Mapping {
    Op op;
    Values (*function)(const Call&);
    Pixels pixels = Pixels::neighbours;
};

constexpr std::array kMappings = {
    Mapping{Op::Add, binary<add>, Pixels::alone},
    Mapping{Op::AveragePool, average_pool},
    Mapping{Op::BatchNormalization, batch_normalization, Pixels::alone},
    Mapping{Op::Cast, cast, Pixels::alone},
    Mapping{Op::Clip, clip, Pixels::alone},
    Mapping{Op::Concat, concat, Pixels::by_itself},
    Mapping{Op::Conv, conv, Pixels::by_itself},
    Mapping{Op::ConvTranspose, conv_transpose, Pixels::by_itself},
    Mapping{Op::Div, binary<div>, Pixels::alone},
    Mapping{Op::Erf, unary<erf>, Pixels::alone},
    Mapping{Op::Exp, unary<exp>, Pixels::alone},
    Mapping{Op::Flatten, flatten},
    Mapping{Op::Gather, gather},
    Mapping{Op::Gelu, gelu, Pixels::alone},
    Mapping{Op::Gemm, gemm},
    Mapping{Op::GlobalAveragePool, global_average_pool},
    Mapping{Op::HardSigmoid, hard_sigmoid, Pixels::alone},
    Mapping{Op::HardSwish, activation<hard_swish, Activation::hard_swish>, Pixels::alone},
    Mapping{Op::Identity, unary<identity>, Pixels::alone},
    Mapping{Op::LeakyRelu, leaky_relu, Pixels::alone},
    Mapping{Op::MatMul, matmul},
    Mapping{Op::MaxPool, max_pool},
    Mapping{Op::Mul, multiply, Pixels::alone},
    Mapping{Op::Pad, pad},
    Mapping{Op::Pow, binary<pow>, Pixels::alone},
    Mapping{Op::Reciprocal, unary<reciprocal>, Pixels::alone},
    Mapping{Op::ReduceMean, reduce_mean},
    Mapping{Op::Relu, activation<relu, Activation::relu>, Pixels::alone},
    Mapping{Op::Reshape, reshape},
    Mapping{Op::Resize, resize},
    Mapping{Op::Sigmoid, unary<sigmoid>, Pixels::alone},
    Mapping{Op::Slice, slice},
    Mapping{Op::Softmax, softmax},
    Mapping{Op::Split, split},
    Mapping{Op::Sqrt, unary<sqrt>, Pixels::alone},
    Mapping{Op::Squeeze, squeeze},
    Mapping{Op::Sub, binary<sub>, Pixels::alone},
    Mapping{Op::Transpose, transpose},
    Mapping{Op::Unsqueeze, unsqueeze},
};

const Mapping* find_mapping(Op op) {
    const auto* found = std::find_if(kMappings.begin(), kMappings.end(),
                                     [op](const Mapping& mapping) { return mapping.op == op; });
    return found == kMappings.end() ? nullptr : found;
}

/// Whether the value has no extents in the plane, so that it meets all pixels alike.
bool is_per_channel(const Tensor& tensor) {
    const std::int64_t rank = tensor.dim();
    return rank < 2 ? tensor.numel() == 1 : tensor.size(rank - 1) * tensor.size(rank - 2) == 1;
}

/// Settles all maps unless the operator works on single pixels and all maps are in one order.
void settle(Call& call, Pixels pixels) {
    if (pixels == Pixels::by_itself) return;
    std::vector<Value*> maps;
    const bool batch_norm = call.step.node->op == Op::BatchNormalization;
    for (std::size_t i = 0; i < (batch_norm ? 1 : call.inputs.size()); ++i)
        maps.push_back(&call.inputs[i]);
    maps.push_back(&call.residual);
    std::erase_if(maps, [](const Value* value) {
        return !value->tensor.defined() || is_per_channel(value->tensor);
    });
    const bool same = std::all_of(maps.begin(), maps.end(), [&](const Value* value) {
        return value->shuffles == maps.front()->shuffles && value->doublings == 0 &&
               !value->coarse.defined();
    });
    if (pixels == Pixels::alone && same) return;
    for (Value* value : maps) *value = value->settled();
}

/// What follows a convolution channel by channel, done to its kernel and bias in f32.
void absorb_affine(Call& call) {
    const std::int64_t axis = call.step.node->op == Op::ConvTranspose ? 1 : 0;
    call.inputs.resize(3);
    Tensor& kernel = call.inputs[1].tensor;
    Tensor& bias = call.inputs[2].tensor;
    Dims shape(static_cast<std::size_t>(kernel.dim()), 1);
    shape[static_cast<std::size_t>(axis)] = -1;
    for (std::size_t i = 0; i < call.affine.size(); ++i) {
        const Tensor values = call.affine[i].reshape({-1});
        if (call.step.affine[i].op == Op::Mul) {
            kernel = kernel * values.view(shape);
            if (bias.defined()) bias = bias * values;
        } else {
            bias = bias.defined() ? bias + values : values.expand({kernel.size(axis)});
        }
    }
    const auto type = call.inputs[0].tensor.scalar_type();
    kernel = kernel.to(type);
    if (bias.defined()) bias = bias.to(type);
}

}  // namespace

Tensor Value::settled() const {
    if (doublings > 0) return doubled(tensor, doublings);
    if (coarse.defined()) return at::cat({doubled(coarse), tensor}, 1);
    if (shuffles == 0) return tensor;
    // [N, h, w, 2, 2, 2, 2, ..., C]: pairs of (row, column), the coarsest first.
    const std::int64_t n = tensor.size(0);
    const std::int64_t c = tensor.size(1);
    const std::int64_t side = std::int64_t{1} << shuffles;
    const std::int64_t h = tensor.size(2);
    const std::int64_t w = tensor.size(3) / (side * side);
    Dims split{n, h, w};
    Dims rows{0, 1};
    Dims columns{2};
    for (int i = 0; i < shuffles; ++i) {
        rows.push_back(3 + 2 * i);
        columns.push_back(4 + 2 * i);
        split.insert(split.end(), {2, 2});
    }
    split.push_back(c);
    Dims order = rows;
    order.insert(order.end(), columns.begin(), columns.end());
    order.push_back(static_cast<std::int64_t>(split.size()) - 1);
    const Tensor pixels = tensor.permute({0, 2, 3, 1}).reshape(split).permute(order);
    return pixels.reshape({n, h * side, w * side, c}).permute({0, 3, 1, 2});
}

bool has_mapping(Op op) { return find_mapping(op) != nullptr; }

Values execute(Call call) {
    const Mapping* mapping = find_mapping(call.step.node->op);
    if (mapping == nullptr)
        model::fail_node(ErrorCode::unsupported, *call.step.node, "it cannot be trained through");
    settle(call, mapping->pixels);
    const Op op = call.step.node->op;
    if (!call.affine.empty() && (op == Op::Conv || op == Op::ConvTranspose)) absorb_affine(call);
    return mapping->function(call);
}

}  // namespace dbnet::train
