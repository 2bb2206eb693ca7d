#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/graph.hpp"

// The table of operators. A new operator is a name in Op (graph.hpp), a row in operators.cpp, a
// rule in shape_inference.cpp, and an implementation in each backend.
namespace dbnet::model {

inline constexpr int kMinOpset = 7;
inline constexpr int kMaxOpset = 23;
inline constexpr std::size_t kMaxRank = 8;

/// In the order of the alternatives of Attribute.
enum class AttributeType : std::uint8_t { integer, real, text, integers, reals, tensor };

struct AttributeInfo {
    std::string_view name;
    AttributeType type;
    int first_opset = kMinOpset;  ///< where younger than its operator
};

/// One operator in the form in which Graph holds it (opset 18).
struct OperatorInfo {
    Op op;
    std::string_view name;  ///< ONNX's
    int first_opset;        ///< of 7..23: the first that has the operator
    int min_inputs;
    /// One letter per input, a final `*` repeats the last: F floating-point and N any number (all F
    /// and N of a node have one type), T any type (all T of a node have one type), Q an integer
    /// that quantised numbers are stored in (all Q of a node have one type), S f32, L i64, I i32 or
    /// i64, B boolean.
    std::string_view input_types;
    int max_outputs;  ///< at least one
    std::vector<AttributeInfo> attributes;

    bool is_variadic() const noexcept { return input_types.ends_with('*'); }
    /// The letter for input `index`.
    char input_type(std::size_t index) const noexcept;
    const AttributeInfo* attribute(std::string_view attribute_name) const noexcept;
};

std::span<const OperatorInfo> operators();
const OperatorInfo& operator_info(Op op) noexcept;
/// nullptr for a name that is not in the table.
const OperatorInfo* find_operator(std::string_view onnx_name) noexcept;
/// "Add, AveragePool, ...": for messages.
std::string operator_names();

/// Numbers of inputs and outputs, names and types of the attributes; throws Error naming the node:
/// malformed, or unsupported for an attribute that the table does not have.
void check_node(const Node& node);

/// Whether quantised numbers may be stored in the type (letter Q): u8, i8 or i32.
bool is_quantized(DataType type) noexcept;

/// ONNX's number of an element type (TensorProto.DataType), as in Cast's attribute `to`.
std::int64_t onnx_type_number(DataType type) noexcept;
std::optional<DataType> data_type_from_onnx(std::int64_t number) noexcept;

}  // namespace dbnet::model
