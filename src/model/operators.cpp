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
                                                      {"exclude_outside", integer, 11},
                                                      {"keep_aspect_ratio_policy", text, 18},
                                                      {"mode", text},
                                                      {"nearest_mode", text, 11}};

// In the order of Op, which operator_info() relies on (operators_test.cpp checks it).
const std::vector<OperatorInfo> kOperators = {
    {Op::Add, "Add", 7, 2, "NN", 1, {}},
    {Op::AveragePool, "AveragePool", 7, 1, "F", 1, kAveragePoolAttributes},
    {Op::BatchNormalization,
     "BatchNormalization",
     7,
     5,
     "FFFFF",
     1,
     {{"epsilon", real}, {"momentum", real}}},
    {Op::Cast, "Cast", 7, 1, "T", 1, {{"to", integer}}},
    {Op::Clip, "Clip", 7, 1, "NNN", 1, {}},
    {Op::Concat, "Concat", 7, 1, "T*", 1, {{"axis", integer}}},
    {Op::Constant, "Constant", 7, 0, "", 1, {{"value", tensor}}},
    {Op::ConstantOfShape, "ConstantOfShape", 9, 1, "L", 1, {{"value", tensor}}},
    {Op::Conv, "Conv", 7, 2, "FFF", 1, kConvAttributes},
    {Op::ConvTranspose, "ConvTranspose", 7, 2, "FFF", 1, kConvTransposeAttributes},
    {Op::Div, "Div", 7, 2, "NN", 1, {}},
    {Op::Erf, "Erf", 9, 1, "F", 1, {}},
    {Op::Exp, "Exp", 7, 1, "F", 1, {}},
    {Op::Flatten, "Flatten", 7, 1, "T", 1, {{"axis", integer}}},
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
    {Op::HardSigmoid, "HardSigmoid", 7, 1, "F", 1, {{"alpha", real}, {"beta", real}}},
    {Op::HardSwish, "HardSwish", 14, 1, "F", 1, {}},
    {Op::Identity, "Identity", 7, 1, "T", 1, {}},
    {Op::LeakyRelu, "LeakyRelu", 7, 1, "F", 1, {{"alpha", real}}},
    {Op::MatMul, "MatMul", 7, 2, "FF", 1, {}},
    {Op::MaxPool, "MaxPool", 7, 1, "F", 1, kMaxPoolAttributes},
    {Op::Mul, "Mul", 7, 2, "NN", 1, {}},
    {Op::Pad, "Pad", 7, 2, "TLTI", 1, {{"mode", text}}},
    {Op::Pow, "Pow", 7, 2, "NN", 1, {}},
    {Op::Reciprocal, "Reciprocal", 7, 1, "F", 1, {}},
    {Op::ReduceMean,
     "ReduceMean",
     7,
     1,
     "FL",
     1,
     {{"keepdims", integer}, {"noop_with_empty_axes", integer, 18}}},
    {Op::Relu, "Relu", 7, 1, "F", 1, {}},
    {Op::Reshape, "Reshape", 7, 2, "TL", 1, {{"allowzero", integer, 14}}},
    {Op::Resize, "Resize", 7, 1, "FFSL", 1, kResizeAttributes},
    {Op::Shape, "Shape", 7, 1, "T", 1, {{"end", integer, 15}, {"start", integer, 15}}},
    {Op::Sigmoid, "Sigmoid", 7, 1, "F", 1, {}},
    {Op::Slice, "Slice", 7, 3, "TIIII", 1, {}},
    {Op::Softmax, "Softmax", 7, 1, "F", 1, {{"axis", integer}}},
    {Op::Split, "Split", 7, 1, "TL", 64, {{"axis", integer}, {"num_outputs", integer, 18}}},
    {Op::Sqrt, "Sqrt", 7, 1, "F", 1, {}},
    {Op::Squeeze, "Squeeze", 7, 1, "TL", 1, {}},
    {Op::Sub, "Sub", 7, 2, "NN", 1, {}},
    {Op::Transpose, "Transpose", 7, 1, "T", 1, {{"perm", integers}}},
    {Op::Unsqueeze, "Unsqueeze", 7, 2, "TL", 1, {}},
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

std::int64_t onnx_type_number(DataType type) noexcept {
    return std::ranges::find(kOnnxTypes, type, &OnnxType::type)->number;
}

std::optional<DataType> data_type_from_onnx(std::int64_t number) noexcept {
    const auto found = std::ranges::find(kOnnxTypes, number, &OnnxType::number);
    if (found == kOnnxTypes.end()) return std::nullopt;
    return found->type;
}

}  // namespace dbnet::model
