#include <array>

#include "engine/reference/operators.hpp"
#include "engine/reference/reference.hpp"

namespace dbnet::engine::reference {
namespace {

using model::Op;

struct Entry {
    Op op;
    Values (*function)(const Call&);
};

/// In the order of Op.
constexpr std::array kTable = {
    Entry{Op::Abs, abs},
    Entry{Op::Add, add},
    Entry{Op::And, logical_and},
    Entry{Op::AveragePool, average_pool},
    Entry{Op::BatchNormalization, batch_normalization},
    Entry{Op::Cast, cast},
    Entry{Op::Ceil, ceil},
    Entry{Op::Clip, clip},
    Entry{Op::Concat, concat},
    Entry{Op::Constant, constant},
    Entry{Op::ConstantOfShape, constant_of_shape},
    Entry{Op::Conv, conv},
    Entry{Op::ConvTranspose, conv_transpose},
    Entry{Op::DeformConv, deform_conv},
    Entry{Op::DepthToSpace, depth_to_space},
    Entry{Op::DequantizeLinear, dequantize_linear},
    Entry{Op::Div, div},
    Entry{Op::Elu, elu},
    Entry{Op::Equal, equal},
    Entry{Op::Erf, erf},
    Entry{Op::Exp, exp},
    Entry{Op::Expand, expand},
    Entry{Op::Flatten, flatten},
    Entry{Op::Floor, floor},
    Entry{Op::Gather, gather},
    Entry{Op::Gelu, gelu},
    Entry{Op::Gemm, gemm},
    Entry{Op::GlobalAveragePool, global_average_pool},
    Entry{Op::Greater, greater},
    Entry{Op::HardSigmoid, hard_sigmoid},
    Entry{Op::HardSwish, hard_swish},
    Entry{Op::Identity, identity},
    Entry{Op::InstanceNormalization, instance_normalization},
    Entry{Op::LayerNormalization, layer_normalization},
    Entry{Op::LeakyRelu, leaky_relu},
    Entry{Op::Less, less},
    Entry{Op::MatMul, matmul},
    Entry{Op::Max, max},
    Entry{Op::MaxPool, max_pool},
    Entry{Op::Min, min},
    Entry{Op::Mish, mish},
    Entry{Op::Mul, mul},
    Entry{Op::Neg, neg},
    Entry{Op::Not, logical_not},
    Entry{Op::Or, logical_or},
    Entry{Op::PRelu, prelu},
    Entry{Op::Pad, pad},
    Entry{Op::Pow, pow},
    Entry{Op::QuantizeLinear, quantize_linear},
    Entry{Op::Reciprocal, reciprocal},
    Entry{Op::ReduceMax, reduce_max},
    Entry{Op::ReduceMean, reduce_mean},
    Entry{Op::ReduceMin, reduce_min},
    Entry{Op::ReduceSum, reduce_sum},
    Entry{Op::Relu, relu},
    Entry{Op::Reshape, reshape},
    Entry{Op::Resize, resize},
    Entry{Op::Round, round},
    Entry{Op::Shape, shape},
    Entry{Op::Sigmoid, sigmoid},
    Entry{Op::Slice, slice},
    Entry{Op::Softmax, softmax},
    Entry{Op::Softplus, softplus},
    Entry{Op::Split, split},
    Entry{Op::Sqrt, sqrt},
    Entry{Op::Squeeze, squeeze},
    Entry{Op::Sub, sub},
    Entry{Op::Tanh, tanh},
    Entry{Op::Transpose, transpose},
    Entry{Op::Unsqueeze, unsqueeze},
    Entry{Op::Where, where},
};

constexpr bool in_order() {
    for (std::size_t i = 0; i < kTable.size(); ++i)
        if (kTable[i].op != static_cast<Op>(i)) return false;
    return true;
}
static_assert(in_order() && kTable.back().op == Op::Where);

/// Inputs that the table of operators gives one letter class share one type.
bool same_class(char a, char b) {
    const auto is_number = [](char letter) { return letter == 'F' || letter == 'N'; };
    return a == b ? a == 'T' || a == 'Q' || is_number(a) : is_number(a) && is_number(b);
}

bool is_of_class(model::DataType type, char letter) {
    using model::DataType;
    switch (letter) {
        case 'B': return type == DataType::boolean;
        case 'Q': return model::is_quantized(type);
        case 'S': return type == DataType::f32;
        case 'L': return type == DataType::i64;
        case 'I': return type == DataType::i32 || type == DataType::i64;
        default: return true;
    }
}

void check_input(const Call& call, std::size_t index) {
    const model::OperatorInfo& info = model::operator_info(call.node.op);
    const Buffer& value = call[index];
    const char letter = info.input_type(index);
    bool fits = is_of_class(value.type(), letter);
    for (std::size_t i = 0; i < index; ++i)
        if (call.has(i) && same_class(letter, info.input_type(i)))
            fits = fits && value.type() == call[i].type();
    if (!fits)
        call.fail(ErrorCode::malformed, "input '", call.node.inputs[index], "' has type ",
                  to_string(value.type()), ", which does not go with the others");
    if (value.dims().size() > model::kMaxRank)
        call.fail(ErrorCode::unsupported, "input '", call.node.inputs[index], "' has ",
                  value.dims().size(), " dimensions, at most ", model::kMaxRank, " are supported");
}

}  // namespace

std::vector<Buffer> evaluate(const model::Node& node, std::span<const Buffer> inputs) {
    model::check_node(node);
    const Call call{node, inputs};
    if (inputs.size() != node.inputs.size())
        call.fail(ErrorCode::internal, inputs.size(), " values for ", node.inputs.size(),
                  " inputs");
    for (std::size_t i = 0; i < inputs.size(); ++i)
        if (call.has(i)) check_input(call, i);
    return kTable[static_cast<std::size_t>(node.op)].function(call);
}

}  // namespace dbnet::engine::reference
