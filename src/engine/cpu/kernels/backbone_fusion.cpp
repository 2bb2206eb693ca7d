#include "engine/cpu/kernels/backbone_fusion.hpp"

#include <optional>
#include <set>
#include <utility>

#include "engine/cpu/kernels/graph_pattern.hpp"
#include "engine/cpu/kernels/inverted_residual.hpp"
#include "engine/cpu/kernels/pointwise.hpp"
#include "engine/cpu/kernels/stem.hpp"

namespace dbnet::engine::cpu {
namespace {

using model::Node;
using model::Op;

// A region of one input and one output, run by the kernel that `kMake` makes.
template <typename Weights, auto kMake>
class Region final : public FusedRegion {
public:
    Region(std::shared_ptr<const Weights> weights, int channels)
        : weights_(std::move(weights)), channels_(channels) {}

    std::unique_ptr<FusedKernel> instantiate(
        const std::vector<model::Dims>& input_dims) const override {
        const model::Dims& input = input_dims[0];
        if (input.size() != 4 || input[1] != channels_) return nullptr;
        return kMake(weights_, input);
    }
    std::size_t weight_bytes() const override { return weights_->bytes(); }

private:
    std::shared_ptr<const Weights> weights_;
    int channels_;
};

using StemRegion = Region<StemWeights, make_stem>;
using BlockRegion = Region<InvertedResidualWeights, make_inverted_residual>;
using PointwiseRegion = Region<PackedConv, make_pointwise>;

// A convolution and what follows it as long as it is the only user of the value before.
struct ConvStep {
    ConvParts conv;
    RunActivation activation;
    std::vector<const Node*> nodes;

    const std::string& output() const { return nodes.back()->outputs[0]; }
    const std::string& input() const { return nodes.front()->inputs[0]; }
    PackedConv pack() const {
        return {conv.weights, conv.bias, conv.out,
                conv.in / conv.groups * conv.kernel * conv.kernel, activation};
    }
};

class Matcher {
public:
    explicit Matcher(const model::Graph& graph) : pattern_(graph) {}

    std::vector<std::unique_ptr<FusedRegion>> run() {
        for (const Node& node : pattern_.graph().nodes) {
            if (claimed_.contains(&node)) continue;
            const std::optional<ConvStep> first = step(&node);
            if (!first || match_stem(*first) || match_inverted_residual(*first)) continue;
            match_pointwise(*first);
        }
        return std::move(regions_);
    }

private:
    std::optional<ConvStep> step(const Node* node) const {
        if (node == nullptr) return std::nullopt;
        const std::optional<ConvParts> conv = conv_parts(pattern_.graph(), *node);
        if (!conv) return std::nullopt;
        ConvStep found{*conv, {}, {node}};
        const Node* next = pattern_.only_user(node->outputs[0]);
        if (next == nullptr) return found;
        if (const auto activation = activation_of(pattern_.graph(), *next)) {
            found.activation = *activation;
            found.nodes.push_back(next);
        }
        return found;
    }

    // The next convolution, if it is all that uses the output of this one.
    std::optional<ConvStep> step_after(const ConvStep& previous) const {
        return step(pattern_.only_user(previous.output()));
    }

    bool match_stem(const ConvStep& first) {
        constexpr int kMostChannels = 4;  // from 8 on, blocked layouts fill their vectors
        const ConvParts& conv = first.conv;
        if (conv.groups != 1 || conv.in > kMostChannels || conv.stride != 2 ||
            (conv.kernel != 3 && conv.kernel != 5) || conv.pad != conv.kernel / 2)
            return false;
        auto weights = std::make_shared<StemWeights>();
        weights->conv = first.pack();
        weights->in_channels = conv.in;
        weights->kernel = conv.kernel;
        add("stem", std::make_unique<StemRegion>(std::move(weights), conv.in), first.input(),
            first.nodes);
        return true;
    }

    bool match_inverted_residual(const ConvStep& expand) {
        if (!expand.conv.pointwise()) return false;
        const std::optional<ConvStep> depthwise = step_after(expand);
        if (!depthwise || !is_depthwise(depthwise->conv)) return false;
        const std::optional<ConvStep> project = step_after(*depthwise);
        if (!project || !project->conv.pointwise()) return false;

        auto weights = std::make_shared<InvertedResidualWeights>();
        const ConvParts& middle = depthwise->conv;
        weights->expand = expand.pack();
        weights->kernel = middle.kernel;
        weights->stride = middle.stride;
        weights->depthwise.assign(middle.weights,
                                  middle.weights + middle.out * middle.kernel * middle.kernel);
        weights->depthwise_bias.resize(static_cast<std::size_t>(middle.out));
        if (middle.bias != nullptr)
            weights->depthwise_bias.assign(middle.bias, middle.bias + middle.out);
        weights->depthwise_activation = depthwise->activation;
        weights->project = project->pack();

        std::vector<const Node*> nodes = expand.nodes;
        nodes.insert(nodes.end(), depthwise->nodes.begin(), depthwise->nodes.end());
        nodes.insert(nodes.end(), project->nodes.begin(), project->nodes.end());
        const Node* sum = pattern_.only_user(project->output());
        weights->residual = sum != nullptr && middle.stride == 1 &&
                            expand.conv.in == project->conv.out &&
                            adds(*sum, expand.input(), project->output());
        if (weights->residual) nodes.push_back(sum);
        add("inverted_residual", std::make_unique<BlockRegion>(std::move(weights), expand.conv.in),
            expand.input(), nodes);
        return true;
    }

    void match_pointwise(const ConvStep& first) {
        if (!first.conv.pointwise() || first.nodes.size() == 1 || !outputs_.contains(first.input()))
            return;
        add("pointwise",
            std::make_unique<PointwiseRegion>(std::make_shared<PackedConv>(first.pack()),
                                              first.conv.in),
            first.input(), first.nodes);
    }

    static bool is_depthwise(const ConvParts& conv) {
        return conv.groups == conv.in && conv.out == conv.in &&
               (conv.kernel == 3 || conv.kernel == 5) && conv.pad == conv.kernel / 2 &&
               (conv.stride == 1 || conv.stride == 2);
    }

    static bool adds(const Node& node, const std::string& a, const std::string& b) {
        return node.op == Op::Add && ((node.inputs[0] == a && node.inputs[1] == b) ||
                                      (node.inputs[0] == b && node.inputs[1] == a));
    }

    void add(const char* name, std::unique_ptr<FusedRegion> region, const std::string& input,
             const std::vector<const Node*>& nodes) {
        region->name = name;
        region->inputs = {input};
        region->outputs = {nodes.back()->outputs[0]};
        for (const Node* node : nodes) region->nodes.push_back(pattern_.index(*node));
        claimed_.insert(nodes.begin(), nodes.end());
        outputs_.insert(region->outputs[0]);
        regions_.push_back(std::move(region));
    }

    GraphPattern pattern_;
    std::vector<std::unique_ptr<FusedRegion>> regions_;
    std::set<const Node*> claimed_;
    std::set<std::string> outputs_;  // of the regions found so far
};

}  // namespace

std::vector<std::unique_ptr<FusedRegion>> match_backbone(const model::Graph& optimised) {
    return Matcher(optimised).run();
}

}  // namespace dbnet::engine::cpu
