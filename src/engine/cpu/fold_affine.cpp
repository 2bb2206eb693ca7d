#include <algorithm>
#include <cmath>

#include "engine/cpu/passes.hpp"
#include "model/attributes.hpp"
#include "model/shape_inference.hpp"

// y = scale x + shift per channel. After a convolution with weights w and bias b it is the
// convolution with scale w and scale b + shift. BatchNormalization has scale = gamma / sqrt(var +
// epsilon) and shift = beta - scale mean. Computed in double and rounded once.
namespace dbnet::engine::cpu {
namespace {

using model::Node;
using model::Op;

struct Affine {
    std::string input;
    std::vector<double> scale;  ///< per channel; one element: for all channels
    std::vector<double> shift;
};

double at(const std::vector<double>& values, std::size_t channel) {
    return values.size() == 1 ? values[0] : values[channel];
}

std::optional<std::vector<double>> f32_parameter(const model::Graph& graph,
                                                 const std::string& name) {
    const model::Tensor* tensor = graph.parameter(name);
    if (tensor == nullptr || tensor->type() != model::DataType::f32) return std::nullopt;
    return std::vector<double>(tensor->f32().begin(), tensor->f32().end());
}

std::optional<Affine> batch_normalization(const model::Graph& graph, const Node& node) {
    std::vector<std::vector<double>> parameters;
    for (std::size_t i = 1; i < 5; ++i) {
        auto parameter = f32_parameter(graph, node.inputs[i]);
        if (!parameter) return std::nullopt;
        parameters.push_back(std::move(*parameter));
    }
    Affine affine{node.inputs[0], parameters[0], parameters[1]};
    for (std::size_t c = 0; c < affine.scale.size(); ++c) {
        const double variance = parameters[3][c];
        affine.scale[c] /= std::sqrt(variance + model::normalization_epsilon(node));
        affine.shift[c] -= affine.scale[c] * parameters[2][c];
    }
    return affine;
}

/// One number, or one per channel of a value of that rank: [C, 1, ...] or [1, C, 1, ...].
std::optional<std::vector<double>> per_channel(const model::Graph& graph, const std::string& name,
                                               std::size_t rank, std::size_t channels) {
    auto values = f32_parameter(graph, name);
    if (!values) return std::nullopt;
    const model::Dims& dims = graph.parameter(name)->dims();
    if (dims.size() > rank) return std::nullopt;
    if (values->size() == 1) return values;
    const bool fits = values->size() == channels && dims.size() + 1 >= rank &&
                      dims[dims.size() - (rank - 1)] == static_cast<std::int64_t>(channels);
    return fits ? values : std::nullopt;
}

std::optional<Affine> arithmetic(const model::Graph& graph, const Node& node, std::size_t rank,
                                 std::size_t channels) {
    for (const std::size_t i : {1u, 0u}) {
        const auto constant = per_channel(graph, node.inputs[i], rank, channels);
        if (!constant) continue;
        Affine affine{node.inputs[1 - i], {1.0}, {0.0}};
        if (node.op == Op::Mul) affine.scale = *constant;
        if (node.op == Op::Add || node.op == Op::Sub) affine.shift = *constant;
        if (node.op == Op::Sub && i == 0) affine.scale = {-1.0};
        if (node.op == Op::Sub && i == 1)
            for (double& shift : affine.shift) shift = -shift;
        if (node.op == Op::Div) {
            if (i == 0) return std::nullopt;
            affine.scale = *constant;
            for (double& scale : affine.scale) scale = 1 / scale;
        }
        return affine;
    }
    return std::nullopt;
}

std::optional<Affine> affine_of(const model::Graph& graph, const Node& node, std::size_t rank,
                                std::size_t channels) {
    switch (node.op) {
        case Op::BatchNormalization: return batch_normalization(graph, node);
        case Op::Add:
        case Op::Sub:
        case Op::Mul:
        case Op::Div: return arithmetic(graph, node, rank, channels);
        default: return std::nullopt;
    }
}

/// Output channels of the weights' element `index`.
class WeightChannels {
public:
    WeightChannels(const Node& conv, const model::Dims& dims) : dims_(dims) {
        for (std::size_t axis = 2; axis < dims.size(); ++axis) taps_ *= dims[axis];
        transposed_ = conv.op == Op::ConvTranspose;
        group_ = conv.get_int("group", 1);
    }

    std::int64_t count() const { return transposed_ ? dims_[1] * group_ : dims_[0]; }

    std::size_t of(std::int64_t index) const {
        const std::int64_t first = index / (dims_[1] * taps_);
        if (!transposed_) return static_cast<std::size_t>(first);
        const std::int64_t group = first / (dims_[0] / group_);
        return static_cast<std::size_t>(group * dims_[1] + index / taps_ % dims_[1]);
    }

private:
    const model::Dims& dims_;
    std::int64_t taps_ = 1;
    std::int64_t group_ = 1;
    bool transposed_ = false;
};

class AffineFolding {
public:
    explicit AffineFolding(model::Graph& graph) : graph_(graph), names_(graph) {}

    /// One walk over the nodes; a convolution takes what follows it as long as there is something.
    /// Its weights are changed once, at the end.
    void run() {
        const Values values(graph_);
        std::vector<Node> kept;
        std::unordered_map<std::string, std::size_t> convs;  // by output, index in kept
        for (Node& node : graph_.nodes) {
            const std::optional<std::size_t> conv = conv_before(values, convs, kept, node);
            if (conv) {
                kept[*conv].outputs = node.outputs;
                convs[node.outputs[0]] = *conv;
                continue;
            }
            kept.push_back(std::move(node));
            if (is_constant_conv(kept.back())) convs[kept.back().outputs[0]] = kept.size() - 1;
        }
        graph_.nodes = std::move(kept);
        for (const auto& [conv, affine] : taken_) apply(graph_.nodes[conv], affine);
    }

private:
    bool is_f32_parameter(const std::string& name) const {
        const model::Tensor* tensor = graph_.parameter(name);
        return tensor != nullptr && tensor->type() == model::DataType::f32;
    }

    bool is_constant_conv(const Node& node) const {
        if (node.op != Op::Conv && node.op != Op::ConvTranspose) return false;
        const bool has_bias = node.inputs.size() > 2 && !node.inputs[2].empty();
        return is_f32_parameter(node.inputs[1]) && (!has_bias || is_f32_parameter(node.inputs[2]));
    }

    /// The convolution that takes over what the node computes.
    std::optional<std::size_t> conv_before(
        const Values& values, const std::unordered_map<std::string, std::size_t>& convs,
        const std::vector<Node>& kept, const Node& node) {
        for (const std::string& input : node.inputs) {
            const auto found = convs.find(input);
            if (found == convs.end() || !values.is_used_once(input)) continue;
            const Node& conv = kept[found->second];
            const model::Dims& dims = graph_.parameter(conv.inputs[1])->dims();
            const auto channels = static_cast<std::size_t>(WeightChannels(conv, dims).count());
            const auto affine = affine_of(graph_, node, dims.size(), channels);
            if (!affine || affine->input != input) continue;
            take(found->second, channels, *affine);
            return found->second;
        }
        return std::nullopt;
    }

    /// The function after what the convolution has taken already.
    void take(std::size_t conv, std::size_t channels, const Affine& next) {
        Affine& all = taken_[conv];
        if (all.scale.empty()) {
            all.scale.assign(channels, 1.0);
            all.shift.assign(channels, 0.0);
        }
        for (std::size_t c = 0; c < channels; ++c) {
            all.scale[c] *= at(next.scale, c);
            all.shift[c] = all.shift[c] * at(next.scale, c) + at(next.shift, c);
        }
    }

    void apply(Node& conv, const Affine& affine) {
        const model::Tensor weights = *graph_.parameter(conv.inputs[1]);
        const WeightChannels channels(conv, weights.dims());
        std::vector<float> scaled(weights.f32().begin(), weights.f32().end());
        for (std::size_t i = 0; i < scaled.size(); ++i) {
            const std::size_t channel = channels.of(static_cast<std::int64_t>(i));
            scaled[i] = static_cast<float>(scaled[i] * affine.scale[channel]);
        }
        const bool has_bias = conv.inputs.size() > 2 && !conv.inputs[2].empty();
        std::vector<float> bias(static_cast<std::size_t>(channels.count()), 0.0f);
        if (has_bias) std::ranges::copy(graph_.parameter(conv.inputs[2])->f32(), bias.begin());
        for (std::size_t c = 0; c < bias.size(); ++c)
            bias[c] = static_cast<float>(bias[c] * affine.scale[c] + affine.shift[c]);

        const std::string weights_name = names_.make(conv.name + ".folded_weight");
        const std::string bias_name = names_.make(conv.name + ".folded_bias");
        graph_.parameters[weights_name] = model::Tensor::of(weights.dims(), scaled);
        graph_.parameters[bias_name] = model::Tensor::of({channels.count()}, bias);
        conv.inputs = {conv.inputs[0], weights_name, bias_name};
    }

    model::Graph& graph_;
    FreshNames names_;
    std::map<std::size_t, Affine> taken_;  ///< by the index of the convolution
};

/// Mul and Add instead of a BatchNormalization.
void spell_out_batch_normalization(model::Graph& graph) {
    const model::InferredValues inferred = model::infer_shapes(graph);
    std::vector<Node> nodes;
    std::map<std::string, model::Tensor> added;
    FreshNames names(graph);
    for (Node& node : graph.nodes) {
        const bool is_batch_norm = node.op == Op::BatchNormalization;
        const auto affine = is_batch_norm ? batch_normalization(graph, node) : std::nullopt;
        if (!affine || !inferred.at(node.inputs[0]).has_rank) {
            nodes.push_back(std::move(node));
            continue;
        }
        model::Dims dims(inferred.at(node.inputs[0]).dims.size(), 1);
        dims[1] = static_cast<std::int64_t>(affine->scale.size());
        const std::string scale = names.make(node.name + ".scale");
        const std::string shift = names.make(node.name + ".shift");
        const std::string product = names.make(node.name + ".product");
        const std::vector<float> factors(affine->scale.begin(), affine->scale.end());
        const std::vector<float> summands(affine->shift.begin(), affine->shift.end());
        added[scale] = model::Tensor::of(dims, factors);
        added[shift] = model::Tensor::of(dims, summands);
        nodes.push_back({product, Op::Mul, {node.inputs[0], scale}, {product}, {}});
        nodes.push_back({node.name, Op::Add, {product, shift}, node.outputs, {}});
    }
    graph.nodes = std::move(nodes);
    graph.parameters.merge(added);
}

}  // namespace

void fold_affine(model::Graph& graph) {
    AffineFolding(graph).run();
    spell_out_batch_normalization(graph);
}

}  // namespace dbnet::engine::cpu
