#include "model/shape_inference.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "core/error.hpp"
#include "model/node_error.hpp"
#include "model/operators.hpp"
#include "model/shape_values.hpp"

// Types and extents of all values, in one pass over the sorted nodes. A rule per operator sets the
// extents of the outputs (their type is that of the first input unless the rule says otherwise);
// the meaning of attributes is in attributes.cpp, small values are followed in shape_values.cpp.
namespace dbnet::model {
namespace {

constexpr std::int64_t kMaxElementsOfValue = std::int64_t{1} << 33;

void set_unknown_rank(TrackedValue& value) {
    value.has_rank = false;
    value.dims.clear();
}

void same_shape(NodeCall& call) { call.out().dims = call.in(0).dims; }

/// Of any number of inputs from `first` on.
void broadcast(NodeCall& call, std::size_t first = 0) {
    call.out().dims = call.in(first).dims;
    for (std::size_t i = first + 1; i < call.inputs.size(); ++i)
        call.out().dims = broadcast_dims(call.node, call.out().dims, call.in(i).dims);
}

void compare(NodeCall& call) {
    broadcast(call);
    call.out().type = DataType::boolean;
}

void where(NodeCall& call) {
    broadcast(call);
    call.out().type = call.in(1).type;
}

void prelu(NodeCall& call) {
    same_shape(call);
    const Dims& slope = call.in(1).dims;
    const Dims both = broadcast_dims(call.node, call.in(0).dims, slope);
    if (both.size() != call.in(0).dims.size())
        fail_node(ErrorCode::malformed, call.node, "slope ", to_string(slope),
                  " does not broadcast to ", to_string(call.in(0).dims));
}

void check_vector(const NodeCall& call, std::size_t index, std::int64_t length) {
    if (!call.has(index)) return;
    const Dims& dims = call.in(index).dims;
    if (dims.size() != 1 || (length >= 0 && dims[0] >= 0 && dims[0] != length))
        fail_node(ErrorCode::malformed, call.node, "input ", index, " has shape ", to_string(dims),
                  "; ", to_string(Dims{length}), " expected");
}

void check_scalar(const NodeCall& call, std::size_t index) {
    if (!call.has(index)) return;
    const Dims& dims = call.in(index).dims;
    const bool one = std::ranges::all_of(dims, [](std::int64_t extent) { return extent == 1; });
    if (!one || dims.size() > 1)
        fail_node(ErrorCode::malformed, call.node, "input ", index, " has shape ", to_string(dims),
                  "; a scalar expected");
}

Dims with_channels(const Dims& input, std::int64_t channels, const Dims& spatial) {
    Dims dims = {input[0], channels};
    dims.insert(dims.end(), spatial.begin(), spatial.end());
    return dims;
}

/// Offsets or masks of a deformable convolution: [N, channels, output...].
void check_offsets(const NodeCall& call, std::size_t index, std::int64_t channels,
                   const Dims& output) {
    if (!call.has(index)) return;
    const Dims expected = with_channels(call.in(0).dims, channels, output);
    const Dims& dims = call.in(index).dims;
    bool fits = dims.size() == expected.size();
    for (std::size_t i = 0; fits && i < dims.size(); ++i)
        fits = dims[i] < 0 || expected[i] < 0 || dims[i] == expected[i];
    if (!fits)
        fail_node(ErrorCode::malformed, call.node, "input ", index, " has shape ", to_string(dims),
                  "; ", to_string(expected), " expected");
}

/// Scale and zero point: one for all numbers, or one per element of the axis.
void check_quantization(const NodeCall& call) {
    const Dims& scale = call.in(1).dims;
    const std::int64_t extent =
        scale.empty() || scale == Dims{1}
            ? 1
            : call.in(0).dims[quantization_axis(call.node, call.in(0).dims.size())];
    if (scale.size() == 1 && scale[0] >= 0 && extent >= 0 && scale[0] != extent)
        fail_node(ErrorCode::malformed, call.node, "the scale has shape ", to_string(scale), "; ",
                  extent, " elements expected");
    if (scale.size() > 1)
        fail_node(ErrorCode::unsupported, call.node, "the scale has shape ", to_string(scale),
                  "; a number or a vector is supported");
    if (call.has(2) && call.in(2).dims != scale)
        fail_node(ErrorCode::malformed, call.node, "the zero point has shape ",
                  to_string(call.in(2).dims), ", the scale ", to_string(scale));
}

void conv(NodeCall& call) {
    const Dims& weight = call.in(1).dims;
    const ConvAttributes attributes = conv_attributes(call.node, call.in(0).dims, weight);
    check_vector(call, 2, weight[0]);
    call.out().dims = with_channels(call.in(0).dims, weight[0], attributes.window.output);
}

void conv_transpose(NodeCall& call) {
    const Dims& weight = call.in(1).dims;
    const ConvAttributes attributes = conv_transpose_attributes(call.node, call.in(0).dims, weight);
    const std::int64_t channels = weight[1] * attributes.group;
    check_vector(call, 2, channels);
    call.out().dims = with_channels(call.in(0).dims, channels, attributes.window.output);
}

void deform_conv(NodeCall& call) {
    const Dims& weight = call.in(1).dims;
    const DeformConvAttributes attributes =
        deform_conv_attributes(call.node, call.in(0).dims, weight);
    check_vector(call, 3, weight[0]);
    const std::int64_t taps = attributes.offset_group * element_count(attributes.window.kernel);
    check_offsets(call, 2, 2 * taps, attributes.window.output);
    check_offsets(call, 4, taps, attributes.window.output);
    call.out().dims = with_channels(call.in(0).dims, weight[0], attributes.window.output);
}

void depth_to_space(NodeCall& call) {
    call.out().dims = depth_to_space_attributes(call.node, call.in(0).dims).output;
}

/// The number's type and that of the scale change places.
void dequantize(NodeCall& call) {
    check_quantization(call);
    same_shape(call);
    call.out().type = call.in(1).type;
}

void quantize(NodeCall& call) {
    check_quantization(call);
    same_shape(call);
    call.out().type = call.has(2) ? call.in(2).type : DataType::u8;
}

void instance_normalization(NodeCall& call) {
    normalization_epsilon(call.node);
    const Dims& dims = call.in(0).dims;
    if (dims.size() < 3)
        fail_node(ErrorCode::malformed, call.node, "input ", to_string(dims),
                  " has no spatial dimensions; [N, C, ...] expected");
    for (std::size_t i = 1; i < 3; ++i) check_vector(call, i, dims[1]);
    same_shape(call);
}

void layer_normalization(NodeCall& call) {
    normalization_epsilon(call.node);
    const Dims& dims = call.in(0).dims;
    const std::size_t axis = axis_attribute(call.node, dims.size());
    const Dims inner(dims.begin() + static_cast<std::ptrdiff_t>(axis), dims.end());
    for (std::size_t i = 1; i < 3; ++i)
        if (call.has(i) && broadcast_dims(call.node, inner, call.in(i).dims).size() != inner.size())
            fail_node(ErrorCode::malformed, call.node, "input ", i, " has shape ",
                      to_string(call.in(i).dims), "; ", to_string(inner), " expected");
    same_shape(call);
}

void expand(NodeCall& call) {
    check_vector(call, 1, -1);
    const auto shape = integer_input(call, 1);
    if (!shape) return set_unknown_rank(call.out());
    call.out().dims = expand_dims(call.node, call.in(0).dims, *shape);
}

void pool(NodeCall& call) {
    const Dims& input = call.in(0).dims;
    const PoolAttributes attributes = pool_attributes(call.node, input);
    call.out().dims = with_channels(input, input[1], attributes.window.output);
}

void global_pool(NodeCall& call) {
    Dims dims = call.in(0).dims;
    if (dims.size() < 3)
        fail_node(ErrorCode::malformed, call.node, "input ", to_string(dims),
                  " has no spatial dimensions; [N, C, ...] expected");
    std::fill(dims.begin() + 2, dims.end(), 1);
    call.out().dims = std::move(dims);
}

void batch_normalization(NodeCall& call) {
    normalization_epsilon(call.node);
    const Dims& dims = call.in(0).dims;
    if (dims.size() < 2)
        fail_node(ErrorCode::malformed, call.node, "input ", to_string(dims),
                  " has no channels; [N, C, ...] expected");
    for (std::size_t i = 1; i < 5; ++i) check_vector(call, i, dims[1]);
    call.out().dims = dims;
}

void cast(NodeCall& call) {
    call.out().type = cast_type(call.node);
    same_shape(call);
}

void clip(NodeCall& call) {
    check_scalar(call, 1);
    check_scalar(call, 2);
    same_shape(call);
}

void concat(NodeCall& call) {
    Dims dims = call.in(0).dims;
    const std::size_t axis = axis_attribute(call.node, dims.size());
    std::int64_t sum = 0;
    for (const TrackedValue* input : call.inputs) {
        if (input->dims.size() != dims.size())
            fail_node(ErrorCode::malformed, call.node, "inputs ", to_string(dims), " and ",
                      to_string(input->dims), " have different ranks");
        const std::int64_t extent = input->dims[axis];
        sum = sum < 0 || extent < 0 ? -1 : sum + extent;
        for (std::size_t i = 0; i < dims.size(); ++i) {
            if (i == axis) continue;
            if (dims[i] >= 0 && input->dims[i] >= 0 && dims[i] != input->dims[i])
                fail_node(ErrorCode::malformed, call.node, "inputs ", to_string(dims), " and ",
                          to_string(input->dims), " cannot be joined along axis ", axis);
            dims[i] = std::max(dims[i], input->dims[i]);
        }
    }
    dims[axis] = sum;
    call.out().dims = std::move(dims);
}

void constant(NodeCall& call) {
    const auto found = call.node.attributes.find("value");
    if (found == call.node.attributes.end())
        fail_node(ErrorCode::malformed, call.node, "'value' is missing");
    call.out() = constant_value(std::get<Tensor>(found->second));
}

void constant_of_shape(NodeCall& call) {
    call.out().type = constant_of_shape_value(call.node).type();
    const auto shape = integer_input(call, 0);
    if (!shape) return set_unknown_rank(call.out());
    for (const std::int64_t extent : *shape) {
        if (extent < 0 && extent != kUnknownElement)
            fail_node(ErrorCode::malformed, call.node, "the shape has the entry ", extent);
        call.out().dims.push_back(extent == kUnknownElement ? -1 : extent);
    }
}

void flatten(NodeCall& call) { call.out().dims = flatten_dims(call.node, call.in(0).dims); }

void gather(NodeCall& call) {
    const Dims& data = call.in(0).dims;
    const Dims& indices = call.in(1).dims;
    const auto axis = static_cast<std::ptrdiff_t>(axis_attribute(call.node, data.size()));
    Dims dims(data.begin(), data.begin() + axis);
    dims.insert(dims.end(), indices.begin(), indices.end());
    dims.insert(dims.end(), data.begin() + axis + 1, data.end());
    call.out().dims = std::move(dims);
}

void gemm(NodeCall& call) {
    const GemmAttributes attributes = gemm_attributes(call.node, call.in(0).dims, call.in(1).dims);
    call.out().dims = {attributes.m, attributes.n};
    if (!call.has(2)) return;
    const Dims& added = call.in(2).dims;
    const Dims both = broadcast_dims(call.node, call.out().dims, added);
    const bool grows = both.size() != 2 || (both[0] != attributes.m && attributes.m >= 0) ||
                       (both[1] != attributes.n && attributes.n >= 0);
    if (grows)
        fail_node(ErrorCode::malformed, call.node, "C has shape ", to_string(added),
                  ", which does not broadcast to ", to_string(call.out().dims));
}

void matmul(NodeCall& call) {
    call.out().dims = matmul_dims(call.node, call.in(0).dims, call.in(1).dims);
}

void pad(NodeCall& call) {
    check_scalar(call, 2);
    const auto pads = integer_input(call, 1);
    const auto axes = integer_input(call, 3);
    if (!pads || !axes) {
        call.out().dims.assign(call.in(0).dims.size(), -1);
        return;
    }
    call.out().dims = pad_attributes(call.node, call.in(0).dims, *pads, *axes).output;
}

void reduce(NodeCall& call) {
    const auto axes = integer_input(call, 1);
    if (!axes) return set_unknown_rank(call.out());
    call.out().dims = reduce_attributes(call.node, call.in(0).dims, *axes).output;
}

void reshape(NodeCall& call) {
    check_vector(call, 1, -1);
    const auto shape = integer_input(call, 1);
    if (!shape) return set_unknown_rank(call.out());
    call.out().dims = reshape_dims(call.node, call.in(0).dims, *shape);
}

void resize(NodeCall& call) {
    const auto scales = float_input(call, 2);
    const auto sizes = integer_input(call, 3);
    if (!call.has(2) && !call.has(3))
        fail_node(ErrorCode::malformed, call.node, "it has neither scales nor sizes");
    call.out().dims =
        resize_attributes(call.node, call.in(0).dims, scales.value_or(std::vector<float>()),
                          sizes.value_or(std::vector<std::int64_t>()))
            .output;
}

void shape(NodeCall& call) {
    const ShapeRange range = shape_range(call.node, call.in(0).dims.size());
    call.out().type = DataType::i64;
    call.out().dims = {static_cast<std::int64_t>(range.last - range.first)};
}

void slice(NodeCall& call) {
    const auto starts = integer_input(call, 1);
    const auto ends = integer_input(call, 2);
    const auto axes = integer_input(call, 3);
    const auto steps = integer_input(call, 4);
    if (!starts || !ends || !axes || !steps) {
        call.out().dims.assign(call.in(0).dims.size(), -1);
        return;
    }
    for (const SliceRange& range :
         slice_ranges(call.node, call.in(0).dims, *starts, *ends, *axes, *steps))
        call.out().dims.push_back(range.count);
}

void softmax(NodeCall& call) {
    axis_attribute(call.node, call.in(0).dims.size());
    same_shape(call);
}

void split(NodeCall& call) {
    const auto sizes = integer_input(call, 1);
    const Dims& input = call.in(0).dims;
    const std::vector<std::int64_t> unknown(call.outputs.size(), kUnknownElement);
    const SplitAttributes attributes =
        split_attributes(call.node, input, sizes ? Integers(*sizes) : Integers(unknown));
    for (std::size_t i = 0; i < call.outputs.size(); ++i) {
        call.outputs[i].dims = input;
        call.outputs[i].dims[attributes.axis] = attributes.sizes[i];
    }
}

void squeeze(NodeCall& call) {
    const auto axes = integer_input(call, 1);
    const Dims& input = call.in(0).dims;
    const bool open = axes && axes->empty() &&
                      std::ranges::any_of(input, [](std::int64_t extent) { return extent < 0; });
    if (!axes || open) return set_unknown_rank(call.out());
    call.out().dims = squeeze_dims(call.node, input, *axes);
}

void transpose(NodeCall& call) {
    const Dims& input = call.in(0).dims;
    for (const std::size_t axis : transpose_permutation(call.node, input.size()))
        call.out().dims.push_back(input[axis]);
}

void unsqueeze(NodeCall& call) {
    const auto axes = integer_input(call, 1);
    if (!axes) return set_unknown_rank(call.out());
    call.out().dims = unsqueeze_dims(call.node, call.in(0).dims, *axes);
}

void apply_rule(NodeCall& call) {
    switch (call.node.op) {
        case Op::Add:
        case Op::Div:
        case Op::Max:
        case Op::Min:
        case Op::Mul:
        case Op::Pow:
        case Op::Sub: return broadcast(call);
        case Op::And:
        case Op::Equal:
        case Op::Greater:
        case Op::Less:
        case Op::Or: return compare(call);
        case Op::DeformConv: return deform_conv(call);
        case Op::DepthToSpace: return depth_to_space(call);
        case Op::DequantizeLinear: return dequantize(call);
        case Op::Expand: return expand(call);
        case Op::InstanceNormalization: return instance_normalization(call);
        case Op::LayerNormalization: return layer_normalization(call);
        case Op::PRelu: return prelu(call);
        case Op::QuantizeLinear: return quantize(call);
        case Op::Where: return where(call);
        case Op::AveragePool:
        case Op::MaxPool: return pool(call);
        case Op::BatchNormalization: return batch_normalization(call);
        case Op::Cast: return cast(call);
        case Op::Clip: return clip(call);
        case Op::Concat: return concat(call);
        case Op::Constant: return constant(call);
        case Op::ConstantOfShape: return constant_of_shape(call);
        case Op::Conv: return conv(call);
        case Op::ConvTranspose: return conv_transpose(call);
        case Op::Flatten: return flatten(call);
        case Op::Gather: return gather(call);
        case Op::Gemm: return gemm(call);
        case Op::GlobalAveragePool: return global_pool(call);
        case Op::MatMul: return matmul(call);
        case Op::Pad: return pad(call);
        case Op::ReduceMax:
        case Op::ReduceMean:
        case Op::ReduceMin:
        case Op::ReduceSum: return reduce(call);
        case Op::Reshape: return reshape(call);
        case Op::Resize: return resize(call);
        case Op::Shape: return shape(call);
        case Op::Slice: return slice(call);
        case Op::Softmax: return softmax(call);
        case Op::Split: return split(call);
        case Op::Squeeze: return squeeze(call);
        case Op::Transpose: return transpose(call);
        case Op::Unsqueeze: return unsqueeze(call);
        case Op::Abs:
        case Op::Ceil:
        case Op::Elu:
        case Op::Erf:
        case Op::Exp:
        case Op::Floor:
        case Op::Gelu:
        case Op::HardSigmoid:
        case Op::HardSwish:
        case Op::Identity:
        case Op::LeakyRelu:
        case Op::Mish:
        case Op::Neg:
        case Op::Not:
        case Op::Reciprocal:
        case Op::Relu:
        case Op::Round:
        case Op::Sigmoid:
        case Op::Softplus:
        case Op::Sqrt:
        case Op::Tanh: return same_shape(call);
    }
}

/// The type of the output where the rule may not be applied for want of a rank.
DataType type_without_rank(const NodeCall& call) {
    switch (call.node.op) {
        case Op::And:
        case Op::Equal:
        case Op::Greater:
        case Op::Less:
        case Op::Or: return DataType::boolean;
        case Op::DequantizeLinear:
        case Op::Where: return call.in(1).type;
        case Op::QuantizeLinear: return call.has(2) ? call.in(2).type : DataType::u8;
        case Op::Shape: return DataType::i64;
        default: break;
    }
    if (call.node.op == Op::Cast) return cast_type(call.node);
    if (call.node.op == Op::ConstantOfShape) return constant_of_shape_value(call.node).type();
    return call.in(0).type;
}

bool fits(DataType type, char letter) {
    const bool floating = type == DataType::f32 || type == DataType::f16 ||
                          type == DataType::bf16 || type == DataType::f64;
    switch (letter) {
        case 'B': return type == DataType::boolean;
        case 'F': return floating;
        case 'N': return type != DataType::boolean;
        case 'Q': return is_quantized(type);
        case 'S': return type == DataType::f32;
        case 'L': return type == DataType::i64;
        case 'I': return type == DataType::i64 || type == DataType::i32;
        default: return true;
    }
}

/// Against the letters of the operator table.
void check_types(const NodeCall& call) {
    const OperatorInfo& info = operator_info(call.node.op);
    std::array<const TrackedValue*, 3> firsts{};  // numbers, T, Q
    for (std::size_t i = 0; i < call.inputs.size(); ++i) {
        if (!call.has(i)) continue;
        const char letter = info.input_type(i);
        const DataType type = call.in(i).type;
        if (!fits(type, letter))
            fail_node(ErrorCode::unsupported, call.node, "input ", i, " has type ",
                      to_string(type));
        const bool is_number = letter == 'F' || letter == 'N';
        if (!is_number && letter != 'T' && letter != 'Q') continue;
        const TrackedValue*& first = firsts[is_number ? 0 : letter == 'T' ? 1 : 2];
        if (first == nullptr) first = call.inputs[i];
        if (first->type != type)
            fail_node(ErrorCode::malformed, call.node, "inputs have types ", to_string(first->type),
                      " and ", to_string(type));
    }
}

/// Absurd sizes. Integer values may be empty (a slice of a shape), data may not.
void check_extents(const Node& node, const TrackedValue& value, bool must_be_static) {
    if (value.dims.size() > kMaxRank)
        fail_node(ErrorCode::unsupported, node, "its output has ", value.dims.size(),
                  " dimensions; at most ", kMaxRank, " are supported");
    bool known = value.has_rank;
    for (const std::int64_t extent : value.dims) {
        known = known && extent >= 0;
        if (extent > kMaxElementsOfValue)
            fail_node(ErrorCode::too_large, node, "its output has shape ", to_string(value.dims));
    }
    if (must_be_static && !known)
        fail_node(ErrorCode::unsupported, node,
                  "the shape of its output depends on values that only a run can know");
    if (!known) return;
    try {
        const std::int64_t count = element_count(value.dims, kMaxElementsOfValue);
        if (count == 0 && value.type != DataType::i64 && value.type != DataType::i32)
            fail_node(ErrorCode::malformed, node, "its output has shape ", to_string(value.dims),
                      ": nothing is left");
    } catch (const Error& error) {
        fail_node(error.code(), node, "its output: ", error.what());
    }
}

class Inference {
public:
    Inference(const Graph& graph, const std::vector<Dims>& inputs) : graph_(graph) {
        for (const auto& [name, tensor] : graph.parameters)
            values_.emplace(name, constant_value(tensor));
        if (!inputs.empty() && inputs.size() != graph.inputs.size())
            core::fail(ErrorCode::invalid_argument, "extents of ", inputs.size(),
                       " inputs given; the graph has ", graph.inputs.size());
        for (std::size_t i = 0; i < graph.inputs.size(); ++i)
            add_input(graph.inputs[i], inputs.empty() ? graph.inputs[i].dims : inputs[i]);
    }

    InferredValues run() {
        for (const Node& node : graph_.nodes) infer(node);
        InferredValues result;
        for (auto& [name, value] : values_) result.emplace(name, std::move(value));
        return result;
    }

private:
    void add_input(const ValueInfo& input, const Dims& dims) {
        bool fits = dims.size() == input.dims.size();
        for (std::size_t i = 0; fits && i < dims.size(); ++i)
            fits = dims[i] != 0 && dims[i] <= kMaxElementsOfValue &&
                   (dims[i] < 0 || input.dims[i] < 0 || dims[i] == input.dims[i]);
        if (!fits)
            core::fail(ErrorCode::invalid_argument, "input '", input.name, "' cannot have shape ",
                       to_string(dims), "; it is declared as ", to_string(input.dims));
        TrackedValue value;
        value.type = input.type;
        value.dims = dims;
        for (std::int64_t& extent : value.dims) {
            extent = std::max<std::int64_t>(extent, -1);
            is_static_ = is_static_ && extent >= 0;
        }
        values_.emplace(input.name, std::move(value));
    }

    const TrackedValue* find(const Node& node, const std::string& name) const {
        if (name.empty()) return nullptr;
        const auto found = values_.find(name);
        if (found == values_.end())
            fail_node(ErrorCode::malformed, node, "input '", name,
                      "' is not computed before the node, nor is it a parameter");
        return &found->second;
    }

    void infer(const Node& node) {
        NodeCall call{node, {}, std::vector<TrackedValue>(node.outputs.size())};
        bool ranks_known = true;
        for (const std::string& input : node.inputs) {
            call.inputs.push_back(find(node, input));
            ranks_known = ranks_known && (input.empty() || call.inputs.back()->has_rank);
        }
        check_types(call);
        for (TrackedValue& output : call.outputs)
            output.type = call.has(0) ? call.in(0).type : DataType::f32;
        if (ranks_known) {
            apply_rule(call);
            compute_elements(call);
        } else {
            for (TrackedValue& output : call.outputs) {
                output.type = type_without_rank(call);
                set_unknown_rank(output);
            }
        }
        for (std::size_t i = 0; i < node.outputs.size(); ++i) {
            check_extents(node, call.outputs[i], is_static_);
            values_.emplace(node.outputs[i], std::move(call.outputs[i]));
        }
    }

    const Graph& graph_;
    std::unordered_map<std::string, TrackedValue> values_;
    bool is_static_ = true;
};

}  // namespace

InferredValues infer_shapes(const Graph& graph, const std::vector<Dims>& inputs) {
    return Inference(graph, inputs).run();
}

}  // namespace dbnet::model
