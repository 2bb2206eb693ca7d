#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "model/tensor.hpp"

namespace dbnet::model {

/// The operators of the subset, named as ONNX names them. operators.hpp holds the table.
enum class Op : std::uint8_t {
    Abs,
    Add,
    And,
    AveragePool,
    BatchNormalization,
    Cast,
    Ceil,
    Clip,
    Concat,
    Constant,
    ConstantOfShape,
    Conv,
    ConvTranspose,
    DeformConv,
    DepthToSpace,
    DequantizeLinear,
    Div,
    Elu,
    Equal,
    Erf,
    Exp,
    Expand,
    Flatten,
    Floor,
    Gather,
    Gelu,
    Gemm,
    GlobalAveragePool,
    Greater,
    HardSigmoid,
    HardSwish,
    Identity,
    InstanceNormalization,
    LayerNormalization,
    LeakyRelu,
    Less,
    MatMul,
    Max,
    MaxPool,
    Min,
    Mish,
    Mul,
    Neg,
    Not,
    Or,
    PRelu,
    Pad,
    Pow,
    QuantizeLinear,
    Reciprocal,
    ReduceMax,
    ReduceMean,
    ReduceMin,
    ReduceSum,
    Relu,
    Reshape,
    Resize,
    Round,
    Shape,
    Sigmoid,
    Slice,
    Softmax,
    Softplus,
    Split,
    Sqrt,
    Squeeze,
    Sub,
    Tanh,
    Transpose,
    Unsqueeze,
    Where,
};

std::string_view to_string(Op op) noexcept;

using Attribute = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>,
                               std::vector<float>, Tensor>;

/// One operation. Values are known by name; an empty input name is an optional input left out.
/// Whatever opset a file was written in, nodes are held in the form of opset 18: Clip's bounds,
/// Pad's pads, Slice's starts, Squeeze's, Unsqueeze's and ReduceMean's axes, Split's sizes and
/// Resize's scales and sizes are inputs, Upsample is Resize, and the inference-time identity
/// Dropout is Identity. The reader translates (onnx_reader.cpp), the writer translates back.
struct Node {
    std::string name;  ///< never empty
    Op op = Op::Identity;
    std::vector<std::string> inputs;
    std::vector<std::string> outputs;
    std::map<std::string, Attribute> attributes;

    bool has(std::string_view attribute) const;
    /// Typed access with the operator's default; Error{malformed}, naming the node, when the
    /// attribute has another type.
    std::int64_t get_int(std::string_view attribute, std::int64_t otherwise) const;
    float get_float(std::string_view attribute, float otherwise) const;
    std::string get_string(std::string_view attribute, std::string otherwise) const;
    std::vector<std::int64_t> get_ints(std::string_view attribute,
                                       std::vector<std::int64_t> otherwise) const;

    friend bool operator==(const Node&, const Node&) = default;
};

/// An input or output of the whole graph. Negative dimensions are dynamic.
struct ValueInfo {
    std::string name;
    DataType type = DataType::f32;
    Dims dims;

    friend bool operator==(const ValueInfo&, const ValueInfo&) = default;
};

/// A network: the one description that every part of dbnet uses (docs/design/architecture.md,
/// section 2). Nodes stand in an order in which each uses only values that exist before it; check()
/// verifies that and everything else that does not depend on shapes.
class Graph {
public:
    std::string name;
    std::vector<ValueInfo> inputs;
    std::vector<ValueInfo> outputs;
    std::vector<Node> nodes;
    std::map<std::string, Tensor>
        parameters;  ///< constants by value name ("backbone.conv1.weight")
    std::map<std::string, std::string> metadata;  ///< ONNX metadata_props

    /// Appends a node with one output, named as the node; returns that name.
    std::string add(Op op, std::string node_name, std::vector<std::string> node_inputs,
                    std::map<std::string, Attribute> attributes = {});

    const Tensor* parameter(
        std::string_view value) const;  ///< nullptr when the value is not a parameter

    /// Throws Error{malformed}, naming the node: unknown or duplicate values, wrong number of
    /// inputs, cycles, no output.
    void check() const;

    /// Reorders the nodes so that check() can hold; throws Error{malformed} naming a node of a
    /// cycle.
    void sort();

    /// Removes nodes and parameters that no output needs.
    void remove_dead();

    friend bool operator==(const Graph&, const Graph&) = default;
};

}  // namespace dbnet::model
