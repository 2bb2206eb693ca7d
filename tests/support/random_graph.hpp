#pragma once

#include <cstdint>
#include <ostream>
#include <span>
#include <string_view>

#include "support/graph_builder.hpp"

// Random graphs on which one way of executing a graph is compared with another. The same seed gives
// the same graph.
namespace dbnet::test {

struct GraphKind {
    std::string_view name;
    void (*build)(GraphBuilder& builder);
    friend std::ostream& operator<<(std::ostream& out, const GraphKind& kind) {
        return out << kind.name;
    }
};

/// One kind per operator (and per domain of an operator), random in everything that the operator
/// allows: extents (odd ones included), attributes, broadcasting, optional inputs.
std::span<const GraphKind> operator_kinds();

/// Chains of nodes as networks have them, which backends fuse, and random mixtures of them.
std::span<const GraphKind> chain_kinds();

/// Where constants may be: where networks have them, or also in place of any input of the graph,
/// and shared by several nodes.
enum class Constants { as_usual, anywhere };

GraphCase random_graph(const GraphKind& kind, std::uint64_t seed,
                       Constants constants = Constants::as_usual);

}  // namespace dbnet::test
