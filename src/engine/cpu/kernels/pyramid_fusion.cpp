#include "engine/cpu/kernels/pyramid_fusion.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string_view>

#include "engine/cpu/kernels/graph_pattern.hpp"
#include "engine/cpu/kernels/pyramid.hpp"
#include "model/attributes.hpp"
#include "model/shape_inference.hpp"

namespace dbnet::engine::cpu {
namespace {

using model::Dims;
using model::Graph;
using model::Node;
using model::Op;
using model::Tensor;

/// Follows the pattern backwards and collects the nodes on the way. Every member returns the value
/// in front of what it matched, or nothing.
class Walk {
public:
    explicit Walk(const GraphPattern& pattern) : graph_(pattern.graph()), pattern_(pattern) {}

    const std::set<std::size_t>& nodes() const { return nodes_; }

    /// The node that computes `value`, claimed, if it is of that kind.
    const Node* claim(const std::string& value, Op op) {
        const Node* node = pattern_.producer(value);
        if (node == nullptr || node->op != op) return nullptr;
        nodes_.insert(pattern_.index(*node));
        return node;
    }
    const Node* peek(const std::string& value) const { return pattern_.producer(value); }

    const std::string* activation(const std::string& value, Op op) {
        const Node* node = claim(value, op);
        return node == nullptr ? nullptr : &node->inputs[0];
    }
    const std::string* conv(const std::string& value, int kernel, ConvWeights& weights);
    const std::string* deconv(const std::string& value, ConvWeights& weights);
    /// v * (1 + SE(v)) -> v; a value that is no such sum is v itself.
    const std::string* gate(const std::string& value, std::optional<Gate>& gate);
    /// Nearest upsampling by `factor`, a power of two.
    const std::string* upsampling(const std::string& value, int& factor);

    /// Whether nothing but `outputs` is used outside the claimed nodes.
    bool closed(const std::vector<std::string>& outputs) const;

private:
    const Graph& graph_;
    const GraphPattern& pattern_;
    std::set<std::size_t> nodes_;
};

const std::string* Walk::conv(const std::string& value, int kernel, ConvWeights& weights) {
    const Node* node = claim(value, Op::Conv);
    if (node == nullptr) return nullptr;
    const auto parts = conv_parts(graph_, *node);
    if (!parts || parts->groups != 1 || parts->stride != 1 || parts->kernel != kernel ||
        parts->pad != kernel / 2 || parts->in < 1 || parts->out < 1)
        return nullptr;
    const auto count = static_cast<std::ptrdiff_t>(parts->out) * parts->in * kernel * kernel;
    weights = {parts->in, parts->out, {parts->weights, parts->weights + count}, {}};
    if (parts->bias != nullptr) weights.bias.assign(parts->bias, parts->bias + parts->out);
    return &node->inputs[0];
}

const std::string* Walk::deconv(const std::string& value, ConvWeights& weights) {
    const Node* node = claim(value, Op::ConvTranspose);
    const Tensor* tensor = node == nullptr ? nullptr : graph_.parameter(node->inputs[1]);
    if (tensor == nullptr || tensor->type() != model::DataType::f32) return nullptr;
    const Dims& dims = tensor->dims();
    constexpr std::int64_t kMostChannels = 1 << 20;
    if (dims.size() != 4 || dims[2] != 2 || dims[3] != 2 || node->get_int("group", 1) != 1 ||
        dims[0] < 1 || dims[1] < 1 || dims[0] > kMostChannels || dims[1] > kMostChannels)
        return nullptr;
    const auto attributes = model::conv_transpose_attributes(*node, {1, dims[0], 3, 3}, dims);
    if (attributes.window.strides != Dims{2, 2} || attributes.window.pads_begin != Dims{0, 0} ||
        attributes.window.output != Dims{6, 6})
        return nullptr;
    weights.in = static_cast<int>(dims[0]);
    weights.out = static_cast<int>(dims[1]);
    weights.weights.assign(tensor->f32().begin(), tensor->f32().end());
    weights.bias.clear();
    if (node->inputs.size() > 2 && !node->inputs[2].empty()) {
        const Tensor* bias = graph_.parameter(node->inputs[2]);
        if (bias == nullptr || bias->type() != model::DataType::f32 || bias->size() != dims[1])
            return nullptr;
        weights.bias.assign(bias->f32().begin(), bias->f32().end());
    }
    return &node->inputs[0];
}

const std::string* Walk::gate(const std::string& value, std::optional<Gate>& gate) {
    const Node* sum = peek(value);
    if (sum == nullptr || sum->op != Op::Add) return &value;
    for (std::size_t i = 0; i < 2; ++i) {
        const std::string& plain = sum->inputs[i];
        const Node* product = peek(sum->inputs[1 - i]);
        if (product == nullptr || product->op != Op::Mul) continue;
        for (std::size_t j = 0; j < 2; ++j) {
            const Node* factor = peek(product->inputs[1 - j]);
            if (product->inputs[j] != plain || factor == nullptr || factor->op != Op::HardSigmoid)
                continue;
            Gate found;
            const auto attributes = model::hard_sigmoid_attributes(*factor);
            found.alpha = attributes.alpha;
            found.beta = attributes.beta;
            const std::string* at = conv(factor->inputs[0], 1, found.excite);
            if (at != nullptr) at = activation(*at, Op::Relu);
            if (at != nullptr) at = conv(*at, 1, found.squeeze);
            if (at != nullptr) at = activation(*at, Op::GlobalAveragePool);
            if (at == nullptr || *at != plain) return nullptr;
            claim(value, Op::Add);
            claim(sum->inputs[1 - i], Op::Mul);
            claim(product->inputs[1 - j], Op::HardSigmoid);
            gate = std::move(found);
            return &plain;
        }
    }
    return &value;
}

/// Whether output pixel x comes from input pixel floor(x / factor) for every whole factor.
bool repeats_pixels(const model::ResizeAttributes& resize) {
    using Coordinates = model::ResizeCoordinates;
    using Rounding = model::ResizeRounding;
    if (resize.mode != model::ResizeMode::nearest) return false;
    if (resize.coordinates == Coordinates::asymmetric) return resize.rounding == Rounding::floor;
    return resize.coordinates == Coordinates::half_pixel &&
           (resize.rounding == Rounding::round_prefer_floor ||
            resize.rounding == Rounding::round_prefer_ceil);
}

const std::string* Walk::upsampling(const std::string& value, int& factor) {
    const Node* node = claim(value, Op::Resize);
    if (node == nullptr || node->inputs.size() < 3) return nullptr;
    const Tensor* scales = graph_.parameter(node->inputs[2]);
    if (scales == nullptr || scales->type() != model::DataType::f32 || scales->size() == 0)
        return nullptr;
    const auto resize = model::resize_attributes(*node, {-1, -1, -1, -1}, scales->f32(), {});
    const float scale = resize.scales[2];
    if (!repeats_pixels(resize) || resize.scales[0] != 1 || resize.scales[1] != 1 ||
        resize.scales[3] != scale || !(scale >= 2 && scale <= 256))
        return nullptr;
    factor = static_cast<int>(scale);
    const bool power_of_two = (factor & (factor - 1)) == 0;
    return static_cast<float>(factor) == scale && power_of_two ? &node->inputs[0] : nullptr;
}

bool Walk::closed(const std::vector<std::string>& outputs) const {
    std::set<std::string_view> inner;
    for (const std::size_t index : nodes_)
        for (const std::string& value : graph_.nodes[index].outputs)
            if (std::find(outputs.begin(), outputs.end(), value) == outputs.end())
                inner.insert(value);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
        if (nodes_.count(i) != 0) continue;
        for (const std::string& value : graph_.nodes[i].inputs)
            if (inner.count(value) != 0) return false;
    }
    return std::none_of(graph_.outputs.begin(), graph_.outputs.end(),
                        [&](const model::ValueInfo& v) { return inner.count(v.name) != 0; });
}

/// The value in front of the two transposed convolutions (behind the ReLU).
const std::string* match_tail(Walk& walk, const std::string& map, HeadWeights& head) {
    const std::string* at = walk.activation(map, Op::Sigmoid);
    if (at != nullptr) at = walk.deconv(*at, head.second_deconv);
    if (at != nullptr) at = walk.activation(*at, Op::Relu);
    if (at != nullptr) at = walk.deconv(*at, head.first_deconv);
    const bool fits = at != nullptr && head.second_deconv.out == 1 &&
                      head.second_deconv.in == head.first_deconv.out;
    return fits ? at : nullptr;
}

/// The value in front of a head's first convolution, whose weights go to `conv`.
const std::string* match_branch(Walk& walk, const std::string& map, HeadWeights& head,
                                ConvWeights& conv) {
    const std::string* at = match_tail(walk, map, head);
    if (at != nullptr) at = walk.activation(*at, Op::Relu);
    if (at != nullptr) at = walk.conv(*at, 3, conv);
    head.bias = conv.bias;
    return at != nullptr && conv.out == head.first_deconv.in ? at : nullptr;
}

/// The maps that are upsampled and concatenated, by level, and where each one's channels begin.
struct Branches {
    std::vector<std::string> values;
    std::vector<std::size_t> places;  ///< in the concatenation
};

std::optional<Branches> match_concat(Walk& walk, const std::string& value) {
    const Node* concat = walk.claim(value, Op::Concat);
    if (concat == nullptr || model::axis_attribute(*concat, 4) != 1) return std::nullopt;
    const std::size_t levels = concat->inputs.size();
    Branches branches{std::vector<std::string>(levels), std::vector<std::size_t>(levels)};
    for (std::size_t place = 0; place < levels; ++place) {
        const std::string* at = &concat->inputs[place];
        const Node* producer = walk.peek(*at);
        int factor = 1;
        if (producer != nullptr && producer->op == Op::Resize) at = walk.upsampling(*at, factor);
        const auto level = static_cast<std::size_t>(std::log2(factor));
        if (at == nullptr || level >= levels || !branches.values[level].empty())
            return std::nullopt;
        branches.values[level] = *at;
        branches.places[level] = place;
    }
    return branches;
}

/// The input of the lateral of level i and, through `next`, f_{i+1}; f_i is `value`.
const std::string* match_level(Walk& walk, const std::string& value, PyramidLevel& level,
                               bool coarsest, std::string& next) {
    const std::string* at = &value;
    if (!coarsest) {
        const Node* sum = walk.claim(value, Op::Add);
        if (sum == nullptr) return nullptr;
        const Node* first = walk.peek(sum->inputs[0]);
        const std::size_t upper = first != nullptr && first->op == Op::Resize ? 0 : 1;
        int factor = 0;
        const std::string* upsampled = walk.upsampling(sum->inputs[upper], factor);
        if (upsampled == nullptr || factor != 2) return nullptr;
        next = *upsampled;
        at = &sum->inputs[1 - upper];
    }
    at = walk.gate(*at, level.lateral_gate);
    return at == nullptr ? nullptr : walk.conv(*at, 1, level.lateral);
}

bool fits(const std::optional<Gate>& gate, int channels) {
    return !gate || (gate->squeeze.in == channels && gate->squeeze.out == gate->excite.in &&
                     gate->excite.out == channels);
}

bool fits(const PyramidLevel& level) {
    return level.out.in == level.lateral.out && fits(level.lateral_gate, level.lateral.out) &&
           fits(level.out_gate, level.out.out);
}

/// The laterals' inputs, finest first.
std::optional<std::vector<std::string>> match_neck(Walk& walk, const Branches& branches,
                                                   std::vector<PyramidLevel>& neck) {
    const std::size_t levels = branches.values.size();
    std::vector<std::string> inputs;
    std::string expected;  // the value that must be f_i
    for (std::size_t i = 0; i < levels; ++i) {
        PyramidLevel& level = neck.emplace_back();
        const std::string* at = walk.gate(branches.values[i], level.out_gate);
        if (at != nullptr) at = walk.conv(*at, 3, level.out);
        if (at == nullptr || (i > 0 && *at != expected)) return std::nullopt;
        at = match_level(walk, *at, level, i + 1 == levels, expected);
        if (at == nullptr || !fits(level) || level.lateral.out != neck[0].lateral.out)
            return std::nullopt;
        inputs.push_back(*at);
    }
    return inputs;
}

/// Channels of a value; 0 where they are not known.
int channels_of(const model::InferredValues& shapes, const std::string& value) {
    const auto found = shapes.find(value);
    if (found == shapes.end() || found->second.dims.size() != 4) return 0;
    return static_cast<int>(std::clamp<std::int64_t>(found->second.dims[1], 0, 1 << 20));
}

/// Cuts the head's weights [out][in][9] in the parts for each level.
bool split_head(const ConvWeights& head, const Branches& branches, const std::vector<int>& channels,
                std::vector<ConvWeights>& parts) {
    std::vector<int> begin(channels.size());  // by place
    std::vector<std::size_t> level_at(channels.size());
    for (std::size_t level = 0; level < channels.size(); ++level)
        level_at[branches.places[level]] = level;
    int total = 0;
    for (std::size_t place = 0; place < channels.size(); ++place) {
        begin[place] = total;
        if (channels[level_at[place]] < 1) return false;
        total += channels[level_at[place]];
    }
    if (total != head.in) return false;
    for (std::size_t level = 0; level < channels.size(); ++level) {
        ConvWeights part{channels[level], head.out, {}, {}};
        for (int k = 0; k < head.out; ++k) {
            const std::ptrdiff_t first =
                9 * (static_cast<std::ptrdiff_t>(k) * head.in + begin[branches.places[level]]);
            const auto from = head.weights.begin() + first;
            part.weights.insert(part.weights.end(), from,
                                from + 9 * static_cast<std::ptrdiff_t>(channels[level]));
        }
        parts.push_back(std::move(part));
    }
    return true;
}

class PyramidRegion final : public FusedRegion {
public:
    explicit PyramidRegion(const PyramidWeights& weights) : pyramid_(make_pyramid(weights)) {}

    std::unique_ptr<FusedKernel> instantiate(const std::vector<Dims>& input_dims) const override {
        return make_pyramid_kernel(pyramid_, input_dims);
    }
    std::size_t weight_bytes() const override { return cpu::weight_bytes(*pyramid_); }

private:
    std::shared_ptr<const Pyramid> pyramid_;
};

class HeadTailRegion final : public FusedRegion {
public:
    explicit HeadTailRegion(const HeadWeights& head)
        : tail_(std::make_shared<const HeadTail>(head.first_deconv, head.second_deconv,
                                                 row_kernels())) {}

    std::unique_ptr<FusedKernel> instantiate(const std::vector<Dims>& input_dims) const override {
        return make_head_tail_kernel(tail_, input_dims[0]);
    }
    std::size_t weight_bytes() const override { return tail_->weight_bytes(); }

private:
    std::shared_ptr<const HeadTail> tail_;
};

std::unique_ptr<FusedRegion> finish(std::unique_ptr<FusedRegion> region, const char* name,
                                    const Walk& walk, std::vector<std::string> inputs,
                                    std::vector<std::string> maps) {
    region->name = name;
    region->inputs = std::move(inputs);
    region->outputs = std::move(maps);
    region->nodes.assign(walk.nodes().begin(), walk.nodes().end());
    return region;
}

/// Branches of a head on the same concatenation.
struct Group {
    std::string concat;
    std::vector<std::string> maps;
    std::vector<HeadWeights> heads;
    std::vector<ConvWeights> convs;
};

bool split_heads(const Group& group, const Branches& branches, const std::vector<int>& channels,
                 PyramidWeights& weights) {
    weights.heads = group.heads;
    for (std::size_t h = 0; h < group.heads.size(); ++h)
        if (!split_head(group.convs[h], branches, channels, weights.heads[h].parts)) return false;
    return true;
}

std::unique_ptr<FusedRegion> match_whole(Walk walk, const Group& group, const Branches& branches) {
    PyramidWeights weights;
    const auto inputs = match_neck(walk, branches, weights.neck);
    if (!inputs || !walk.closed(group.maps)) return nullptr;
    std::vector<int> channels;
    for (const PyramidLevel& level : weights.neck) channels.push_back(level.out.out);
    if (!split_heads(group, branches, channels, weights)) return nullptr;
    return finish(std::make_unique<PyramidRegion>(weights), "pyramid", walk, *inputs, group.maps);
}

/// The largest region that ends in the group's maps and has their concatenation in it.
std::unique_ptr<FusedRegion> match_group(const GraphPattern& pattern, const Group& group) {
    Walk walk(pattern);
    for (const std::string& map : group.maps) {
        HeadWeights head;
        ConvWeights conv;
        match_branch(walk, map, head, conv);
    }
    const auto branches = match_concat(walk, group.concat);
    if (!branches || !walk.closed(group.maps)) return nullptr;
    if (auto region = match_whole(walk, group, *branches)) return region;
    const auto shapes = model::infer_shapes(pattern.graph());
    std::vector<int> channels;
    for (const std::string& input : branches->values)
        channels.push_back(channels_of(shapes, input));
    PyramidWeights weights;
    if (!split_heads(group, *branches, channels, weights)) return nullptr;
    return finish(std::make_unique<PyramidRegion>(weights), "head", walk, branches->values,
                  group.maps);
}

std::unique_ptr<FusedRegion> match_tail_alone(const GraphPattern& pattern, const std::string& map) {
    Walk walk(pattern);
    HeadWeights head;
    const std::string* input = match_tail(walk, map, head);
    if (input == nullptr || !walk.closed({map})) return nullptr;
    return finish(std::make_unique<HeadTailRegion>(head), "head_tail", walk, {*input}, {map});
}

/// All branches of heads, by what they branch from.
std::vector<Group> find_groups(const GraphPattern& pattern) {
    std::vector<Group> groups;
    for (const Node& node : pattern.graph().nodes) {
        if (node.op != Op::Sigmoid) continue;
        Walk walk(pattern);
        HeadWeights head;
        ConvWeights conv;
        const std::string* concat = match_branch(walk, node.outputs[0], head, conv);
        if (concat == nullptr) continue;
        auto group = std::find_if(groups.begin(), groups.end(),
                                  [&](const Group& g) { return g.concat == *concat; });
        if (group == groups.end()) group = groups.insert(groups.end(), {*concat, {}, {}, {}});
        group->maps.push_back(node.outputs[0]);
        group->heads.push_back(std::move(head));
        group->convs.push_back(std::move(conv));
    }
    return groups;
}

}  // namespace

std::vector<std::unique_ptr<FusedRegion>> match_pyramid(const Graph& optimised) {
    const GraphPattern pattern(optimised);
    std::vector<std::unique_ptr<FusedRegion>> regions;
    std::set<std::string> matched;
    for (const Group& group : find_groups(pattern)) {
        auto region = match_group(pattern, group);
        if (region == nullptr) continue;
        matched.insert(group.maps.begin(), group.maps.end());
        regions.push_back(std::move(region));
    }
    for (const Node& node : optimised.nodes) {
        if (node.op != Op::Sigmoid || matched.count(node.outputs[0]) != 0) continue;
        if (auto region = match_tail_alone(pattern, node.outputs[0]))
            regions.push_back(std::move(region));
    }
    return regions;
}

}  // namespace dbnet::engine::cpu
