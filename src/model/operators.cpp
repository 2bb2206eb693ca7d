#include "model/operators.hpp"

#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "model/node_error.hpp"

namespace dbnet::model {
namespace {

using enum AttributeType;

const std::vector<AttributeInfo> kConvAttributes = {{"auto_pad", text}, {"dilations", integers},
                                                    {"group", integer}, {"kernel_shape", integers},
                                                    {"pads", integers}, {"strides", integers}};

const std::vector<AttributeInfo> kConvTransposeAttributes = {
    {"auto_pad", text},         {"dilations", integers},      {"group", integer},
    {"kernel_shape", integers}, {"output_padding", integers}, {"output_shape", integers},
    {"pads", integers},         {"strides", integers}};

const std::vector<AttributeInfo> kAveragePoolAttributes = {
    {"auto_pad", text},          {"ceil_mode", integer, 10}, {"count_include_pad", integer},
    {"dilations", integers, 19}, {"kernel_shape", integers}, {"pads", integers},
    {"strides", integers}};

const std::vector<AttributeInfo> kMaxPoolAttributes = {
    {"auto_pad", text},         {"ceil_mode", integer, 10}, {"dilations", integers, 10},
    {"kernel_shape", integers}, {"pads", integers},         {"storage_order", integer, 8},
    {"strides", integers}};

const std::vector<AttributeInfo> kResizeAttributes = {{"antialias", integer, 18},
                                                      {"axes", integers, 18},
                                                      {"coordinate_transformation_mode", text, 11},
                                                      {"cubic_coeff_a", real, 11},
                                                      {"exclude_outside", integer, 11},
                                                      {"keep_aspect_ratio_policy", text, 18},
                                                      {"mode", text},
                                                      {"nearest_mode", text, 11}};

const std::vector<AttributeInfo> kDeformConvAttributes = {
    {"dilations", integers},   {"group", integer}, {"kernel_shape", integers},
    {"offset_group", integer}, {"pads", integers}, {"strides", integers}};

const std::vector<AttributeInfo> kReduceAttributes = {{"keepdims", integer},
                                                      {"noop_with_empty_axes", integer, 18}};
const std::vector<AttributeInfo> kReduceSumAttributes = {{"keepdims", integer},
                                                         {"noop_with_empty_axes", integer, 13}};

// In the order of Op, which operator_info() relies on (operators_test.cpp checks it).
const std::vector<OperatorInfo> kOperators = {
    {Op::Abs, "Abs", 7, 1, "N", 1, {}},
    {Op::Add, "Add", 7, 2, "NN", 1, {}},
    {Op::And, "And", 7, 2, "BB", 1, {}},
    {Op::AveragePool, "AveragePool", 7, 1, "F", 1, kAveragePoolAttributes},
    {Op::BatchNormalization,
     "BatchNormalization",
     7,
     5,
     "FFFFF",
     1,
     {{"epsilon", real}, {"momentum", real}}},
    {Op::Cast, "Cast", 7, 1, "T", 1, {{"to", integer}}},
    {Op::Ceil, "Ceil", 7, 1, "F", 1, {}},
    {Op::Clip, "Clip", 7, 1, "NNN", 1, {}},
    {Op::Concat, "Concat", 7, 1, "T*", 1, {{"axis", integer}}},
    {Op::Constant, "Constant", 7, 0, "", 1, {{"value", tensor}}},
    {Op::ConstantOfShape, "ConstantOfShape", 9, 1, "L", 1, {{"value", tensor}}},
    {Op::Conv, "Conv", 7, 2, "FFF", 1, kConvAttributes},
    {Op::ConvTranspose, "ConvTranspose", 7, 2, "FFF", 1, kConvTransposeAttributes},
    {Op::DeformConv, "DeformConv", 19, 3, "FFFFF", 1, kDeformConvAttributes},
    {Op::DepthToSpace, "DepthToSpace", 7, 1, "T", 1, {{"blocksize", integer}, {"mode", text, 11}}},
    {Op::DequantizeLinear, "DequantizeLinear", 10, 2, "QSQ", 1, {{"axis", integer, 13}}},
    {Op::Div, "Div", 7, 2, "NN", 1, {}},
    {Op::Elu, "Elu", 7, 1, "F", 1, {{"alpha", real}}},
    {Op::Equal, "Equal", 7, 2, "TT", 1, {}},
    {Op::Erf, "Erf", 9, 1, "F", 1, {}},
    {Op::Exp, "Exp", 7, 1, "F", 1, {}},
    {Op::Expand, "Expand", 8, 2, "TL", 1, {}},
    {Op::Flatten, "Flatten", 7, 1, "T", 1, {{"axis", integer}}},
    {Op::Floor, "Floor", 7, 1, "F", 1, {}},
    {Op::Gather, "Gather", 7, 2, "TI", 1, {{"axis", integer}}},
    {Op::Gelu, "Gelu", 20, 1, "F", 1, {{"approximate", text}}},
    {Op::Gemm,
     "Gemm",
     7,
     2,
     "FFF",
     1,
     {{"alpha", real}, {"beta", real}, {"transA", integer}, {"transB", integer}}},
    {Op::GlobalAveragePool, "GlobalAveragePool", 7, 1, "F", 1, {}},
    {Op::Greater, "Greater", 7, 2, "NN", 1, {}},
    {Op::HardSigmoid, "HardSigmoid", 7, 1, "F", 1, {{"alpha", real}, {"beta", real}}},
    {Op::HardSwish, "HardSwish", 14, 1, "F", 1, {}},
    {Op::Identity, "Identity", 7, 1, "T", 1, {}},
    {Op::InstanceNormalization, "InstanceNormalization", 7, 3, "FFF", 1, {{"epsilon", real}}},
    {Op::LayerNormalization,
     "LayerNormalization",
     17,
     2,
     "FFF",
     1,
     {{"axis", integer}, {"epsilon", real}}},
    {Op::LeakyRelu, "LeakyRelu", 7, 1, "F", 1, {{"alpha", real}}},
    {Op::Less, "Less", 7, 2, "NN", 1, {}},
    {Op::MatMul, "MatMul", 7, 2, "FF", 1, {}},
    {Op::Max, "Max", 7, 1, "N*", 1, {}},
    {Op::MaxPool, "MaxPool", 7, 1, "F", 1, kMaxPoolAttributes},
    {Op::Min, "Min", 7, 1, "N*", 1, {}},
    {Op::Mish, "Mish", 18, 1, "F", 1, {}},
    {Op::Mul, "Mul", 7, 2, "NN", 1, {}},
    {Op::Neg, "Neg", 7, 1, "N", 1, {}},
    {Op::Not, "Not", 7, 1, "B", 1, {}},
    {Op::Or, "Or", 7, 2, "BB", 1, {}},
    {Op::PRelu, "PRelu", 7, 2, "FF", 1, {}},
    {Op::Pad, "Pad", 7, 2, "TLTI", 1, {{"mode", text}}},
    {Op::Pow, "Pow", 7, 2, "NN", 1, {}},
    {Op::QuantizeLinear, "QuantizeLinear", 10, 2, "SSQ", 1, {{"axis", integer, 13}}},
    {Op::Reciprocal, "Reciprocal", 7, 1, "F", 1, {}},
    {Op::ReduceMax, "ReduceMax", 7, 1, "NL", 1, kReduceAttributes},
    {Op::ReduceMean, "ReduceMean", 7, 1, "FL", 1, kReduceAttributes},
    {Op::ReduceMin, "ReduceMin", 7, 1, "NL", 1, kReduceAttributes},
    {Op::ReduceSum, "ReduceSum", 7, 1, "NL", 1, kReduceSumAttributes},
    {Op::Relu, "Relu", 7, 1, "F", 1, {}},
    {Op::Reshape, "Reshape", 7, 2, "TL", 1, {{"allowzero", integer, 14}}},
    {Op::Resize, "Resize", 7, 1, "FFSL", 1, kResizeAttributes},
    {Op::Round, "Round", 11, 1, "F", 1, {}},
    {Op::Shape, "Shape", 7, 1, "T", 1, {{"end", integer, 15}, {"start", integer, 15}}},
    {Op::Sigmoid, "Sigmoid", 7, 1, "F", 1, {}},
    {Op::Slice, "Slice", 7, 3, "TIIII", 1, {}},
    {Op::Softmax, "Softmax", 7, 1, "F", 1, {{"axis", integer}}},
    {Op::Softplus, "Softplus", 7, 1, "F", 1, {}},
    {Op::Split, "Split", 7, 1, "TL", 64, {{"axis", integer}, {"num_outputs", integer, 18}}},
    {Op::Sqrt, "Sqrt", 7, 1, "F", 1, {}},
    {Op::Squeeze, "Squeeze", 7, 1, "TL", 1, {}},
    {Op::Sub, "Sub", 7, 2, "NN", 1, {}},
    {Op::Tanh, "Tanh", 7, 1, "F", 1, {}},
    {Op::Transpose, "Transpose", 7, 1, "T", 1, {{"perm", integers}}},
    {Op::Unsqueeze, "Unsqueeze", 7, 2, "TL", 1, {}},
    {Op::Where, "Where", 9, 3, "BTT", 1, {}},
};

struct OnnxType {
    DataType type;
    std::int64_t number;
};
constexpr std::array<OnnxType, 9> kOnnxTypes = {{{DataType::f32, 1},
                                                 {DataType::u8, 2},
                                                 {DataType::i8, 3},
                                                 {DataType::i32, 6},
                                                 {DataType::i64, 7},
                                                 {DataType::boolean, 9},
                                                 {DataType::f16, 10},
                                                 {DataType::f64, 11},
                                                 {DataType::bf16, 16}}};

template <typename Rows>
std::string names_of(const Rows& rows) {
    std::string names;
    for (const auto& row : rows) names += core::concat(names.empty() ? "" : ", ", row.name);
    return names.empty() ? "none" : names;
}

void check_inputs(const Node& node, const OperatorInfo& info) {
    const std::size_t maximum = info.is_variadic() ? node.inputs.size() : info.input_types.size();
    const auto minimum = static_cast<std::size_t>(info.min_inputs);
    if (node.inputs.size() < minimum || node.inputs.size() > maximum)
        fail_node(ErrorCode::malformed, node, "it has ", node.inputs.size(), " inputs; ", minimum,
                  info.is_variadic() ? " or more" : core::concat(" to ", maximum), " expected");
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
        if (node.inputs[i].empty() && (i < minimum || info.is_variadic()))
            fail_node(ErrorCode::malformed, node, "input ", i, " is missing");
}

void check_attributes(const Node& node, const OperatorInfo& info) {
    for (const auto& [name, value] : node.attributes) {
        const AttributeInfo* known = info.attribute(name);
        if (known == nullptr)
            fail_node(ErrorCode::unsupported, node, "attribute '", name,
                      "' is not supported (supported: ", names_of(info.attributes), ")");
        if (value.index() != static_cast<std::size_t>(known->type))
            fail_node(ErrorCode::malformed, node, "attribute '", name, "' has the wrong type");
    }
}

}  // namespace

char OperatorInfo::input_type(std::size_t index) const noexcept {
    const std::size_t last = input_types.size() - (is_variadic() ? 2 : 1);
    return input_types[std::min(index, last)];
}

const AttributeInfo* OperatorInfo::attribute(std::string_view attribute_name) const noexcept {
    const auto found = std::ranges::find(attributes, attribute_name, &AttributeInfo::name);
    return found == attributes.end() ? nullptr : &*found;
}

std::span<const OperatorInfo> operators() { return kOperators; }

const OperatorInfo& operator_info(Op op) noexcept {
    return kOperators[static_cast<std::size_t>(op)];
}

const OperatorInfo* find_operator(std::string_view onnx_name) noexcept {
    const auto found = std::ranges::find(kOperators, onnx_name, &OperatorInfo::name);
    return found == kOperators.end() ? nullptr : &*found;
}

std::string operator_names() { return names_of(kOperators); }

void check_node(const Node& node) {
    const OperatorInfo& info = operator_info(node.op);
    if (node.name.empty())
        core::fail(ErrorCode::malformed, "a node of operator ", info.name, " has no name");
    check_inputs(node, info);
    const auto maximum = static_cast<std::size_t>(info.max_outputs);
    if (node.outputs.empty() || node.outputs.size() > maximum)
        fail_node(maximum == 1 ? ErrorCode::unsupported : ErrorCode::malformed, node, "it has ",
                  node.outputs.size(), " outputs; at least 1, at most ", maximum, " supported");
    for (const std::string& output : node.outputs)
        if (output.empty()) fail_node(ErrorCode::malformed, node, "an output has no name");
    check_attributes(node, info);
}

bool is_quantized(DataType type) noexcept {
    return type == DataType::u8 || type == DataType::i8 || type == DataType::i32;
}

std::int64_t onnx_type_number(DataType type) noexcept {
    return std::ranges::find(kOnnxTypes, type, &OnnxType::type)->number;
}

std::optional<DataType> data_type_from_onnx(std::int64_t number) noexcept {
    const auto found = std::ranges::find(kOnnxTypes, number, &OnnxType::number);
    if (found == kOnnxTypes.end()) return std::nullopt;
    return found->type;
}

}  // namespace dbnet::model
