// Planning runs backwards from the wanted values, so that what nobody needs is never computed, and
// joins BatchNormalization with the addition and the activation behind it: on a CPU these are bound
// by memory, and one pass over the map instead of three is worth more than any faster arithmetic.
//
// The finest level of a feature pyramid, conv3x3(double(coarse) + conv1x1(fine)), is joined, too:
// the two convolutions behind each other are one of fewer channels, and the doubled level is
// convolved as it is, so that the sum, the largest map of the network, does not arise.
//
// Squeeze and excitation with a residual, x + x * gate, is one multiplication.
//
// What adds to or multiplies the channels of a convolution (a bias that the exporter wrote as an
// Add, learned affine blocks) is done to its kernel and bias, where it costs nothing; behind an
// activation, an affine block is computed along with it.
#include "train/program.hpp"

#include <algorithm>
#include <unordered_map>

#include "engine/resize_axis.hpp"
#include "train/affine_blocks.hpp"

namespace dbnet::train {
namespace {

using model::Graph;
using model::Node;
using model::Op;

bool is_pass_through(Op op) {
    return op == Op::Cast || op == Op::Identity || op == Op::Reshape || op == Op::Squeeze ||
           op == Op::Transpose || op == Op::Unsqueeze;
}

bool is_arithmetic(Op op) {
    return op == Op::Add || op == Op::Div || op == Op::Mul || op == Op::Sub;
}

/// Nodes that carry weights and are computed in the module's precision.
bool is_weighted(Op op) {
    return op == Op::BatchNormalization || op == Op::Conv || op == Op::ConvTranspose ||
           op == Op::Gemm || op == Op::MatMul;
}

/// Layers whose output channels may get a bias from an Add behind them.
bool is_layer(Op op) { return is_weighted(op) && op != Op::BatchNormalization; }

/// Output channels of a layer.
std::int64_t channels_of(const Node& layer, const model::Tensor& kernel) {
    const model::Dims& dims = kernel.dims();
    if (dims.size() < 2) return 0;
    if (layer.op == Op::ConvTranspose) return dims[1] * layer.get_int("group", 1);
    const bool first = layer.op == Op::Conv || layer.get_int("transB", 0) != 0;
    return first ? dims.front() : dims.back();
}

bool is_real(model::DataType type) {
    return type == model::DataType::f32 || type == model::DataType::f16 ||
           type == model::DataType::bf16 || type == model::DataType::f64;
}

std::unordered_map<std::string, const Node*> producers(const Graph& graph) {
    std::unordered_map<std::string, const Node*> made_by;
    for (const Node& node : graph.nodes)
        for (const std::string& output : node.outputs) made_by[output] = &node;
    return made_by;
}

/// Plans for one set of wanted values.
class Planner {
public:
    Planner(const Graph& graph, const model::InferredValues& values, const ParameterRoles& roles,
            const std::vector<std::string>& wanted)
        : graph_(graph),
          values_(values),
          roles_(roles),
          made_by_(producers(graph)),
          wanted_(wanted.begin(), wanted.end()) {
        find_live();
        find_needed();
    }

    std::vector<Step> steps() {
        join_batch_norms();
        join_laterals();
        join_gates();
        join_affine();
        std::vector<Step> steps;
        for (const Node& node : graph_.nodes) {
            if (!needed_.contains(&node) || absorbed_.contains(&node)) continue;
            const auto joined = joined_.find(&node);
            steps.push_back(joined == joined_.end()
                                ? Step{.node = &node, .output = node.outputs.front()}
                                : joined->second);
        }
        mark_full_precision(steps);
        mark_last_uses(steps);
        return steps;
    }

private:
    bool is_live(const std::string& value) const { return live_.contains(value); }

    /// Live is what depends on the image's pixels or on weights: it must be computed each time.
    void find_live() {
        for (const model::ValueInfo& input : graph_.inputs) {
            live_.insert(input.name);
            of_image_.insert(input.name);
        }
        live_.insert(roles_.weights.begin(), roles_.weights.end());
        for (const Node& node : graph_.nodes) {
            const bool from_live =
                node.op != Op::Shape &&
                std::any_of(node.inputs.begin(), node.inputs.end(),
                            [this](const std::string& input) { return is_live(input); });
            const bool from_image = std::ranges::any_of(
                node.inputs,
                [this](const std::string& input) { return of_image_.contains(input); });
            for (const std::string& output : node.outputs) {
                if (from_live || !values_.at(output).is_constant) live_.insert(output);
                if (from_image) of_image_.insert(output);
            }
        }
    }

    void find_needed() {
        std::set<std::string> open(wanted_);
        for (auto node = graph_.nodes.rbegin(); node != graph_.nodes.rend(); ++node) {
            const bool used =
                std::any_of(node->outputs.begin(), node->outputs.end(),
                            [&](const std::string& o) { return open.contains(o) && is_live(o); });
            if (!used) continue;
            needed_.insert(&*node);
            for (const std::string& input : node->inputs) {
                open.insert(input);
                readers_[input].push_back(&*node);
            }
        }
    }

    /// The one node that reads the value, if it may vanish between the two.
    const Node* only_reader(const std::string& value) const {
        const auto found = readers_.find(value);
        if (wanted_.contains(value) || found == readers_.end() || found->second.size() != 1)
            return nullptr;
        return found->second.front();
    }

    /// The operand that is added to the value of a BatchNormalization; empty unless both have the
    /// same extents.
    std::string residual(const Node& add, const std::string& value) const {
        const std::string& other = add.inputs[add.inputs[0] == value ? 1 : 0];
        const bool same = other != value && is_live(other) && !roles_.weights.contains(other) &&
                          values_.at(other).dims == values_.at(value).dims;
        return same ? other : std::string();
    }

    void join_batch_norms() {
        for (const Node& node : graph_.nodes)
            if (node.op == Op::BatchNormalization && needed_.contains(&node)) join(node);
    }

    void join(const Node& node) {
        Step step{.node = &node, .output = node.outputs.front()};
        const Node* last = &node;
        const Node* reader = only_reader(step.output);
        if (reader != nullptr && reader->op == Op::Add && !joins_.contains(reader)) {
            step.residual = residual(*reader, step.output);
            if (!step.residual.empty()) {
                last = reader;
                reader = only_reader(reader->outputs.front());
            }
        }
        const bool activates =
            reader != nullptr &&
            (reader->op == Op::Relu || (reader->op == Op::HardSwish && step.residual.empty()));
        if (activates) {
            step.activation = reader;
            last = reader;
        }
        absorb(step, *last);
    }

    /// The step runs where its last node stands: the residual exists there.
    void absorb(Step step, const Node& last) {
        step.output = last.outputs.front();
        if (&last == step.node) return;
        absorbed_.insert(step.node);
        if (!step.residual.empty()) {
            const Node* add = only_reader(step.node->outputs.front());
            joins_.insert(add);
            if (add != &last) absorbed_.insert(add);
        }
        joined_.emplace(&last, std::move(step));
    }

    void join_laterals() {
        for (const Node& node : graph_.nodes)
            if (node.op == Op::Conv && needed_.contains(&node)) join_lateral(node);
    }

    /// The producer of the value if it is that operation and `reader` alone reads the value.
    const Node* private_producer(const std::string& value, Op op, const Node& reader) const {
        const auto found = made_by_.find(value);
        const bool fits = found != made_by_.end() && found->second->op == op &&
                          only_reader(value) == &reader && !absorbed_.contains(found->second);
        return fits ? found->second : nullptr;
    }

    void join_lateral(const Node& node) {
        const Node* add = private_producer(node.inputs[0], Op::Add, node);
        if (add == nullptr) return;
        for (const std::size_t side : {0, 1}) {
            const Node* enlarge = private_producer(add->inputs[side], Op::Resize, *add);
            const Node* lateral = private_producer(add->inputs[1 - side], Op::Conv, *add);
            if (enlarge == nullptr || lateral == nullptr || !is_lateral(node, *lateral, *enlarge))
                continue;
            joined_.emplace(&node, Step{.node = &node,
                                        .residual = enlarge->inputs[0],
                                        .lateral = lateral,
                                        .output = node.outputs.front()});
            absorbed_.insert({add, enlarge, lateral});
            return;
        }
    }

    const model::Dims& dims(const std::string& value) const { return values_.at(value).dims; }

    /// Whether the three are what their names say, and fewer products when joined.
    bool is_lateral(const Node& node, const Node& lateral, const Node& enlarge) const {
        const model::Dims& out = dims(node.inputs[1]);
        const model::Dims& in = dims(lateral.inputs[1]);
        if (!is_same_3x3(
                model::conv_attributes(node, dims(node.inputs[0]), dims(node.inputs[1]))) ||
            in != model::Dims{in[0], in[1], 1, 1} || lateral.inputs.size() != 2 ||
            dims(lateral.inputs[0])[1] != in[1] ||
            dims(lateral.inputs[0])[2] != dims(node.inputs[0])[2] || !is_doubling(enlarge))
            return false;
        return 9 * in[1] * out[0] + 4 * in[0] * out[0] < in[1] * in[0] + 9 * in[0] * out[0];
    }

    bool is_doubling(const Node& resize) const {
        std::vector<float> scales;
        std::vector<std::int64_t> sizes;
        const auto constant = [&](std::size_t index) -> const model::Tensor* {
            const bool given = index < resize.inputs.size() && !resize.inputs[index].empty();
            return given ? &values_.at(resize.inputs[index]).constant : nullptr;
        };
        if (const model::Tensor* values = constant(2))
            scales.assign(values->f32().begin(), values->f32().end());
        if (const model::Tensor* values = constant(3)) sizes = model::integers(*values);
        const model::Dims& input = dims(resize.inputs[0]);
        return doublings(model::resize_attributes(resize, input, scales, sizes), input) == 1;
    }

    void join_gates() {
        for (const Node& node : graph_.nodes)
            if (node.op == Op::Mul && needed_.contains(&node)) join_gate(node);
    }

    void join_gate(const Node& node) {
        const std::string& product = node.outputs.front();
        const Node* add = only_reader(product);
        if (add == nullptr || add->op != Op::Add || joins_.contains(add)) return;
        const std::string& map = add->inputs[add->inputs[0] == product ? 1 : 0];
        const bool gates_map = node.inputs[0] == map || node.inputs[1] == map;
        const std::string& gate = node.inputs[node.inputs[0] == map ? 1 : 0];
        if (!gates_map || !is_gate(gate, map)) return;
        absorb({.node = &node, .residual = map}, *add);
    }

    bool is_gate(const std::string& gate, const std::string& map) const {
        return is_live(gate) && !roles_.weights.contains(gate) &&
               train::is_gate(dims(gate), dims(map));
    }

    void join_affine() {
        for (const Node& node : graph_.nodes) {
            if (!needed_.contains(&node) || absorbed_.contains(&node) || joined_.contains(&node))
                continue;
            if (node.op == Op::Conv ||
                (node.op == Op::ConvTranspose && node.get_int("group", 1) == 1))
                join_channels(node);
            else if (node.op == Op::Relu || node.op == Op::HardSwish)
                join_block(node);
        }
    }

    /// The operand that the node multiplies or adds to `value`, if it does not depend on the image
    /// and has one element for all or one for each of so many channels; else empty.
    std::string affine_operand(const Node& node, const std::string& value,
                               std::int64_t channels) const {
        const std::string& other = node.inputs[node.inputs[0] == value ? 1 : 0];
        const model::InferredValue& operand = values_.at(other);
        const bool exists = is_live(other) || graph_.parameter(other) != nullptr;
        if (!exists || of_image_.contains(other) || !is_real(operand.type) ||
            dims(value).size() != 4 || operand.dims.size() > 4)
            return {};
        const model::Dims& d = operand.dims;
        const bool for_all = std::ranges::all_of(d, [](std::int64_t n) { return n == 1; });
        const bool for_each =
            d == model::Dims{channels, 1, 1} || d == model::Dims{1, channels, 1, 1};
        return for_all || for_each ? other : std::string();
    }

    /// The additions and multiplications behind a convolution, however many.
    void join_channels(const Node& node) {
        Step step{.node = &node};
        const model::Dims& map = dims(node.outputs.front());
        const Node* last = &node;
        for (const Node* next = only_reader(last->outputs.front());
             map.size() == 4 && next != nullptr && !joins_.contains(next) &&
             (next->op == Op::Add || next->op == Op::Mul);
             next = only_reader(last->outputs.front())) {
            const std::string operand = affine_operand(*next, last->outputs.front(), map[1]);
            if (operand.empty()) break;
            step.affine.push_back({next->op, operand});
            last = next;
        }
        absorb_chain(std::move(step), *last);
    }

    /// The affine block behind an activation.
    void join_block(const Node& node) {
        Step step{.node = &node};
        const Node* last = &node;
        for (const Op op : {Op::Mul, Op::Add}) {
            const Node* next = only_reader(last->outputs.front());
            if (next == nullptr || next->op != op) return;
            const std::string operand = affine_operand(*next, last->outputs.front(), 1);
            if (operand.empty()) return;
            step.affine.push_back({op, operand});
            last = next;
        }
        absorb_chain(std::move(step), *last);
    }

    /// The step runs where the last node of the chain stands.
    void absorb_chain(Step step, const Node& last) {
        if (&last == step.node) return;
        for (const Node* node = step.node; node != &last; node = only_reader(node->outputs.front()))
            absorbed_.insert(node);
        step.output = last.outputs.front();
        joined_.emplace(&last, std::move(step));
    }

    void mark_full_precision(std::vector<Step>& steps) const {
        std::set<std::string> feeds_weighted;
        for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
            const bool feeds = is_weighted(step->node->op) || feeds_weighted.contains(step->output);
            step->full_precision = !feeds || step->node->op == Op::Sigmoid ||
                                   !of_image_.contains(step->node->outputs.front());
            if (!feeds) continue;
            for (const std::string& input : inputs_of(*step)) feeds_weighted.insert(input);
            for (const std::string& output : step->node->outputs) feeds_weighted.insert(output);
        }
    }

    void mark_last_uses(std::vector<Step>& steps) const {
        std::set<std::string> seen(wanted_);
        for (auto step = steps.rbegin(); step != steps.rend(); ++step)
            for (const std::string& input : inputs_of(*step))
                if (seen.insert(input).second) step->last_uses.push_back(input);
    }

    static std::vector<std::string> inputs_of(const Step& step) {
        std::vector<std::string> inputs = step.node->inputs;
        if (!step.residual.empty()) inputs.push_back(step.residual);
        if (step.lateral != nullptr)
            inputs.insert(inputs.end(), step.lateral->inputs.begin(), step.lateral->inputs.end());
        for (const ChannelOperation& operation : step.affine) inputs.push_back(operation.operand);
        return inputs;
    }

    const Graph& graph_;
    const model::InferredValues& values_;
    const ParameterRoles& roles_;
    std::unordered_map<std::string, const Node*> made_by_;
    std::set<std::string> wanted_;
    std::set<std::string> live_;
    std::set<std::string> of_image_;  ///< what depends on the image's extents or pixels
    std::set<const Node*> needed_;
    std::unordered_map<std::string, std::vector<const Node*>> readers_;
    std::set<const Node*> absorbed_;  ///< have no step of their own
    std::set<const Node*> joins_;     ///< additions that belong to a BatchNormalization
    std::unordered_map<const Node*, Step> joined_;  ///< by the last node
};

}  // namespace

ParameterRoles parameter_roles(const Graph& graph) {
    const auto made_by = producers(graph);
    const auto origin = [&](std::string value) {
        for (auto node = made_by.find(value);
             node != made_by.end() && is_pass_through(node->second->op); node = made_by.find(value))
            value = node->second->inputs.front();
        return value;
    };
    /// The bias of a layer with one output channel, which has one element as constants have.
    const auto is_only_bias = [&](const Node& add, std::size_t index) {
        const auto layer = made_by.find(origin(add.inputs[1 - index]));
        if (add.op != Op::Add || layer == made_by.end() || !is_layer(layer->second->op))
            return false;
        const model::Tensor* kernel = graph.parameter(origin(layer->second->inputs[1]));
        const model::Tensor* bias = graph.parameter(origin(add.inputs[index]));
        const bool has_axis = bias != nullptr && !bias->dims().empty();
        return has_axis && kernel != nullptr && channels_of(*layer->second, *kernel) == 1;
    };
    ParameterRoles roles;
    for (const AffineBlock& block : affine_blocks(graph))
        roles.weights.insert({block.factor, block.offset});
    const auto assign = [&](const std::string& value, std::set<std::string>& role,
                            bool scalars = true) {
        const std::string name = origin(value);
        const model::Tensor* tensor = graph.parameter(name);
        if (tensor != nullptr && is_real(tensor->type()) && (scalars || tensor->size() > 1))
            role.insert(name);
    };
    for (const Node& node : graph.nodes) {
        const std::size_t weights = node.op == Op::BatchNormalization ? 3 : node.inputs.size();
        if (is_weighted(node.op) || is_arithmetic(node.op))
            for (std::size_t i = 0; i < weights; ++i)
                assign(node.inputs[i], roles.weights,
                       is_weighted(node.op) || is_only_bias(node, i));
        for (std::size_t i = weights; i < node.inputs.size(); ++i)
            assign(node.inputs[i], roles.statistics);
    }
    return roles;
}

void bypass_identities(Graph& graph) {
    std::unordered_map<std::string, std::string> passed;
    for (Node& node : graph.nodes) {
        for (std::string& input : node.inputs)
            if (const auto found = passed.find(input); found != passed.end()) input = found->second;
        if (node.op == Op::Identity) passed[node.outputs.front()] = node.inputs.front();
    }
}

bool is_same_3x3(const model::ConvAttributes& attributes) {
    using model::Dims;
    const model::Window& w = attributes.window;
    return attributes.group == 1 && w.kernel == Dims{3, 3} && w.strides == Dims{1, 1} &&
           w.dilations == Dims{1, 1} && w.pads_begin == Dims{1, 1} && w.pads_end == Dims{1, 1};
}

bool is_gate(const model::Dims& gate, const model::Dims& map) {
    return map.size() == 4 && gate == model::Dims{map[0], map[1], 1, 1} && gate != map;
}

int doublings(const model::ResizeAttributes& attributes, const model::Dims& input) {
    if (input.size() != 4) return 0;
    const auto axes = engine::resize_axes(attributes, input);
    int times = 0;
    while (static_cast<std::int64_t>(axes[3].low.size()) > input[3] << times) ++times;
    for (std::size_t axis = 0; axis < 4; ++axis) {
        const auto& low = axes[axis].low;
        const auto& weight = axes[axis].weight;
        const int shift = axis < 2 ? 0 : times;
        if (static_cast<std::int64_t>(low.size()) != input[axis] << shift) return 0;
        for (std::size_t i = 0; i < low.size(); ++i)
            if (low[i] != static_cast<std::int64_t>(i) >> shift || weight[i] != 0) return 0;
    }
    return times;
}

std::vector<Step> plan_steps(const Graph& graph, const model::InferredValues& values,
                             const ParameterRoles& roles, const std::vector<std::string>& wanted) {
    return Planner(graph, values, roles, wanted).steps();
}

}  // namespace dbnet::train
