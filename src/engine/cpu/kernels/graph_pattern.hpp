#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/cpu/kernels/block_kernels.hpp"
#include "model/graph.hpp"

namespace dbnet::engine::cpu {

/// What a matcher asks of an optimised graph.
class GraphPattern {
public:
    explicit GraphPattern(const model::Graph& graph);

    const model::Graph& graph() const { return graph_; }
    std::size_t index(const model::Node& node) const;
    /// The node that computes the value; nullptr for inputs and parameters.
    const model::Node* producer(std::string_view value) const;
    /// The node that uses the value, if it does so once and nobody else does, nor is the value an
    /// output of the graph; nullptr otherwise.
    const model::Node* only_user(std::string_view value) const;

private:
    struct Uses {
        const model::Node* node = nullptr;
        int count = 0;
    };
    const model::Graph& graph_;
    std::unordered_map<std::string_view, const model::Node*> producers_;
    std::unordered_map<std::string_view, Uses> uses_;
};

/// A convolution of images with constant weights, square kernel, equal strides and symmetric
/// padding.
struct ConvParts {
    const float* weights = nullptr;  ///< [out][in / groups][kernel][kernel]
    const float* bias = nullptr;     ///< may be nullptr
    int out = 0;
    int in = 0;
    int groups = 1;
    int kernel = 1;
    int stride = 1;
    int pad = 0;

    bool pointwise() const { return kernel == 1 && stride == 1 && groups == 1 && pad == 0; }
};

/// The parts of a node that is such a convolution.
std::optional<ConvParts> conv_parts(const model::Graph& graph, const model::Node& node);

/// The function of a node that is an activation with constant bounds.
std::optional<RunActivation> activation_of(const model::Graph& graph, const model::Node& node);

}  // namespace dbnet::engine::cpu
