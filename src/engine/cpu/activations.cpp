#include "engine/cpu/activations.hpp"

#include <limits>

#include "model/attributes.hpp"

namespace dbnet::engine::cpu {
namespace {

using Kind = Activation::Kind;

/// The bound in input `index`: `otherwise` if it is left out, nullopt if it is no constant number.
std::optional<float> bound(const model::Graph& graph, const model::Node& node, std::size_t index,
                           float otherwise) {
    if (index >= node.inputs.size() || node.inputs[index].empty()) return otherwise;
    const model::Tensor* tensor = graph.parameter(node.inputs[index]);
    if (tensor == nullptr || tensor->type() != model::DataType::f32 || tensor->size() != 1)
        return std::nullopt;
    return tensor->f32()[0];
}

std::optional<Activation> clip(const model::Graph& graph, const model::Node& node) {
    constexpr float kLargest = std::numeric_limits<float>::max();
    const std::optional<float> low = bound(graph, node, 1, -kLargest);
    const std::optional<float> high = bound(graph, node, 2, kLargest);
    if (!low || !high || !(*low <= *high)) return std::nullopt;  // NaN as well
    return Activation{Kind::clip, *low, *high};
}

/// A power with a constant exponent for which there is a function.
std::optional<Activation> power(const model::Graph& graph, const model::Node& node) {
    const model::Tensor* exponent = graph.parameter(node.inputs[1]);
    const bool is_number = exponent != nullptr && exponent->type() == model::DataType::f32 &&
                           exponent->size() == 1 && exponent->dims().size() <= 1;
    if (!is_number) return std::nullopt;
    if (exponent->f32()[0] == 2) return Activation{Kind::square};
    if (exponent->f32()[0] == 1) return Activation{Kind::linear, 1, 0};
    if (exponent->f32()[0] == 0.5f) return Activation{Kind::sqrt};
    if (exponent->f32()[0] == -1) return Activation{Kind::reciprocal};
    return std::nullopt;
}

}  // namespace

std::optional<Activation> to_activation(const model::Graph& graph, const model::Node& node) {
    using model::Op;
    switch (node.op) {
        case Op::Relu: return Activation{Kind::relu};
        case Op::LeakyRelu: return Activation{Kind::relu, model::leaky_relu_alpha(node)};
        case Op::Clip: return clip(graph, node);
        case Op::Sigmoid: return Activation{Kind::sigmoid};
        case Op::HardSigmoid: {
            const model::HardSigmoidAttributes attributes = model::hard_sigmoid_attributes(node);
            return Activation{Kind::hard_sigmoid, attributes.alpha, attributes.beta};
        }
        case Op::HardSwish: return Activation{Kind::hard_swish};
        case Op::Abs: return Activation{Kind::abs};
        case Op::Ceil: return Activation{Kind::ceil};
        case Op::Elu: return Activation{Kind::elu, model::elu_alpha(node)};
        case Op::Floor: return Activation{Kind::floor};
        case Op::Mish: return Activation{Kind::mish};
        case Op::Neg: return Activation{Kind::linear, -1, 0};
        case Op::Round: return Activation{Kind::round};
        case Op::Softplus: return Activation{Kind::softplus};
        case Op::Tanh: return Activation{Kind::tanh};
        case Op::Pow: return power(graph, node);
        case Op::Erf: return Activation{Kind::erf};
        case Op::Gelu:
            return Activation{model::gelu_uses_tanh(node) ? Kind::gelu_tanh : Kind::gelu};
        case Op::Exp: return Activation{Kind::exp};
        case Op::Sqrt: return Activation{Kind::sqrt};
        case Op::Reciprocal: return Activation{Kind::reciprocal};
        default: return std::nullopt;
    }
}

std::optional<Activation> to_quantization(const model::Graph& graph, const model::Node& quantize,
                                          const model::Node& dequantize) {
    using model::Op;
    const auto zero_point = [](const model::Node& node) {
        return node.inputs.size() > 2 ? node.inputs[2] : std::string();
    };
    const bool same = quantize.op == Op::QuantizeLinear && dequantize.op == Op::DequantizeLinear &&
                      dequantize.inputs[0] == quantize.outputs[0] &&
                      dequantize.inputs[1] == quantize.inputs[1] &&
                      zero_point(dequantize) == zero_point(quantize);
    const model::Tensor* scale = graph.parameter(quantize.inputs[1]);
    if (!same || scale == nullptr || scale->size() != 1) return std::nullopt;
    Activation activation{Kind::quantized_u8, scale->f32()[0], 0};
    if (zero_point(quantize).empty()) return activation;
    const model::Tensor* zero = graph.parameter(zero_point(quantize));
    if (zero == nullptr || zero->size() != 1 || zero->type() == model::DataType::i32)
        return std::nullopt;
    if (zero->type() == model::DataType::i8) activation.kind = Kind::quantized_i8;
    activation.beta = zero->cast(model::DataType::f32).f32()[0];
    return activation;
}

bool keeps_padding_finite(const Activation& activation) {
    return activation.kind != Kind::exp && activation.kind != Kind::sqrt &&
           activation.kind != Kind::reciprocal;
}

}  // namespace dbnet::engine::cpu
