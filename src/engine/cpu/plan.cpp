#include "engine/cpu/plan.hpp"

namespace dbnet::engine::cpu {

std::size_t Plan::bytes() const {
    // A primitive's code and descriptions; oneDNN does not say how much they occupy.
    constexpr std::size_t kPrimitiveBytes = 24 << 10;
    std::size_t total = sizeof(Plan) + operands.size() * sizeof(Operand) +
                        steps.size() * sizeof(StepInfo) + primitives * kPrimitiveBytes;
    for (const model::Tensor& constant : constants) total += constant.bytes().size();
    return total;
}

void bind_arena(const Plan& plan, std::byte* arena, Frame& frame) {
    frame.pointers.assign(plan.operands.size(), nullptr);
    frame.primitives.clear();
    frame.primitives.resize(plan.primitives);
    frame.scratch = arena + plan.values_bytes;
    frame.threads = plan.threads;
    for (OperandId id = 0; id < plan.operands.size(); ++id) {
        const Operand& operand = plan.operands[id];
        if (operand.place == Operand::Place::arena)
            frame.pointers[id] = arena + operand.offset;
        else if (operand.place == Operand::Place::constant)
            frame.pointers[id] = const_cast<void*>(operand.constant);
    }
}

void bind_buffers(const Plan& plan, std::span<const Buffer> inputs, std::span<const Buffer> outputs,
                  Frame& frame) {
    for (OperandId id = 0; id < plan.operands.size(); ++id) {
        const Operand& operand = plan.operands[id];
        const bool is_input = operand.place == Operand::Place::input;
        if (!is_input && operand.place != Operand::Place::output) continue;
        const Buffer& buffer = (is_input ? inputs : outputs)[operand.index];
        frame.pointers[id] = static_cast<std::byte*>(buffer.data()) + operand.offset;
    }
}

std::vector<Buffer> allocate_outputs(const Plan& plan) {
    std::vector<Buffer> buffers;
    for (const OperandId id : plan.outputs)
        buffers.push_back(Buffer::host(plan.operands[id].type, plan.operands[id].shape.dims));
    return buffers;
}

}  // namespace dbnet::engine::cpu
