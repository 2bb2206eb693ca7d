#include "engine/cpu/kernels/graph_pattern.hpp"

#include <algorithm>
#include <limits>

#include "model/attributes.hpp"

namespace dbnet::engine::cpu {

using model::DataType;
using model::Dims;
using model::Graph;
using model::Node;
using model::Op;
using model::Tensor;

GraphPattern::GraphPattern(const Graph& graph) : graph_(graph) {
    for (const Node& node : graph.nodes) {
        for (const std::string& value : node.outputs) producers_[value] = &node;
        for (const std::string& value : node.inputs) {
            Uses& uses = uses_[value];
            uses.node = &node;
            ++uses.count;
        }
    }
    for (const model::ValueInfo& output : graph.outputs) ++uses_[output.name].count;
}

std::size_t GraphPattern::index(const Node& node) const {
    return static_cast<std::size_t>(&node - graph_.nodes.data());
}

const Node* GraphPattern::producer(std::string_view value) const {
    const auto found = producers_.find(value);
    return found == producers_.end() ? nullptr : found->second;
}

const Node* GraphPattern::only_user(std::string_view value) const {
    const auto found = uses_.find(value);
    return found == uses_.end() || found->second.count != 1 ? nullptr : found->second.node;
}

namespace {

const Tensor* f32_parameter(const Graph& graph, const Node& node, std::size_t input) {
    if (input >= node.inputs.size()) return nullptr;
    const Tensor* tensor = graph.parameter(node.inputs[input]);
    return tensor != nullptr && tensor->type() == DataType::f32 ? tensor : nullptr;
}

bool has_input(const Node& node, std::size_t input) {
    return input < node.inputs.size() && !node.inputs[input].empty();
}

bool all_equal(const Dims& dims, std::int64_t value) {
    return std::all_of(dims.begin(), dims.end(), [&](std::int64_t d) { return d == value; });
}

// One bound of a Clip: the default where it is left out, nothing where it is not constant.
std::optional<float> clip_bound(const Graph& graph, const Node& node, std::size_t input,
                                float otherwise) {
    if (!has_input(node, input)) return otherwise;
    const Tensor* bound = f32_parameter(graph, node, input);
    if (bound == nullptr || bound->size() != 1) return std::nullopt;
    return bound->f32()[0];
}

}  // namespace

std::optional<ConvParts> conv_parts(const Graph& graph, const Node& node) {
    if (node.op != Op::Conv) return std::nullopt;
    const Tensor* weights = f32_parameter(graph, node, 1);
    const Tensor* bias = f32_parameter(graph, node, 2);
    if (weights == nullptr || weights->dims().size() != 4) return std::nullopt;
    if (has_input(node, 2) && bias == nullptr) return std::nullopt;
    const Dims& dims = weights->dims();
    const Dims input = {-1, -1, -1, -1};
    const model::ConvAttributes attributes = model::conv_attributes(node, input, dims);
    const model::Window& window = attributes.window;
    const std::int64_t pad = window.pads_begin[0];
    const bool regular = dims[2] == dims[3] && all_equal(window.dilations, 1) &&
                         all_equal(window.strides, window.strides[0]) && pad >= 0 &&
                         all_equal(window.pads_begin, pad) && all_equal(window.pads_end, pad);
    const std::int64_t in = dims[1] * attributes.group;
    constexpr std::int64_t kMax = 1 << 20;  // of channels: far from where an int overflows
    if (!regular || dims[0] > kMax || in > kMax || dims[2] > kMax) return std::nullopt;
    return ConvParts{.weights = weights->f32().data(),
                     .bias = bias == nullptr ? nullptr : bias->f32().data(),
                     .out = static_cast<int>(dims[0]),
                     .in = static_cast<int>(in),
                     .groups = static_cast<int>(attributes.group),
                     .kernel = static_cast<int>(dims[2]),
                     .stride = static_cast<int>(std::min(window.strides[0], kMax)),
                     .pad = static_cast<int>(std::min(pad, kMax))};
}

std::optional<RunActivation> activation_of(const Graph& graph, const Node& node) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    using Kind = RunActivation::Kind;
    if (node.op == Op::Relu) return RunActivation{.kind = Kind::relu};
    if (node.op == Op::HardSwish) return RunActivation{.kind = Kind::hard_swish};
    if (node.op == Op::HardSigmoid) {
        const model::HardSigmoidAttributes attributes = model::hard_sigmoid_attributes(node);
        return RunActivation{
            .kind = Kind::hard_sigmoid, .slope = attributes.alpha, .offset = attributes.beta};
    }
    if (node.op == Op::Clip) {
        const std::optional<float> low = clip_bound(graph, node, 1, -kInfinity);
        const std::optional<float> high = clip_bound(graph, node, 2, kInfinity);
        if (low && high) return RunActivation{.kind = Kind::clamp, .low = *low, .high = *high};
    }
    return std::nullopt;
}

}  // namespace dbnet::engine::cpu
