#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/backend.hpp"
#include "engine/cpu/onednn_compat.hpp"

// A plan: the steps that compute a graph for one set of input extents with one number of threads,
// and where every value lies. Immutable and shared by contexts; what changes while it runs is in
// the context's Frame.
namespace dbnet::engine::cpu {

using OperandId = std::size_t;

/// A value in one layout, or a part of one: somewhere in the arena, in an input or output buffer of
/// the run, or a constant.
struct Operand {
    enum class Place : std::uint8_t { arena, input, output, constant };
    Place place = Place::arena;
    std::size_t index = 0;   ///< of the storage (while a plan is built), input or output
    std::size_t offset = 0;  ///< in bytes
    const void* constant = nullptr;
    model::DataType type = model::DataType::f32;
    Shape shape;

    std::size_t bytes() const {
        return static_cast<std::size_t>(model::element_count(shape.physical())) *
               model::size_of(type);
    }
};

/// The pointers of one context for one plan.
struct Frame {
    std::vector<void*> pointers;             ///< by OperandId
    std::vector<BoundPrimitive> primitives;  ///< by the slots of the steps
    std::byte* scratch = nullptr;
    int threads = 1;
};

/// For profiles.
struct StepInfo {
    std::string name;            ///< of the node, the last one of several
    std::string operation;       ///< "Conv + HardSwish", "reorder", "inverted_residual"
    std::string implementation;  ///< "oneDNN jit:avx512_core", "own", "reference"
    model::Dims output;
    double macs = 0;   ///< multiply-accumulates of convolutions and products of matrices
    double bytes = 0;  ///< read and written, weights not counted
};

class Step {
public:
    explicit Step(StepInfo step_info) : info(std::move(step_info)) {}
    virtual ~Step() = default;
    virtual void run(Frame& frame) const = 0;
    /// Scratch memory that run() needs.
    virtual std::size_t scratch_bytes() const { return 0; }

    StepInfo info;
};

struct Plan {
    std::vector<Operand> operands;
    std::vector<std::unique_ptr<Step>> steps;
    std::vector<OperandId> inputs;         ///< graph.inputs order
    std::vector<OperandId> outputs;        ///< graph.outputs order
    std::vector<model::Tensor> constants;  ///< known since the extents are; operands point to them
    std::size_t primitives = 0;            ///< slots in a frame
    std::size_t values_bytes = 0;          ///< of the arena
    std::size_t scratch_bytes = 0;         ///< behind the values
    int threads = 1;

    std::size_t arena_bytes() const { return values_bytes + scratch_bytes; }
    /// Approximately what the plan itself occupies.
    std::size_t bytes() const;
};

/// Points a frame to an arena of plan.arena_bytes() bytes.
void bind_arena(const Plan& plan, std::byte* arena, Frame& frame);
/// Points a frame to the buffers of a run.
void bind_buffers(const Plan& plan, std::span<const Buffer> inputs, std::span<const Buffer> outputs,
                  Frame& frame);
/// Output buffers for a run.
std::vector<Buffer> allocate_outputs(const Plan& plan);

}  // namespace dbnet::engine::cpu
