#include "train/graph_module.hpp"

#include <algorithm>
#include <unordered_map>

#include "core/error.hpp"
#include "engine/cpu/passes.hpp"
#include "model/node_error.hpp"
#include "train/graph_operators.hpp"
#include "train/program.hpp"
#include "train/torch_error.hpp"

namespace dbnet::train {

using torch::Tensor;

struct GraphModule::Program {
    model::InferredValues known;
    std::vector<Step> steps;
};

namespace {

/// Sets of extents and wanted values that programs are kept for.
constexpr std::size_t kMaxPrograms = 64;

Tensor tensor_of(const model::Tensor& values) {
    const model::Tensor f32 = values.cast(model::DataType::f32);
    const Tensor tensor = torch::empty(f32.dims(), torch::kFloat32);
    std::copy(f32.f32().begin(), f32.f32().end(), tensor.data_ptr<float>());
    return tensor;
}

model::Tensor model_tensor_of(const Tensor& tensor) {
    const Tensor f32 = tensor.detach().to(torch::kCPU, torch::kFloat32).contiguous();
    return model::Tensor::of(
        f32.sizes().vec(),
        std::span<const float>(f32.data_ptr<float>(), static_cast<std::size_t>(f32.numel())));
}

torch::ScalarType scalar_type(Precision precision) {
    switch (precision) {
        case Precision::automatic: break;  // has to be settled before
        case Precision::f32: return torch::kFloat32;
        case Precision::bf16: return torch::kBFloat16;
        case Precision::f16: return torch::kFloat16;
    }
    core::fail(ErrorCode::internal, "unknown precision");
}

bool is_integer(model::DataType type) {
    return type == model::DataType::i32 || type == model::DataType::i64;
}

/// What computes integers is left to shape inference; all else must have a mapping.
void check_mappings(const model::Graph& graph) {
    const model::InferredValues values = model::infer_shapes(graph);
    for (const model::Node& node : graph.nodes) {
        const bool resolved = is_integer(values.at(node.outputs.front()).type);
        if (!resolved && !has_mapping(node.op))
            model::fail_node(ErrorCode::unsupported, node, "it cannot be trained through");
    }
}

std::vector<std::string> output_names(const model::Graph& graph) {
    std::vector<std::string> names;
    for (const model::ValueInfo& output : graph.outputs) names.push_back(output.name);
    return names;
}

std::string program_key(const Tensor& image, const std::vector<std::string>& names) {
    std::string key = model::to_string(image.sizes().vec());
    for (const std::string& name : names) key += '\n' + name;
    return key;
}

/// Adds the node to what LibTorch says about its arguments.
std::vector<Value> execute_named(Call call) {
    const model::Node& node = *call.step.node;
    try {
        return execute(std::move(call));
    } catch (const c10::Error& error) {
        if (is_out_of_memory(error)) fail_of(error, core::concat("node '", node.name, "'"));
        model::fail_node(ErrorCode::unsupported, node, error.what_without_backtrace());
    }
}

}  // namespace

GraphModule::GraphModule(model::Graph graph, Precision precision)
    : graph_(std::move(graph)), executed_(graph_), precision_(precision) {
    graph_.check();
    if (graph_.inputs.size() != 1 || graph_.inputs.front().type != model::DataType::f32)
        core::fail(ErrorCode::unsupported, "graph '", graph_.name,
                   "': expected one f32 input, it has ", graph_.inputs.size(), " inputs");
    bypass_identities(executed_);
    engine::cpu::rewrite_activations(executed_);
    check_mappings(executed_);
    const ParameterRoles roles = parameter_roles(graph_);
    // LibTorch's names allow no dots, ONNX's do: the module registers numbers.
    for (const auto& [name, values] : executed_.parameters) {
        const std::string number =
            std::to_string(weights_.size() + statistics_.size() + constants_.size());
        if (roles.weights.contains(name))
            weights_[name] = register_parameter(number, tensor_of(values));
        else if (roles.statistics.contains(name))
            statistics_[name] = register_buffer(number, tensor_of(values));
        else if (!is_integer(values.type()))
            constants_[name] = register_buffer(number, tensor_of(values));
    }
}

GraphModule::~GraphModule() = default;

std::vector<Tensor> GraphModule::forward(const Tensor& image) {
    return values(image, output_names(graph_));
}

std::vector<Tensor> GraphModule::values(const Tensor& image,
                                        const std::vector<std::string>& names) {
    if (precision_ == Precision::f16 && image.is_cpu())
        core::fail(ErrorCode::invalid_argument, "f16 needs a CUDA device; on a CPU use bf16");
    return run(program(image, names), image, names);
}

const GraphModule::Program& GraphModule::program(const Tensor& image,
                                                 const std::vector<std::string>& names) {
    const std::string key = program_key(image, names);
    const auto found = programs_.find(key);
    if (found != programs_.end()) return *found->second;
    auto fresh = std::make_unique<Program>();
    fresh->known = model::infer_shapes(executed_, {image.sizes().vec()});
    for (const std::string& name : names)
        if (!fresh->known.contains(name))
            core::fail(ErrorCode::invalid_argument, "graph '", graph_.name, "' has no value '",
                       name, "'");
    fresh->steps = plan_steps(executed_, fresh->known, parameter_roles(executed_), names);
    if (programs_.size() == kMaxPrograms) programs_.clear();
    return *programs_.emplace(key, std::move(fresh)).first->second;
}

std::vector<Tensor> GraphModule::run(const Program& program, const Tensor& image,
                                     const std::vector<std::string>& names) {
    std::unordered_map<std::string, Value> live;
    live[graph_.inputs.front().name] =
        image.to(torch::kFloat32)
            .contiguous(image.dim() == 4 ? torch::MemoryFormat::ChannelsLast
                                         : torch::MemoryFormat::Contiguous);
    const auto value_of = [&](const std::string& name) {
        const auto found = live.find(name);
        return found == live.end() ? Value(parameter(name)) : found->second;
    };
    for (const Step& step : program.steps) {
        const bool batch_norm = step.node->op == model::Op::BatchNormalization;
        const auto type = step.full_precision ? torch::kFloat32 : scalar_type(precision_);
        const auto typed = [&](const std::string& name, bool keep) {
            Value value = name.empty() ? Value() : value_of(name);
            if (value.tensor.defined() && !keep) value.tensor = value.tensor.to(type);
            return value;
        };
        Call call{.step = step,
                  .inputs = {},
                  .residual = {},
                  .lateral = {},
                  .affine = {},
                  .known = program.known};
        const bool keeps_weights = batch_norm || !step.affine.empty();
        for (std::size_t i = 0; i < step.node->inputs.size(); ++i)
            call.inputs.push_back(typed(step.node->inputs[i], keeps_weights && i > 0));
        for (const ChannelOperation& operation : step.affine)
            call.affine.push_back(value_of(operation.operand).settled());
        call.residual = typed(step.residual, false);
        if (step.lateral != nullptr)
            for (const std::string& name : step.lateral->inputs)
                call.lateral.push_back(typed(name, false));
        call.training =
            batch_norm && is_training() && !norm_eval_ && !is_frozen(step.node->inputs[1]);
        std::vector<Value> outputs = execute_named(std::move(call));
        if (outputs.size() == 1) live[step.output] = std::move(outputs.front());
        for (std::size_t i = 0; outputs.size() > 1 && i < outputs.size(); ++i)
            live[step.node->outputs[i]] = std::move(outputs[i]);
        for (const std::string& name : step.last_uses) live.erase(name);
    }
    std::vector<Tensor> results;
    for (const std::string& name : names) {
        const Value value = value_of(name);
        if (!value.tensor.defined())
            core::fail(ErrorCode::invalid_argument, "value '", name, "' is no tensor of f32");
        results.push_back(value.settled().to(torch::kFloat32));
    }
    return results;
}

Tensor GraphModule::parameter(const std::string& name) const {
    for (const auto* parameters : {&weights_, &statistics_, &constants_}) {
        const auto found = parameters->find(name);
        if (found != parameters->end()) return found->second;
    }
    return {};
}

bool GraphModule::is_frozen(const std::string& name) const {
    return std::any_of(frozen_.begin(), frozen_.end(),
                       [&](const std::string& prefix) { return name.starts_with(prefix); });
}

void GraphModule::freeze(const std::vector<std::string>& prefixes) {
    frozen_ = prefixes;
    for (auto& [name, weight] : weights_) weight.requires_grad_(!is_frozen(name));
}

model::Graph GraphModule::to_graph() const {
    model::Graph graph = graph_;
    for (const auto* parameters : {&weights_, &statistics_})
        for (const auto& [name, tensor] : *parameters)
            graph.parameters[name] = model_tensor_of(tensor);
    return graph;
}

void GraphModule::load(const model::Graph& graph) {
    const torch::NoGradGuard no_gradient;
    for (auto* parameters : {&weights_, &statistics_})
        for (auto& [name, tensor] : *parameters) {
            const model::Tensor* values = graph.parameter(name);
            if (values == nullptr || values->dims() != tensor.sizes().vec())
                core::fail(ErrorCode::malformed, "parameter '", name, "' is ",
                           values == nullptr ? "missing" : model::to_string(values->dims()),
                           ", expected ", model::to_string(tensor.sizes().vec()));
            tensor.copy_(tensor_of(*values));
        }
}

std::vector<Tensor> GraphModule::logits(const Tensor& image,
                                        const std::vector<LogitSource>& sources) {
    // Probabilities are moved away from 0 and 1, where their logits and gradients would end.
    constexpr double kMargin = 1e-6;
    std::vector<std::string> names;
    for (const LogitSource& source : sources) names.push_back(source.value);
    std::vector<Tensor> maps = values(image, names);
    for (std::size_t i = 0; i < maps.size(); ++i) {
        if (!sources[i].is_probability) continue;
        const Tensor inside = maps[i] * (1 - 2 * kMargin) + kMargin;
        maps[i] = inside.log() - (1 - inside).log();
    }
    return maps;
}

LogitSource logits_of(const model::Graph& graph, const std::string& output) {
    using model::Op;
    LogitSource source{output};
    bool moved = false;
    for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
        if (node->outputs.front() != source.value) continue;
        switch (node->op) {
            case Op::Sigmoid:
                return moved ? LogitSource{output, true} : LogitSource{node->inputs.front(), false};
            case Op::Reshape:
            case Op::Resize:
            case Op::Slice:
            case Op::Squeeze:
            case Op::Transpose:
            case Op::Unsqueeze: moved = true; break;
            case Op::Cast:
            case Op::Identity: break;
            default:
                core::fail(ErrorCode::unsupported, "output '", output,
                           "' does not come from a Sigmoid but from ", model::to_string(node->op));
        }
        source.value = node->inputs.front();
    }
    core::fail(ErrorCode::unsupported, "output '", output, "' does not come from a Sigmoid");
}

}  // namespace dbnet::train
