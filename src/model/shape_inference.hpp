#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/graph.hpp"

namespace dbnet::model {

/// Type and extents of every value of a graph; where a (small, integer) value itself follows from
/// the shapes, as Shape -> Slice -> Concat does in front of a Resize, also its elements. Parameters
/// are values, too.
struct InferredValue {
    DataType type = DataType::f32;
    Dims dims;             ///< negative: not known
    bool has_rank = true;  ///< false: not even the rank is known (only with dynamic inputs)
    Tensor constant;       ///< the value itself; meaningful only if is_constant
    bool is_constant = false;
};

using InferredValues = std::map<std::string, InferredValue>;

/// Infers with the given input extents (graph.inputs order; negative = dynamic). Empty `inputs`: as
/// declared in the graph. With all extents known every value's extents are known afterwards
/// (static). Throws Error naming node, operator and what does not fit: malformed (wrong ranks,
/// channel counts, ...), unsupported, too_large (a value of more than 2^33 elements);
/// invalid_argument for extents that contradict the declared ones.
InferredValues infer_shapes(const Graph& graph, const std::vector<Dims>& inputs = {});

}  // namespace dbnet::model
