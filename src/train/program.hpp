#pragma once

#include <set>
#include <string>
#include <vector>

#include "model/attributes.hpp"
#include "model/graph.hpp"
#include "model/shape_inference.hpp"

// What GraphModule decides about a graph before any tensor exists: which parameters are trained,
// and in which steps the wanted values are computed.
namespace dbnet::train {

/// The parameters of a graph by what training does with them; all others are constants.
struct ParameterRoles {
    std::set<std::string> weights;
    std::set<std::string> statistics;
};

/// As GraphModule's description says. A parameter that reaches such a place through nodes that only
/// reshape or cast it has the role, too.
ParameterRoles parameter_roles(const model::Graph& graph);

/// Add or Mul by an operand of one element for all or one for each channel.
struct ChannelOperation {
    model::Op op;
    std::string operand;
};

/// A node, and what is computed along with it.
struct Step {
    const model::Node* node = nullptr;
    /// BatchNormalization: the other operand of the Add behind it. Conv with a lateral: the coarser
    /// level. Mul: its own map, which the Add behind it adds. Empty without one.
    std::string residual = {};
    /// BatchNormalization: the Relu or HardSwish behind it (and behind the Add).
    const model::Node* activation = nullptr;
    /// Conv: the 1x1 convolution whose result, added to `residual` doubled, is the node's input.
    const model::Node* lateral = nullptr;
    /// Conv, ConvTranspose: what follows channel by channel, and does not depend on the image.
    /// Relu, HardSwish: a Mul and an Add of one element each.
    std::vector<ChannelOperation> affine = {};
    std::string output =
        {};  ///< of the last of these nodes; the node's own first one if it is alone
    /// Computed in f32 whatever the precision: sigmoids, and what no convolution or other weighted
    /// node depends on (the maps, their binarisation).
    bool full_precision = false;
    std::vector<std::string> last_uses = {};  ///< values that no later step reads and nobody wants
};

/// Lets the readers of Identity nodes read what these pass on.
void bypass_identities(model::Graph& graph);

/// A 3x3 convolution that keeps the extents, without groups.
bool is_same_3x3(const model::ConvAttributes& attributes);

/// One number for each map [H, W] of a batch, as squeeze and excitation multiplies with.
bool is_gate(const model::Dims& gate, const model::Dims& map);

/// How often a Resize of [N, C, H, W] repeats each pixel in pairs: 1 doubles the extents, 2 doubles
/// twice. 0 if it does something else.
int doublings(const model::ResizeAttributes& attributes, const model::Dims& input);

/// The steps that compute `wanted` from inputs of the extents that `values` was inferred with, in
/// order. What follows from extents alone (the arithmetic in front of a Resize) has no step: it is
/// in `values`.
std::vector<Step> plan_steps(const model::Graph& graph, const model::InferredValues& values,
                             const ParameterRoles& roles, const std::vector<std::string>& wanted);

}  // namespace dbnet::train
