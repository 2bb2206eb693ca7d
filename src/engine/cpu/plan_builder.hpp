#pragma once

#include <array>
#include <functional>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/cpu/memory_planner.hpp"
#include "engine/cpu/operations.hpp"
#include "engine/cpu/packed_weights.hpp"
#include "engine/cpu/plan.hpp"

namespace dbnet::engine::cpu {

/// Makes a plan: lowers the operations one after the other (lowering.hpp), decides where values
/// lie and in which layout, and plans the arena.
class PlanBuilder {
public:
    PlanBuilder(const model::Graph& optimised,
                std::span<const std::unique_ptr<FusedRegion>> regions, PackedWeights& weights,
                const std::vector<model::Dims>& input_dims, int threads);

    Plan build();

    // ---- for the lowering of an operation

    const model::Graph& graph() const { return graph_; }
    const model::Node& node(std::size_t index) const { return graph_.nodes[index]; }
    PackedWeights& weights() { return weights_; }
    int threads() const { return plan_.threads; }

    const model::Dims& dims(const std::string& value) const;
    model::DataType type(const std::string& value) const;
    bool is_f32(const std::string& value) const { return type(value) == model::DataType::f32; }
    /// The value, if it is a parameter or known from the extents.
    const model::Tensor* constant(const std::string& value) const;
    /// The elements of an integer constant; none if the input is left out.
    std::vector<std::int64_t> integers(const model::Node& node, std::size_t input) const;
    /// Whether every input from `first` on is a constant or left out.
    bool are_constant(const model::Node& node, std::size_t first) const;

    double macs(const model::Node& node) const;
    double macs(const Operation& operation) const;

    /// The layout that a value has already; blocked if it has both.
    Layout layout(const std::string& value) const;
    bool is_defined(const std::string& value, Layout layout) const;
    /// A value in a layout, converted if it is not there yet.
    OperandId use(const std::string& value, Layout layout);
    /// Memory for an f32 or plain value that the operation computes.
    OperandId define(const std::string& value, Layout layout);
    /// The value is a part of another one's plain memory, from `offset` bytes on.
    void define_view(const std::string& value, OperandId of, std::size_t offset = 0);
    /// The value takes over the memory of another one.
    OperandId define_in_place(const std::string& value, OperandId of);
    /// Whether nothing needs the memory of `value` in that layout after this operation.
    bool may_overwrite(const std::string& value, Layout layout) const;
    /// Whether the value becomes a part of a Concat's output if it is defined in that layout.
    bool joins_concat(const std::string& value, Layout layout) const;
    bool is_concatenated(const std::string& value) const { return joints_.contains(value); }
    /// Whether it is all the same where the value lies: neither in an output nor in a Concat's.
    bool is_internal(const std::string& value) const {
        return !is_concatenated(value) && !output_index_.contains(value);
    }

    /// Memory of this operation alone.
    OperandId temporary(const Shape& shape);
    /// Numbers that stay where they are as long as the executable (PackedWeights).
    OperandId constant_operand(const float* values);
    const Operand& operand(OperandId id) const { return plan_.operands[id]; }

    /// Appends a step that uses the operands and nothing else.
    void emit(std::unique_ptr<Step> step, const std::vector<OperandId>& operands);
    void emit(StepInfo info, const std::vector<OperandId>& operands,
              std::function<void(Frame&)> function);
    void emit(StepInfo info, const Primitive& primitive, const std::vector<OperandId>& operands);

private:
    /// Memory in the arena: one lifetime, any number of operands.
    struct Storage {
        Lifetime lifetime;
        int operands = 0;
    };
    struct Value {
        std::array<std::optional<OperandId>, 2> in_layout;
        int uses_left = 0;
    };
    /// A value's place in the output of a Concat whose inputs lie one behind the other.
    struct Joint {
        std::string whole;
        std::int64_t channels_before = 0;  ///< elements along the axis
        std::int64_t stride = 0;           ///< elements per element along the axis
        bool blocks = false;               ///< also in the blocked layout
    };

    void find_joints();
    void find_joints(const model::Node& concat);
    void start_inputs();
    void finish_outputs();
    void place_storages();
    void check_memory() const;
    OperandId add_operand(Operand operand);
    OperandId allocate(const Shape& shape, model::DataType type);
    Operand part_of_concat(const Joint& joint, const Shape& shape, model::DataType type);
    OperandId use_constant(const std::string& value, const model::Tensor& tensor, Layout layout);
    void convert(OperandId from, OperandId to);
    void note_use(OperandId id);

    const model::Graph& graph_;
    PackedWeights& weights_;
    model::InferredValues inferred_;
    std::vector<Operation> operations_;
    std::unordered_map<std::string, Value> values_;
    std::unordered_map<std::string, std::size_t> output_index_;
    std::unordered_map<std::string, Joint> joints_;
    std::vector<Storage> storages_;
    Plan plan_;
};

}  // namespace dbnet::engine::cpu
