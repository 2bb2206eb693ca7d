#pragma once

#include <optional>
#include <vector>

#include "model/attributes.hpp"
#include "model/shape_inference.hpp"

// Values that shape inference follows: the vectors and scalars with which exporters compute the
// shapes of Reshape and Resize (Shape -> Slice -> Concat).
namespace dbnet::model {

/// Elements of a small f32, i32 or i64 value of rank 0 or 1; NaN where one is not known. Integers
/// beyond 2^53 are infinite (only the ends of a Slice are ever that large).
using Elements = std::vector<double>;

inline constexpr std::int64_t kMaxElements = 64;

struct TrackedValue : InferredValue {
    std::optional<Elements> elements;
};

/// One node under inference. Inputs that are left out are null.
struct NodeCall {
    const Node& node;
    std::vector<const TrackedValue*> inputs;
    std::vector<TrackedValue> outputs;

    const TrackedValue& in(std::size_t index) const { return *inputs[index]; }
    bool has(std::size_t index) const { return index < inputs.size() && inputs[index] != nullptr; }
    TrackedValue& out() { return outputs.front(); }
};

TrackedValue constant_value(const Tensor& tensor);

/// Elements of an integer input (kUnknownElement where not known); empty where it is left out.
/// nullopt where not even its length is known.
std::optional<std::vector<std::int64_t>> integer_input(const NodeCall& call, std::size_t index);

/// Elements of a f32 input (NaN where not known), as above.
std::optional<std::vector<float>> float_input(const NodeCall& call, std::size_t index);

/// Fills in the outputs' elements, where they follow from the inputs; their types and extents are
/// known already.
void compute_elements(NodeCall& call);

}  // namespace dbnet::model
