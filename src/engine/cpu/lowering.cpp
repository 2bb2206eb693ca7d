#include "engine/cpu/lowering.hpp"

#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "engine/reference/reference.hpp"

namespace dbnet::engine::cpu {
namespace {

using Function = bool (*)(PlanBuilder&, const Operation&);

/// How operations that begin with that operator are lowered; nullptr: by the reference executor.
Function function_for(model::Op op) {
    using model::Op;
    switch (op) {
        case Op::Conv: return lower_conv;
        case Op::ConvTranspose: return lower_conv_transpose;
        case Op::DeformConv: return lower_deform_conv;
        case Op::Abs:
        case Op::Ceil:
        case Op::Elu:
        case Op::Floor:
        case Op::Mish:
        case Op::Neg:
        case Op::Pow:
        case Op::Round:
        case Op::Softplus:
        case Op::Tanh:
        case Op::Relu:
        case Op::LeakyRelu:
        case Op::Clip:
        case Op::Sigmoid:
        case Op::HardSigmoid:
        case Op::HardSwish:
        case Op::Erf:
        case Op::Exp:
        case Op::Gelu:
        case Op::Sqrt:
        case Op::Reciprocal: return lower_activation;
        case Op::Add:
        case Op::Sub:
        case Op::Mul:
        case Op::Div: return lower_binary;
        case Op::Equal:
        case Op::Greater:
        case Op::Less:
        case Op::Max:
        case Op::Min:
        case Op::PRelu:
        case Op::Where: return lower_elementwise;
        case Op::QuantizeLinear: return lower_quantization;
        case Op::MatMul: return lower_matmul;
        case Op::Gemm: return lower_gemm;
        case Op::Softmax: return lower_softmax;
        case Op::MaxPool:
        case Op::AveragePool: return lower_pool;
        case Op::GlobalAveragePool:
        case Op::ReduceMean: return lower_mean;
        case Op::ReduceMax:
        case Op::ReduceMin:
        case Op::ReduceSum: return lower_reduce;
        case Op::InstanceNormalization: return lower_instance_normalization;
        case Op::LayerNormalization: return lower_layer_normalization;
        case Op::Resize: return lower_resize;
        case Op::Identity:
        case Op::Reshape:
        case Op::Flatten:
        case Op::Squeeze:
        case Op::Unsqueeze: return lower_view;
        case Op::Cast: return lower_cast;
        case Op::Concat: return lower_concat;
        case Op::DepthToSpace: return lower_depth_to_space;
        case Op::Expand: return lower_expand;
        case Op::Gather: return lower_gather;
        case Op::Split: return lower_split;
        case Op::Slice: return lower_slice;
        case Op::Pad: return lower_pad;
        case Op::Transpose: return lower_transpose;
        default: return nullptr;
    }
}

class RegionStep final : public Step {
public:
    RegionStep(StepInfo step_info, std::shared_ptr<const FusedKernel> kernel,
               std::vector<OperandId> inputs, std::vector<OperandId> outputs, int threads)
        : Step(std::move(step_info)),
          kernel_(std::move(kernel)),
          inputs_(std::move(inputs)),
          outputs_(std::move(outputs)),
          threads_(threads) {}

    void run(Frame& frame) const override {
        std::array<const float*, kMaxValues> inputs;
        std::array<float*, kMaxValues> outputs;
        for (std::size_t i = 0; i < inputs_.size(); ++i)
            inputs[i] = static_cast<const float*>(frame.pointers[inputs_[i]]);
        for (std::size_t i = 0; i < outputs_.size(); ++i)
            outputs[i] = static_cast<float*>(frame.pointers[outputs_[i]]);
        kernel_->run(std::span(inputs.data(), inputs_.size()),
                     std::span(outputs.data(), outputs_.size()), frame.scratch, frame.threads);
    }

    std::size_t scratch_bytes() const override { return kernel_->scratch_bytes(threads_); }

    static constexpr std::size_t kMaxValues = 16;

private:
    std::shared_ptr<const FusedKernel> kernel_;
    std::vector<OperandId> inputs_;
    std::vector<OperandId> outputs_;
    int threads_;
};

void lower_region(PlanBuilder& builder, const Operation& operation) {
    const FusedRegion& region = *operation.region;
    if (std::max(region.inputs.size(), region.outputs.size()) > RegionStep::kMaxValues)
        core::fail(ErrorCode::internal, "fused region ", region.name, " has too many values");
    std::vector<OperandId> inputs;
    std::vector<OperandId> outputs;
    for (const std::string& input : region.inputs)
        inputs.push_back(builder.use(input, Layout::plain));
    for (const std::string& output : region.outputs)
        outputs.push_back(builder.define(output, Layout::plain));
    std::vector<OperandId> operands = inputs;
    operands.insert(operands.end(), outputs.begin(), outputs.end());
    StepInfo info{region.outputs.back(), region.name, "fused", builder.dims(region.outputs.back())};
    info.macs = builder.macs(operation);
    builder.emit(std::make_unique<RegionStep>(std::move(info), operation.kernel, std::move(inputs),
                                              std::move(outputs), builder.threads()),
                 operands);
}

/// Another's memory as a buffer.
Buffer borrowed(const Operand& operand, void* pointer) {
    return {Device::cpu, operand.type, operand.shape.dims,
            std::shared_ptr<void>(std::shared_ptr<void>(), pointer)};
}

class ReferenceStep final : public Step {
public:
    ReferenceStep(StepInfo step_info, model::Node node)
        : Step(std::move(step_info)), node_(std::move(node)) {}

    void add_input(OperandId id, const Operand& operand) { inputs_.push_back({id, operand}); }
    void add_missing_input() { inputs_.push_back({kMissing, {}}); }
    void add_output(OperandId id, const Operand& operand) { outputs_.push_back({id, operand}); }

    void run(Frame& frame) const override {
        std::vector<Buffer> inputs;
        for (const Value& input : inputs_)
            inputs.push_back(input.id == kMissing
                                 ? Buffer()
                                 : borrowed(input.operand, frame.pointers[input.id]));
        const std::vector<Buffer> results = reference::evaluate(node_, inputs);
        for (std::size_t i = 0; i < outputs_.size(); ++i)
            copy_on_host(results[i], borrowed(outputs_[i].operand, frame.pointers[outputs_[i].id]));
    }

private:
    static constexpr OperandId kMissing = static_cast<OperandId>(-1);
    struct Value {
        OperandId id;
        Operand operand;  ///< its type and extents
    };
    model::Node node_;
    std::vector<Value> inputs_;
    std::vector<Value> outputs_;
};

void lower_reference(PlanBuilder& builder, const model::Node& node) {
    StepInfo info{node.name, std::string(to_string(node.op)), "reference",
                  builder.dims(node.outputs[0]), builder.macs(node)};
    auto step = std::make_unique<ReferenceStep>(std::move(info), node);
    std::vector<OperandId> operands;
    for (const std::string& input : node.inputs) {
        if (input.empty()) {
            step->add_missing_input();
            continue;
        }
        operands.push_back(builder.use(input, Layout::plain));
        step->add_input(operands.back(), builder.operand(operands.back()));
    }
    for (const std::string& output : node.outputs) {
        operands.push_back(builder.define(output, Layout::plain));
        step->add_output(operands.back(), builder.operand(operands.back()));
    }
    builder.emit(std::move(step), operands);
}

/// Nothing but the reference executor deals with values without elements.
bool has_empty_value(const PlanBuilder& builder, const Operation& operation) {
    const auto is_empty = [&](const std::string& value) {
        return !value.empty() && model::element_count(builder.dims(value)) == 0;
    };
    for (const std::size_t index : operation.nodes) {
        const model::Node& node = builder.node(index);
        if (std::ranges::any_of(node.inputs, is_empty) ||
            std::ranges::any_of(node.outputs, is_empty))
            return true;
    }
    return false;
}

}  // namespace

StepInfo step_info(const PlanBuilder& builder, const Operation& operation,
                   std::string implementation) {
    const model::Node& last = builder.node(operation.nodes.back());
    std::string names;
    for (const std::size_t index : operation.nodes)
        names += (names.empty() ? "" : " + ") + std::string(to_string(builder.node(index).op));
    return {last.name, std::move(names), std::move(implementation), builder.dims(last.outputs[0]),
            builder.macs(operation)};
}

void lower_reference(PlanBuilder& builder, const Operation& operation) {
    for (const std::size_t index : operation.nodes) lower_reference(builder, builder.node(index));
}

void lower(PlanBuilder& builder, const Operation& operation) {
    if (operation.region != nullptr) return lower_region(builder, operation);
    const Function function = function_for(builder.node(operation.nodes[0]).op);
    const bool done =
        function != nullptr && !has_empty_value(builder, operation) && function(builder, operation);
    if (!done) lower_reference(builder, operation);
}

}  // namespace dbnet::engine::cpu
