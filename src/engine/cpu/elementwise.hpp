#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/graph.hpp"

// Functions of two or three numbers, element by element, with operands that are broadcast.
namespace dbnet::engine::cpu {

/// What elementwise operators compute: the binary ones of f32, the relations (f32 to boolean),
/// PRelu and Where (boolean, f32, f32).
struct ElementwiseLoop {
    static constexpr std::size_t kMaxOperands = 3;
    using Strides = std::array<model::Dims, kMaxOperands>;

    model::Op op = model::Op::Add;
    model::Dims dims;  ///< of the result
    Strides strides;   ///< of the operands, in elements; 0 where they are repeated

    /// Joins neighbouring axes that all operands walk through evenly, so that rows are long.
    void collapse();
    /// Operands and result may be the same memory where their strides are. On a team of `threads`.
    void run(const std::array<const void*, kMaxOperands>& operands, void* result,
             int threads) const;
};

/// Whether the operator is one of them, and how many operands it has.
int elementwise_operands(model::Op op);

}  // namespace dbnet::engine::cpu
