#include "engine/cpu/plan_builder.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "core/error.hpp"
#include "core/memory.hpp"
#include "engine/cpu/host_kernels.hpp"
#include "engine/cpu/lowering.hpp"
#include "model/info.hpp"

namespace dbnet::engine::cpu {
namespace {

class FunctionStep final : public Step {
public:
    FunctionStep(StepInfo step_info, std::function<void(Frame&)> function)
        : Step(std::move(step_info)), function_(std::move(function)) {}
    void run(Frame& frame) const override { function_(frame); }

private:
    std::function<void(Frame&)> function_;
};

class PrimitiveStep final : public Step {
public:
    PrimitiveStep(StepInfo step_info, Primitive primitive, std::size_t slot,
                  std::vector<OperandId> operands)
        : Step(std::move(step_info)),
          primitive_(std::move(primitive)),
          slot_(slot),
          operands_(std::move(operands)) {}

    void run(Frame& frame) const override {
        std::array<void*, kMaxOperands> pointers;
        for (std::size_t i = 0; i < operands_.size(); ++i)
            pointers[i] = frame.pointers[operands_[i]];
        frame.primitives[slot_].execute(primitive_, std::span(pointers.data(), operands_.size()),
                                        frame.scratch);
    }

    std::size_t scratch_bytes() const override { return primitive_.scratch_bytes(); }

private:
    static constexpr std::size_t kMaxOperands = 4;
    Primitive primitive_;
    std::size_t slot_;
    std::vector<OperandId> operands_;
};

constexpr std::size_t slot_of(Layout layout) { return static_cast<std::size_t>(layout); }

/// [N][C] numbers, stored for `channels` channels each, copied to rows of another length.
void copy_vectors(const float* from, std::int64_t from_row, float* to, std::int64_t to_row,
                  std::int64_t images) {
    for (std::int64_t n = 0; n < images; ++n) {
        const std::int64_t count = std::min(from_row, to_row);
        std::copy_n(from + n * from_row, count, to + n * to_row);
        std::fill(to + n * to_row + count, to + (n + 1) * to_row, 0.0f);
    }
}

/// [N, C, H, W] in the blocked layout, zeros in the channels that blocks have too many.
std::vector<float> blocked(const model::Tensor& tensor) {
    const model::Dims& dims = tensor.dims();
    const std::int64_t block = channel_block();
    const std::int64_t blocks = round_up(dims[1], block) / block;
    const std::int64_t plane = dims[2] * dims[3];
    std::vector<float> result(static_cast<std::size_t>(dims[0] * blocks * plane * block), 0.0f);
    const float* from = tensor.f32().data();
    for (std::int64_t n = 0; n < dims[0]; ++n)
        for (std::int64_t c = 0; c < dims[1]; ++c) {
            float* to = result.data() + (n * blocks + c / block) * plane * block + c % block;
            for (std::int64_t p = 0; p < plane; ++p) to[p * block] = *from++;
        }
    return result;
}

}  // namespace

PlanBuilder::PlanBuilder(const model::Graph& optimised,
                         std::span<const std::unique_ptr<FusedRegion>> regions,
                         PackedWeights& weights, const std::vector<model::Dims>& input_dims,
                         int threads)
    : graph_(optimised),
      weights_(weights),
      inferred_(model::infer_shapes(optimised, input_dims)),
      operations_(make_operations(optimised, inferred_, regions)) {
    plan_.threads = threads;
}

Plan PlanBuilder::build() {
    const ThreadTeam team(plan_.threads);
    for (std::size_t i = graph_.outputs.size(); i-- > 0;) output_index_[graph_.outputs[i].name] = i;
    for (const Operation& operation : operations_)
        for (const std::string& input : operation.inputs) ++values_[input].uses_left;
    find_joints();
    start_inputs();
    for (const Operation& operation : operations_) {
        lower(*this, operation);
        for (const std::string& input : operation.inputs) --values_[input].uses_left;
    }
    finish_outputs();
    place_storages();
    return std::move(plan_);
}

// ---- what is known about values

const model::Dims& PlanBuilder::dims(const std::string& value) const {
    return inferred_.at(value).dims;
}

model::DataType PlanBuilder::type(const std::string& value) const {
    return inferred_.at(value).type;
}

const model::Tensor* PlanBuilder::constant(const std::string& value) const {
    if (const model::Tensor* parameter = graph_.parameter(value)) return parameter;
    const auto found = inferred_.find(value);
    return found != inferred_.end() && found->second.is_constant ? &found->second.constant
                                                                 : nullptr;
}

std::vector<std::int64_t> PlanBuilder::integers(const model::Node& node, std::size_t input) const {
    if (input >= node.inputs.size() || node.inputs[input].empty()) return {};
    return model::integers(*constant(node.inputs[input]));
}

bool PlanBuilder::are_constant(const model::Node& node, std::size_t first) const {
    for (std::size_t i = first; i < node.inputs.size(); ++i)
        if (!node.inputs[i].empty() && constant(node.inputs[i]) == nullptr) return false;
    return true;
}

double PlanBuilder::macs(const model::Node& node) const {
    return static_cast<double>(model::count_macs(node, inferred_));
}

double PlanBuilder::macs(const Operation& operation) const {
    double total = 0;
    for (const std::size_t index : operation.nodes) total += macs(node(index));
    return total;
}

bool PlanBuilder::is_defined(const std::string& value, Layout layout) const {
    const auto found = values_.find(value);
    return found != values_.end() && found->second.in_layout[slot_of(layout)];
}

Layout PlanBuilder::layout(const std::string& value) const {
    return is_defined(value, Layout::blocked) ? Layout::blocked : Layout::plain;
}

bool PlanBuilder::may_overwrite(const std::string& value, Layout layout) const {
    const auto found = values_.find(value);
    if (found == values_.end() || found->second.uses_left != 1 || output_index_.contains(value))
        return false;
    const std::optional<OperandId> id = found->second.in_layout[slot_of(layout)];
    if (!id || operand(*id).place != Operand::Place::arena) return false;
    return storages_[operand(*id).index].operands == 1;
}

// ---- operands

OperandId PlanBuilder::add_operand(Operand operand) {
    if (operand.place == Operand::Place::arena) ++storages_[operand.index].operands;
    plan_.operands.push_back(std::move(operand));
    return plan_.operands.size() - 1;
}

OperandId PlanBuilder::allocate(const Shape& shape, model::DataType type) {
    Operand operand;
    operand.index = storages_.size();
    operand.type = type;
    operand.shape = shape;
    Storage storage;
    storage.lifetime = {operand.bytes(), plan_.steps.size(), plan_.steps.size()};
    storages_.push_back(storage);
    return add_operand(std::move(operand));
}

OperandId PlanBuilder::temporary(const Shape& shape) {
    return allocate(shape, model::DataType::f32);
}

OperandId PlanBuilder::constant_operand(const float* values) {
    Operand operand;
    operand.place = Operand::Place::constant;
    operand.constant = values;
    return add_operand(std::move(operand));
}

OperandId PlanBuilder::define(const std::string& value, Layout layout) {
    std::optional<OperandId>& id = values_[value].in_layout[slot_of(layout)];
    const Shape shape{dims(value), layout};
    const auto output = output_index_.find(value);
    const auto joint = joints_.find(value);
    if (output != output_index_.end() && layout == Layout::plain) {
        Operand operand;
        operand.place = Operand::Place::output;
        operand.index = output->second;
        operand.type = type(value);
        operand.shape = shape;
        id = add_operand(std::move(operand));
    } else if (joint != joints_.end() && joins_concat(value, layout)) {
        const OperandId part = add_operand(part_of_concat(joint->second, shape, type(value)));
        values_[value].in_layout[slot_of(layout)] = part;
        return part;
    } else {
        id = allocate(shape, type(value));
    }
    return *values_[value].in_layout[slot_of(layout)];
}

void PlanBuilder::define_view(const std::string& value, OperandId of, std::size_t offset) {
    Operand part = operand(of);
    part.offset += offset;
    if (part.constant != nullptr)
        part.constant = static_cast<const std::byte*>(part.constant) + offset;
    part.shape = {dims(value), Layout::plain};
    values_[value].in_layout[slot_of(Layout::plain)] = add_operand(std::move(part));
}

OperandId PlanBuilder::define_in_place(const std::string& value, OperandId of) {
    values_[value].in_layout[slot_of(operand(of).shape.layout)] = of;
    return of;
}

OperandId PlanBuilder::use(const std::string& value, Layout layout) {
    if (const model::Tensor* tensor = constant(value)) return use_constant(value, *tensor, layout);
    const auto& in_layout = values_[value].in_layout;
    if (in_layout[slot_of(layout)]) return *in_layout[slot_of(layout)];
    const Layout other = layout == Layout::plain ? Layout::blocked : Layout::plain;
    const std::optional<OperandId> from = in_layout[slot_of(other)];
    if (!from) core::fail(ErrorCode::internal, "value '", value, "' is used before it is computed");
    const OperandId to = define(value, layout);
    convert(*from, to);
    return to;
}

OperandId PlanBuilder::use_constant(const std::string& value, const model::Tensor& tensor,
                                    Layout layout) {
    std::optional<OperandId>& id = values_[value].in_layout[slot_of(layout)];
    if (id) return *id;
    Operand operand;
    operand.place = Operand::Place::constant;
    operand.type = tensor.type();
    operand.shape = {tensor.dims(), layout};
    if (layout == Layout::plain) {
        if (graph_.parameter(value) == nullptr) plan_.constants.push_back(tensor);
        operand.constant = tensor.bytes().data();
    } else {
        operand.constant =
            weights_.dense(packing_key(value, "blocked"), operand.shape.bytes() / sizeof(float),
                           [&] { return blocked(tensor); });
    }
    id = add_operand(std::move(operand));
    return *id;
}

/// Between the layouts of one value.
void PlanBuilder::convert(OperandId from, OperandId to) {
    const Shape& source = operand(from).shape;
    const Shape& target = operand(to).shape;
    StepInfo info{"", "reorder", "", source.dims};
    if (source.dims[2] * source.dims[3] > 1) {
        const Primitive primitive = make_reorder(source.dims, source.layout, target.layout);
        info.implementation = "oneDNN " + primitive.implementation();
        emit(std::move(info), primitive, {from, to});
        return;
    }
    info.implementation = "own";
    emit(std::move(info), {from, to},
         [=, images = source.dims[0], from_row = source.physical()[1],
          to_row = target.physical()[1]](Frame& frame) {
             copy_vectors(static_cast<const float*>(frame.pointers[from]), from_row,
                          static_cast<float*>(frame.pointers[to]), to_row, images);
         });
}

// ---- concatenation without copies

void PlanBuilder::find_joints() {
    for (const Operation& operation : operations_)
        if (operation.region == nullptr && node(operation.nodes[0]).op == model::Op::Concat)
            find_joints(node(operation.nodes[0]));
}

void PlanBuilder::find_joints(const model::Node& concat) {
    const model::Dims& whole = dims(concat.outputs[0]);
    const std::size_t axis = model::axis_attribute(concat, whole.size());
    const auto extent_one = [](std::int64_t extent) { return extent == 1; };
    if (!std::all_of(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(axis), extent_one))
        return;
    bool blocks = whole.size() == 4 && axis == 1 && channel_block() > 1;
    std::int64_t before = 0;
    for (const std::string& input : concat.inputs) {
        blocks = blocks && before % channel_block() == 0 && is_f32(input);
        before += dims(input)[axis];
    }
    const std::int64_t stride =
        std::accumulate(whole.begin() + static_cast<std::ptrdiff_t>(axis) + 1, whole.end(),
                        std::int64_t{1}, std::multiplies<>());
    before = 0;
    for (const std::string& input : concat.inputs) {
        const std::int64_t bytes =
            before * stride * static_cast<std::int64_t>(model::size_of(type(input)));
        if (constant(input) == nullptr && bytes % static_cast<std::int64_t>(kAlignment) == 0)
            joints_.emplace(input, Joint{concat.outputs[0], before, stride, blocks});
        before += dims(input)[axis];
    }
}

bool PlanBuilder::joins_concat(const std::string& value, Layout layout) const {
    const auto joint = joints_.find(value);
    if (joint == joints_.end()) return false;
    if (layout == Layout::blocked && !joint->second.blocks) return false;
    const Layout other = layout == Layout::plain ? Layout::blocked : Layout::plain;
    const auto whole = values_.find(joint->second.whole);
    return whole == values_.end() || !whole->second.in_layout[slot_of(other)];
}

Operand PlanBuilder::part_of_concat(const Joint& joint, const Shape& shape,
                                    model::DataType value_type) {
    const auto& in_layout = values_[joint.whole].in_layout;
    if (!in_layout[slot_of(shape.layout)]) define(joint.whole, shape.layout);
    Operand part = operand(*in_layout[slot_of(shape.layout)]);
    part.offset +=
        static_cast<std::size_t>(joint.channels_before * joint.stride) * model::size_of(value_type);
    part.shape = shape;
    return part;
}

// ---- steps

void PlanBuilder::note_use(OperandId id) {
    const Operand& used = operand(id);
    if (used.place == Operand::Place::arena)
        storages_[used.index].lifetime.last = plan_.steps.size();
}

void PlanBuilder::emit(std::unique_ptr<Step> step, const std::vector<OperandId>& operands) {
    for (const OperandId id : operands) {
        note_use(id);
        if (operand(id).place != Operand::Place::constant)
            step->info.bytes += static_cast<double>(operand(id).bytes());
    }
    plan_.steps.push_back(std::move(step));
}

void PlanBuilder::emit(StepInfo info, const std::vector<OperandId>& operands,
                       std::function<void(Frame&)> function) {
    emit(std::make_unique<FunctionStep>(std::move(info), std::move(function)), operands);
}

void PlanBuilder::emit(StepInfo info, const Primitive& primitive,
                       const std::vector<OperandId>& operands) {
    emit(std::make_unique<PrimitiveStep>(std::move(info), primitive, plan_.primitives++, operands),
         operands);
}

// ---- begin and end

void PlanBuilder::start_inputs() {
    for (std::size_t i = 0; i < graph_.inputs.size(); ++i) {
        const model::ValueInfo& input = graph_.inputs[i];
        Operand operand;
        operand.place = Operand::Place::input;
        operand.index = i;
        operand.type = type(input.name);
        operand.shape = {dims(input.name), Layout::plain};
        const OperandId id = add_operand(std::move(operand));
        values_[input.name].in_layout[slot_of(Layout::plain)] = id;
        plan_.inputs.push_back(id);
    }
}

void PlanBuilder::finish_outputs() {
    for (std::size_t i = 0; i < graph_.outputs.size(); ++i) {
        const std::string& name = graph_.outputs[i].name;
        const OperandId from = use(name, Layout::plain);
        if (operand(from).place == Operand::Place::output && operand(from).index == i &&
            operand(from).offset == 0) {
            plan_.outputs.push_back(from);
            continue;
        }
        Operand output = operand(from);
        output.place = Operand::Place::output;
        output.index = i;
        output.offset = 0;
        output.constant = nullptr;
        const OperandId to = add_operand(std::move(output));
        plan_.outputs.push_back(to);
        emit(StepInfo{name, "copy", "own", dims(name)}, {from, to},
             [from, to, bytes = operand(to).bytes()](Frame& frame) {
                 std::memcpy(frame.pointers[to], frame.pointers[from], bytes);
             });
    }
}

void PlanBuilder::place_storages() {
    std::vector<Lifetime> lifetimes;
    for (const Storage& storage : storages_) lifetimes.push_back(storage.lifetime);
    const MemoryPlan memory = plan_memory(lifetimes);
    for (Operand& operand : plan_.operands)
        if (operand.place == Operand::Place::arena) operand.offset += memory.offsets[operand.index];
    plan_.values_bytes = memory.bytes;
    for (const auto& step : plan_.steps)
        plan_.scratch_bytes = std::max(plan_.scratch_bytes, step->scratch_bytes());
    check_memory();
}

/// A network that makes gigabytes of a small input is a mistake or an attack.
void PlanBuilder::check_memory() const {
    constexpr double kBytesAtLeast = 512 << 20;
    constexpr double kBytesPerInputElement = 4096;
    double needed = static_cast<double>(plan_.arena_bytes());
    double given = 0;
    std::string inputs;
    for (const OperandId output : plan_.outputs)
        needed += static_cast<double>(operand(output).bytes());
    for (const OperandId input : plan_.inputs) {
        given += static_cast<double>(model::element_count(operand(input).shape.dims));
        inputs += (inputs.empty() ? "" : ", ") + model::to_string(operand(input).shape.dims);
    }
    const double allowed = std::min(std::max(kBytesAtLeast, kBytesPerInputElement * given),
                                    static_cast<double>(core::usable_memory()));
    if (needed > allowed)
        core::fail(ErrorCode::too_large, "for an input of ", inputs, " the network needs ",
                   std::llround(needed / 1e6), " MB of intermediate values; at most ",
                   std::llround(allowed / 1e6), " MB are allowed");
}

}  // namespace dbnet::engine::cpu
