#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/graph.hpp"

// Rewriting of a graph, once per compilation, into one that computes the same with less. What
// kernels fuse afterwards (activations, residual additions) stays separate nodes here.
namespace dbnet::engine::cpu {

/// All passes: constants, identities, activations spelled out, affine functions, dead nodes.
model::Graph optimise(const model::Graph& graph);

/// Replaces what depends on constants (and, where extents are fixed, on extents) alone by
/// parameters, as long as that costs no more memory and work than a small multiple of what reading
/// the parameters did: a small file cannot demand more. The rest is left to every run.
void fold_constants(model::Graph& graph);

/// Removes Identity, Cast to the same type, and a DequantizeLinear that another one does already.
void remove_identities(model::Graph& graph);

/// x clip(x + 3, 0, 6) / 6 and x hard_sigmoid(x) with alpha = 1/6, beta = 1/2 become HardSwish(x),
/// x (1 + erf(x / sqrt 2)) / 2 becomes Gelu(x), 1 / (1 + exp(c y)) becomes Sigmoid(-c y).
void rewrite_activations(model::Graph& graph);

/// BatchNormalization, and Add, Sub, Mul, Div with one constant per channel, are folded into the
/// weights of the convolution before them; a BatchNormalization that follows none becomes Mul, Add.
void fold_affine(model::Graph& graph);

/// Who makes and who reads the values of a graph; valid until its nodes change.
class Values {
public:
    explicit Values(const model::Graph& graph);

    /// The node that computes the value; nullptr for inputs and parameters.
    const model::Node* producer(const std::string& value) const;
    /// Whether one node reads the value, once, and it is no output of the graph.
    bool is_used_once(const std::string& value) const;
    /// The value, if it is an f32 parameter of one element.
    std::optional<float> scalar(const std::string& value) const;
    /// The node's input that is such a number, and the other one, of two.
    struct Scaled {
        std::string value;
        float scalar;
    };
    std::optional<Scaled> with_scalar(const model::Node& node) const;

private:
    const model::Graph& graph_;
    std::unordered_map<std::string, std::size_t> producers_;
    std::unordered_map<std::string, int> uses_;
};

/// Names for new values of a graph.
class FreshNames {
public:
    explicit FreshNames(const model::Graph& graph);
    /// `base`, or with more behind it: a name that no value has and that was not given out.
    std::string make(std::string base);

private:
    std::unordered_set<std::string> taken_;
};

}  // namespace dbnet::engine::cpu
