#include "train/affine_blocks.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

namespace dbnet::train {
namespace {

using model::Graph;
using model::Node;
using model::Op;

/// Smaller factors are none that a kernel could be divided by again.
constexpr float kLeastFactor = 1e-6f;

bool is_convolution(Op op) { return op == Op::Conv || op == Op::ConvTranspose; }

/// Who reads which value, Identity nodes left out.
class Readers {
public:
    struct Place {
        const Node* node;
        std::size_t input;
    };

    explicit Readers(const Graph& graph) : graph_(graph) {
        for (const Node& node : graph.nodes)
            for (std::size_t i = 0; i < node.inputs.size(); ++i)
                direct_[node.inputs[i]].push_back({&node, i});
    }

    std::vector<Place> of(const std::string& value) const {
        std::vector<Place> places;
        const auto found = direct_.find(value);
        if (found == direct_.end()) return places;
        for (const Place& place : found->second) {
            if (place.node->op != Op::Identity) {
                places.push_back(place);
                continue;
            }
            const std::vector<Place> further = of(place.node->outputs.front());
            places.insert(places.end(), further.begin(), further.end());
        }
        return places;
    }

    /// A parameter of one element in an axis of its own, read once.
    bool is_number(const std::string& value) const {
        const model::Tensor* tensor = graph_.parameter(value);
        return tensor != nullptr && tensor->type() == model::DataType::f32 && tensor->size() == 1 &&
               !tensor->dims().empty() && of(value).size() == 1;
    }

private:
    const Graph& graph_;
    std::unordered_map<std::string, std::vector<Place>> direct_;
};

/// Which of a node's two inputs is a number; 2 for none.
std::size_t number_of(const Readers& readers, const Node& node) {
    std::size_t i = 0;
    while (i < 2 && !readers.is_number(node.inputs[i])) ++i;
    return i;
}

void multiply(model::Tensor& tensor, float factor) {
    std::vector<float> values(tensor.f32().begin(), tensor.f32().end());
    for (float& value : values) value *= factor;
    tensor = model::Tensor::of(tensor.dims(), values);
}

/// Whether the values can be multiplied in place of the node's input.
bool takes_factor(const Graph& graph, const Readers& readers, const Readers::Place& reader) {
    if (!is_convolution(reader.node->op) || reader.input != 0) return false;
    const std::string& kernel = reader.node->inputs[1];
    const model::Tensor* tensor = graph.parameter(kernel);
    return tensor != nullptr && tensor->type() == model::DataType::f32 &&
           readers.of(kernel).size() == 1;
}

}  // namespace

std::vector<AffineBlock> affine_blocks(const Graph& graph) {
    const Readers readers(graph);
    std::vector<AffineBlock> blocks;
    std::set<std::string> learned;  // what comes from a layer with weights
    for (const Node& node : graph.nodes) {
        const bool follows = std::ranges::any_of(
            node.inputs, [&](const std::string& input) { return learned.contains(input); });
        if (follows || is_convolution(node.op) || node.op == Op::Gemm || node.op == Op::MatMul)
            learned.insert(node.outputs.begin(), node.outputs.end());
        if (node.op != Op::Mul || !follows) continue;
        const std::size_t factor = number_of(readers, node);
        const std::vector<Readers::Place> next = readers.of(node.outputs.front());
        if (factor == 2 || next.size() != 1 || next.front().node->op != Op::Add) continue;
        const Node& add = *next.front().node;
        const std::size_t offset = number_of(readers, add);
        if (offset < 2 && offset != next.front().input)
            blocks.push_back({node.inputs[factor], add.inputs[offset], add.outputs.front()});
    }
    return blocks;
}

void balance_affine_blocks(Graph& graph) {
    const Readers readers(graph);
    for (const AffineBlock& block : affine_blocks(graph)) {
        const float a = graph.parameters.at(block.factor).f32()[0];
        const std::vector<Readers::Place> places = readers.of(block.output);
        const bool fits = std::isfinite(a) && std::abs(a) >= kLeastFactor && !places.empty() &&
                          std::ranges::find(graph.outputs, block.output, &model::ValueInfo::name) ==
                              graph.outputs.end() &&
                          std::ranges::all_of(places, [&](const Readers::Place& place) {
                              return takes_factor(graph, readers, place);
                          });
        if (!fits) continue;
        for (const Readers::Place& place : places)
            multiply(graph.parameters.at(place.node->inputs[1]), a);
        multiply(graph.parameters.at(block.offset), 1 / a);
        multiply(graph.parameters.at(block.factor), 1 / a);
    }
}

}  // namespace dbnet::train
