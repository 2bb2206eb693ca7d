#include "model/onnx_opsets.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "core/error.hpp"
#include "model/node_error.hpp"
#include "model/operators.hpp"

// The differences between opsets 7 to 23, as steps between neighbouring forms of an operator: each
// row of kSteps names the last opset of an older form, the function that lifts a node from it to
// the next form and the one that lowers a node to it. Reading an old file climbs all the steps of
// its operator, writing descends them. Source: the change log of the ONNX operators.
namespace dbnet::model {
namespace {

using Parameters = std::map<std::string, Tensor>;

template <typename... Args>
[[noreturn]] void refuse(ErrorCode code, const OnnxNode& node, const Args&... args) {
    core::fail(code, "node '", node.name, "' (", node.op, "): ", args...);
}

/// Removes an attribute and returns it; nullopt where the node does not have it.
template <typename T>
std::optional<T> take(OnnxNode& node, const std::string& name) {
    auto entry = node.attributes.extract(name);
    if (entry.empty()) return std::nullopt;
    if (T* value = std::get_if<T>(&entry.mapped())) return std::move(*value);
    refuse(ErrorCode::malformed, node, "attribute '", name, "' has the wrong type");
}

bool has_input(const OnnxNode& node, std::size_t index) {
    return node.inputs.size() > index && !node.inputs[index].empty();
}

void set_input(OnnxNode& node, std::size_t index, const std::string& value) {
    if (node.inputs.size() <= index) node.inputs.resize(index + 1);
    node.inputs[index] = value;
}

void trim_inputs(OnnxNode& node) {
    while (!node.inputs.empty() && node.inputs.back().empty()) node.inputs.pop_back();
}

/// Adds a constant for the node, named after it; returns the name.
std::string add_constant(Parameters& parameters, const OnnxNode& node, const std::string& role,
                         Tensor value) {
    std::string name = node.name + "/" + role;
    while (!parameters.emplace(name, value).second) name += '_';
    return name;
}

Tensor vector_of(std::span<const std::int64_t> values) {
    return Tensor::of({static_cast<std::int64_t>(values.size())}, values);
}

// An attribute of the older form that is input `index` of the newer one.

void integers_to_input(Graph& graph, OnnxNode& node, const std::string& name, std::size_t index) {
    if (const auto values = take<std::vector<std::int64_t>>(node, name))
        set_input(node, index, add_constant(graph.parameters, node, name, vector_of(*values)));
}

void float_to_input(Graph& graph, OnnxNode& node, const std::string& name, std::size_t index) {
    if (const auto value = take<float>(node, name))
        set_input(node, index, add_constant(graph.parameters, node, name, Tensor::scalar(*value)));
}

const Tensor& constant_input(const Parameters& parameters, const OnnxNode& node,
                             const std::string& name, std::size_t index) {
    const auto found = parameters.find(node.inputs[index]);
    if (found == parameters.end())
        refuse(ErrorCode::unsupported, node, "this opset needs a constant for '", name, "'");
    return found->second;
}

void input_to_integers(const Parameters& parameters, OnnxNode& node, const std::string& name,
                       std::size_t index) {
    if (!has_input(node, index)) return;
    const Tensor values = constant_input(parameters, node, name, index).cast(DataType::i64);
    node.attributes[name] = std::vector<std::int64_t>(values.i64().begin(), values.i64().end());
    node.inputs[index].clear();
}

void input_to_float(const Parameters& parameters, OnnxNode& node, const std::string& name,
                    std::size_t index) {
    if (!has_input(node, index)) return;
    const Tensor& value = constant_input(parameters, node, name, index);
    if (value.size() != 1) refuse(ErrorCode::malformed, node, "'", name, "' is not one number");
    node.attributes[name] = value.cast(DataType::f32).f32()[0];
    node.inputs[index].clear();
}

void lift_batch_normalization(Graph&, OnnxNode& node) {
    if (take<std::int64_t>(node, "spatial").value_or(1) != 1)
        refuse(ErrorCode::unsupported, node, "spatial 0 is not supported (supported: 1)");
    if (take<std::int64_t>(node, "training_mode").value_or(0) != 0)
        refuse(ErrorCode::unsupported, node, "training_mode 1 is not supported (supported: 0)");
}

/// `saturate` matters only for 8-bit floating-point numbers, which a Graph cannot hold.
void lift_cast(Graph&, OnnxNode& node) { take<std::int64_t>(node, "saturate"); }

void lift_clip(Graph& graph, OnnxNode& node) {
    float_to_input(graph, node, "min", 1);
    float_to_input(graph, node, "max", 2);
}

void lower_clip(Parameters& parameters, OnnxNode& node) {
    input_to_float(parameters, node, "min", 1);
    input_to_float(parameters, node, "max", 2);
}

void lift_dropout(Graph& graph, OnnxNode& node) {
    if (has_input(node, 2)) {
        const Tensor* training = graph.parameter(node.inputs[2]);
        if (training == nullptr || training->size() != 1 ||
            training->cast(DataType::i64).i64()[0] != 0)
            refuse(ErrorCode::unsupported, node, "training_mode must be a constant 0");
    }
    node.op = "Identity";
    node.inputs.resize(std::min<std::size_t>(node.inputs.size(), 1));
    node.outputs.resize(std::min<std::size_t>(node.outputs.size(), 1));
    node.attributes.clear();
}

void lower_flatten(Parameters&, OnnxNode& node) {
    const auto found = node.attributes.find("axis");
    if (found != node.attributes.end() && std::get<std::int64_t>(found->second) < 0)
        refuse(ErrorCode::unsupported, node, "a negative axis needs opset 11");
}

void lower_gemm(Parameters&, OnnxNode& node) {
    if (!has_input(node, 2))
        refuse(ErrorCode::unsupported, node, "this opset needs the input C (opset 11 does not)");
}

void lift_pad(Graph& graph, OnnxNode& node) {
    integers_to_input(graph, node, "pads", 1);
    float_to_input(graph, node, "value", 2);
}

void lower_pad(Parameters& parameters, OnnxNode& node) {
    input_to_integers(parameters, node, "pads", 1);
    input_to_float(parameters, node, "value", 2);
}

void lower_pad_axes(Parameters&, OnnxNode& node) {
    if (has_input(node, 3)) refuse(ErrorCode::unsupported, node, "'axes' needs opset 18");
}

void lift_axes(Graph& graph, OnnxNode& node) { integers_to_input(graph, node, "axes", 1); }

void lower_axes(Parameters& parameters, OnnxNode& node) {
    input_to_integers(parameters, node, "axes", 1);
}

/// Upsample before opset 9.
void lift_upsample(Graph& graph, OnnxNode& node) {
    if (const auto scales = take<std::vector<float>>(node, "scales"))
        set_input(node, 1,
                  add_constant(graph.parameters, node, "scales",
                               Tensor::of({static_cast<std::int64_t>(scales->size())},
                                          std::span<const float>(*scales))));
}

void lower_upsample(Parameters& parameters, OnnxNode& node) {
    const Tensor& scales = constant_input(parameters, node, "scales", 1);
    node.attributes["scales"] = std::vector<float>(scales.f32().begin(), scales.f32().end());
    node.inputs[1].clear();
}

/// Opset 10 and Upsample have the scales alone and map coordinates without an offset.
void lift_resize_scales(Graph&, OnnxNode& node) {
    if (node.inputs.size() == 2) node.inputs = {node.inputs[0], "", node.inputs[1]};
    node.attributes["coordinate_transformation_mode"] = "asymmetric";
    node.attributes["nearest_mode"] = "floor";
}

void lower_resize_scales(Parameters&, OnnxNode& node) {
    const bool nearest = take<std::string>(node, "nearest_mode").value_or("") == "floor" ||
                         node.attributes["mode"] == Attribute("linear");
    const auto coordinates = take<std::string>(node, "coordinate_transformation_mode");
    const bool scales = has_input(node, 2) && !has_input(node, 3);
    if (!nearest || coordinates != "asymmetric" || !scales)
        refuse(ErrorCode::unsupported, node,
               "this opset has it only with scales, asymmetric coordinates and rounding by floor");
    node.inputs = {node.inputs[0], node.inputs[2]};
}

/// Opsets 11 and 12 mark inputs that are left out by empty tensors, and newer files still do; the
/// region of interest and the extrapolation value matter only to tf_crop_and_resize, which is not
/// supported.
void lift_resize(Graph& graph, OnnxNode& node) {
    take<float>(node, "extrapolation_value");
    if (has_input(node, 1)) node.inputs[1].clear();
    for (std::size_t i = 2; i < node.inputs.size(); ++i) {
        const Tensor* constant = graph.parameter(node.inputs[i]);
        if (constant != nullptr && constant->size() == 0) node.inputs[i].clear();
    }
}

/// An attribute that matters to f16 and 8-bit floating-point numbers only, or to what is computed
/// beside the result.
void lift_layer_normalization(Graph&, OnnxNode& node) { take<std::int64_t>(node, "stash_type"); }

void lift_quantization(Graph&, OnnxNode& node) {
    take<std::int64_t>(node, "saturate");
    take<std::int64_t>(node, "precision");
    if (take<std::int64_t>(node, "block_size").value_or(0) != 0)
        refuse(ErrorCode::unsupported, node, "block_size is not supported (supported: 0)");
    if (const auto type = take<std::int64_t>(node, "output_dtype"); type.value_or(0) != 0)
        refuse(ErrorCode::unsupported, node, "output_dtype ", *type, " is not supported");
}

void lower_resize_inputs(Parameters& parameters, OnnxNode& node) {
    const Tensor empty = Tensor::of({0}, std::span<const float>());
    set_input(node, 1, add_constant(parameters, node, "roi", empty));
    if (!has_input(node, 2)) set_input(node, 2, add_constant(parameters, node, "scales", empty));
}

void lower_resize_coordinates(Parameters&, OnnxNode& node) {
    const auto mode = node.attributes.find("coordinate_transformation_mode");
    if (mode != node.attributes.end() && mode->second == Attribute("half_pixel_symmetric"))
        refuse(ErrorCode::unsupported, node, "half_pixel_symmetric needs opset 19");
}

void lift_slice(Graph& graph, OnnxNode& node) {
    integers_to_input(graph, node, "starts", 1);
    integers_to_input(graph, node, "ends", 2);
    integers_to_input(graph, node, "axes", 3);
}

void lower_slice(Parameters& parameters, OnnxNode& node) {
    if (has_input(node, 4)) refuse(ErrorCode::unsupported, node, "'steps' needs opset 10");
    input_to_integers(parameters, node, "starts", 1);
    input_to_integers(parameters, node, "ends", 2);
    input_to_integers(parameters, node, "axes", 3);
}

/// The older form normalises over all dimensions from the axis on, as if they were one.
void lift_softmax(Graph& graph, OnnxNode& node) {
    const auto found = node.attributes.find("axis");
    if (found != node.attributes.end() && found->second == Attribute(std::int64_t{-1})) return;
    const std::int64_t axis = take<std::int64_t>(node, "axis").value_or(1);
    const std::string shape = graph.add(Op::Shape, node.name + "/shape", node.inputs);
    const std::string flat =
        graph.add(Op::Flatten, node.name + "/flatten", node.inputs, {{"axis", axis}});
    node.inputs = {graph.add(Op::Softmax, node.name + "/softmax", {flat}), shape};
    node.op = "Reshape";
}

void lower_softmax(Parameters&, OnnxNode& node) {
    if (take<std::int64_t>(node, "axis").value_or(-1) != -1)
        refuse(ErrorCode::unsupported, node, "an axis other than -1 needs opset 13");
    node.attributes["axis"] = std::int64_t{-1};
}

void lift_split_sizes(Graph& graph, OnnxNode& node) { integers_to_input(graph, node, "split", 1); }

void lower_split_sizes(Parameters& parameters, OnnxNode& node) {
    input_to_integers(parameters, node, "split", 1);
}

void lift_split_count(Graph&, OnnxNode& node) {
    if (!has_input(node, 1))
        node.attributes["num_outputs"] = static_cast<std::int64_t>(node.outputs.size());
}

void lower_split_count(Parameters&, OnnxNode& node) { take<std::int64_t>(node, "num_outputs"); }

// Operators that are written with others.

/// The outputs of `node` from one more node.
void finish(OnnxNode& node, std::string op, std::vector<std::string> inputs) {
    node.op = std::move(op);
    node.inputs = std::move(inputs);
    node.attributes.clear();
}

void lift_sum(Graph& graph, OnnxNode& node) {
    if (node.inputs.size() < 2) return finish(node, "Identity", node.inputs);
    std::string sum = node.inputs[0];
    for (std::size_t i = 1; i + 1 < node.inputs.size(); ++i)
        sum = graph.add(Op::Add, core::concat(node.name, "/sum", i), {sum, node.inputs[i]});
    finish(node, "Add", {sum, node.inputs.back()});
}

void lift_greater_or_equal(Graph& graph, OnnxNode& node) {
    finish(node, "Not", {graph.add(Op::Less, node.name + "/less", node.inputs)});
}

void lift_less_or_equal(Graph& graph, OnnxNode& node) {
    finish(node, "Not", {graph.add(Op::Greater, node.name + "/greater", node.inputs)});
}

/// A convolution of quantised numbers: of what they stand for, and quantised again.
void lift_quantized_conv(Graph& graph, OnnxNode& node) {
    if (node.inputs.size() < 8)
        refuse(ErrorCode::malformed, node, "it has ", node.inputs.size(),
               " inputs; 8 or 9 expected");
    const std::vector<std::string> in = node.inputs;
    const std::string x = graph.add(Op::DequantizeLinear, node.name + "/x", {in[0], in[1], in[2]});
    const std::string w = graph.add(Op::DequantizeLinear, node.name + "/w", {in[3], in[4], in[5]},
                                    {{"axis", std::int64_t{0}}});
    std::vector<std::string> inputs = {x, w};
    if (has_input(node, 8)) {
        const std::string scale = graph.add(Op::Mul, node.name + "/bias scale", {in[1], in[4]});
        const std::string bias = graph.add(Op::Cast, node.name + "/bias as f32", {in[8]},
                                           {{"to", onnx_type_number(DataType::f32)}});
        inputs.push_back(graph.add(Op::Mul, node.name + "/bias", {bias, scale}));
    }
    const std::string y = graph.add(Op::Conv, node.name + "/conv", inputs, node.attributes);
    finish(node, "QuantizeLinear", {y, in[6], in[7]});
}

/// The deformable convolutions of mmcv and mmdeploy: input, offsets, masks if it is the modulated
/// one, weights, bias; ONNX has input, weights, offsets, bias, masks.
void lift_mm_deform_conv(Graph&, OnnxNode& node) {
    const bool modulated = node.op == "MMCVModulatedDeformConv2d";
    const std::size_t weights = modulated ? 3 : 2;
    if (node.inputs.size() <= weights)
        refuse(ErrorCode::malformed, node, "it has ", node.inputs.size(), " inputs; ", weights + 1,
               " expected");
    const std::vector<std::string> in = node.inputs;
    node.inputs = {in[0], in[weights], in[1], in.size() > weights + 1 ? in[weights + 1] : "",
                   modulated ? in[2] : ""};
    node.op = "DeformConv";
    std::map<std::string, Attribute> attributes;
    const auto rename = [&](const std::string& from, const char* to) {
        if (auto entry = node.attributes.extract(from); !entry.empty())
            attributes[to] = std::move(entry.mapped());
    };
    if (const auto padding = take<std::vector<std::int64_t>>(node, "padding")) {
        std::vector<std::int64_t> pads = *padding;
        pads.insert(pads.end(), padding->begin(), padding->end());
        attributes["pads"] = std::move(pads);
    }
    rename("stride", "strides");
    rename("dilation", "dilations");
    rename("groups", "group");
    rename("deform_groups", "offset_group");
    take<std::int64_t>(node, "im2col_step");
    attributes.merge(node.attributes);
    node.attributes = std::move(attributes);
}

void lift_nothing(Graph&, OnnxNode&) {}

/// Operators that are not in the table, by domain.
struct Composed {
    std::string_view domain;
    std::string_view op;
    void (*lift)(Graph&, OnnxNode&);
};

constexpr Composed kComposed[] = {
    {"", "GreaterOrEqual", lift_greater_or_equal},
    {"", "LessOrEqual", lift_less_or_equal},
    {"", "QLinearConv", lift_quantized_conv},
    {"", "Sum", lift_sum},
    {"com.microsoft", "Gelu", lift_nothing},
    {"mmcv", "MMCVDeformConv2d", lift_mm_deform_conv},
    {"mmcv", "MMCVModulatedDeformConv2d", lift_mm_deform_conv},
    {"mmdeploy", "MMCVDeformConv2d", lift_mm_deform_conv},
    {"mmdeploy", "MMCVModulatedDeformConv2d", lift_mm_deform_conv},
};

std::string_view domain_of(std::string_view domain) { return domain == "ai.onnx" ? "" : domain; }

const Composed* find_composed(std::string_view domain, std::string_view op) noexcept {
    const auto* found = std::ranges::find_if(kComposed, [&](const Composed& entry) {
        return entry.domain == domain_of(domain) && entry.op == op;
    });
    return found == std::end(kComposed) ? nullptr : found;
}

void lower_nothing(Parameters&, OnnxNode&) {}

struct Step {
    std::string_view op;
    int last_opset;  ///< of the older form
    void (*lift)(Graph&, OnnxNode&);
    void (*lower)(Parameters&, OnnxNode&);
};

/// For each operator, oldest first. Steps with kMaxOpset only clean up what files may contain.
constexpr Step kSteps[] = {
    {"BatchNormalization", kMaxOpset, lift_batch_normalization, lower_nothing},
    {"Cast", kMaxOpset, lift_cast, lower_nothing},
    {"Clip", 10, lift_clip, lower_clip},
    {"DequantizeLinear", kMaxOpset, lift_quantization, lower_nothing},
    {"Dropout", kMaxOpset, lift_dropout, lower_nothing},
    {"Flatten", 10, lift_nothing, lower_flatten},
    {"Gemm", 10, lift_nothing, lower_gemm},
    {"LayerNormalization", kMaxOpset, lift_layer_normalization, lower_nothing},
    {"Pad", 10, lift_pad, lower_pad},
    {"Pad", 17, lift_nothing, lower_pad_axes},
    {"QuantizeLinear", kMaxOpset, lift_quantization, lower_nothing},
    {"ReduceMax", 17, lift_axes, lower_axes},
    {"ReduceMean", 17, lift_axes, lower_axes},
    {"ReduceMin", 17, lift_axes, lower_axes},
    {"ReduceSum", 12, lift_axes, lower_axes},
    {"Resize", 8, lift_upsample, lower_upsample},
    {"Resize", 10, lift_resize_scales, lower_resize_scales},
    {"Resize", 12, lift_nothing, lower_resize_inputs},
    {"Resize", 18, lift_nothing, lower_resize_coordinates},
    {"Resize", kMaxOpset, lift_resize, lower_nothing},
    {"Slice", 9, lift_slice, lower_slice},
    {"Softmax", 12, lift_softmax, lower_softmax},
    {"Split", 12, lift_split_sizes, lower_split_sizes},
    {"Split", 17, lift_split_count, lower_split_count},
    {"Squeeze", 12, lift_axes, lower_axes},
    {"Unsqueeze", 12, lift_axes, lower_axes},
};

/// The value of a Constant node, whichever of its attributes holds it.
Tensor constant_value(OnnxNode& node) {
    if (auto value = take<Tensor>(node, "value")) return *std::move(value);
    if (const auto value = take<float>(node, "value_float")) return Tensor::scalar(*value);
    if (const auto value = take<std::int64_t>(node, "value_int")) return Tensor::scalar(*value);
    if (const auto values = take<std::vector<std::int64_t>>(node, "value_ints"))
        return vector_of(*values);
    if (const auto values = take<std::vector<float>>(node, "value_floats"))
        return Tensor::of({static_cast<std::int64_t>(values->size())},
                          std::span<const float>(*values));
    refuse(ErrorCode::unsupported, node, "its value must be value, value_float(s) or value_int(s)");
}

void add_constant_node(Graph& graph, OnnxNode& node) {
    if (node.outputs.size() != 1 || !node.inputs.empty())
        refuse(ErrorCode::malformed, node, "no input and one output expected");
    Tensor value = constant_value(node);
    if (!node.attributes.empty())
        refuse(ErrorCode::unsupported, node, "attribute '", node.attributes.begin()->first,
               "' is not supported");
    if (!graph.parameters.emplace(node.outputs[0], std::move(value)).second)
        refuse(ErrorCode::malformed, node, "output '", node.outputs[0],
               "' has the name of another value");
}

/// Whether leaving the attribute out means the same in opsets that do not have it.
bool is_default(const Attribute& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) return *number == 0;
    if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value))
        return std::ranges::all_of(*list, [](std::int64_t entry) { return entry == 1; });
    return value == Attribute("stretch");
}

void drop_younger_attributes(const OperatorInfo& info, int opset, OnnxNode& node) {
    std::erase_if(node.attributes, [&](const auto& entry) {
        const AttributeInfo* attribute = info.attribute(entry.first);
        if (attribute == nullptr || attribute->first_opset <= opset) return false;
        if (!is_default(entry.second))
            refuse(ErrorCode::unsupported, node, "attribute '", entry.first, "' needs opset ",
                   attribute->first_opset);
        return true;
    });
}

}  // namespace

bool is_known_operator(std::string_view domain, std::string_view op) noexcept {
    if (find_composed(domain, op) != nullptr) return true;
    return domain_of(domain).empty() &&
           (find_operator(op) != nullptr || op == "Upsample" || op == "Dropout");
}

void add_from_opset(Graph& graph, OnnxNode node, int opset) {
    if (node.op == "Constant") return add_constant_node(graph, node);
    const Composed* composed = find_composed(node.domain, node.op);
    if (composed != nullptr) composed->lift(graph, node);
    if (node.op == "Upsample" && opset <= 9) node.op = "Resize";
    for (const Step& step : kSteps)
        if (step.op == node.op && opset <= step.last_opset) step.lift(graph, node);
    const OperatorInfo* info = find_operator(node.op);
    if (info == nullptr)
        refuse(ErrorCode::unsupported, node,
               "the operator is not supported (supported: ", operator_names(), ")");
    if (info->first_opset > opset && composed == nullptr)
        refuse(ErrorCode::malformed, node, "the operator needs opset ", info->first_opset,
               ", the file has opset ", opset);
    trim_inputs(node);
    graph.nodes.push_back({std::move(node.name), info->op, std::move(node.inputs),
                           std::move(node.outputs), std::move(node.attributes)});
}

OnnxNode to_opset(const Node& node, int opset, std::map<std::string, Tensor>& parameters) {
    const OperatorInfo& info = operator_info(node.op);
    if (info.first_opset > opset)
        fail_node(ErrorCode::unsupported, node, "the operator needs opset ", info.first_opset,
                  "; the file is to have opset ", opset);
    OnnxNode lowered{node.name, std::string(info.name), node.inputs, node.outputs, node.attributes};
    for (auto step = std::rbegin(kSteps); step != std::rend(kSteps); ++step)
        if (step->op == info.name && opset <= step->last_opset) step->lower(parameters, lowered);
    drop_younger_attributes(info, opset, lowered);
    if (lowered.op == "Resize" && opset <= 9) lowered.op = "Upsample";
    trim_inputs(lowered);
    return lowered;
}

}  // namespace dbnet::model
