// Two ways to a network: ours is built and filled with what fits of a file, or the network of an
// ONNX file is taken as it is. The latter gets a threshold branch where it has none: the branch is
// the same as the probability map's, on the same features.
#include "train/start.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "core/error.hpp"
#include "model/checkpoint/pth.hpp"
#include "model/networks/maps.hpp"
#include "model/onnx.hpp"
#include "model/rewrite.hpp"
#include "model/shape_inference.hpp"
#include "train/affine_blocks.hpp"
#include "train/program.hpp"
#include "train/run_weights.hpp"

namespace dbnet::train {
namespace {

using model::Graph;
using model::Node;
using model::Op;
using model::Tensor;

using Tensors = std::vector<std::pair<std::string, Tensor>>;

constexpr const char* kThreshold = "threshold";
constexpr const char* kBranch = "thresh";  ///< its layers are decoder.thresh.*
constexpr std::size_t kShownNames = 5;

/// The names of what training changes: weights and running statistics.
std::set<std::string> learned(const Graph& graph) {
    ParameterRoles roles = parameter_roles(graph);
    roles.weights.merge(roles.statistics);
    return std::move(roles.weights);
}

bool is_onnx(const std::string& path) {
    return std::filesystem::is_directory(path) || path.ends_with(".onnx");
}

Graph read_graph(const std::string& path) {
    Graph graph = model::read_onnx(weights_of(path));
    model::widen_weights(graph);
    return graph;
}

// --- Weights for our own networks

/// The file's tensors; what cannot be read is added to `unused`.
Tensors read_tensors(const std::string& path, std::vector<std::string>& unused) {
    if (!is_onnx(path)) {
        model::StateDict state = model::read_pth(path);
        unused = std::move(state.skipped);
        // PyTorch counts the steps of each BatchNormalization, which nothing needs.
        std::erase_if(state.tensors, [](const auto& entry) {
            return entry.first.ends_with("num_batches_tracked");
        });
        return std::move(state.tensors);
    }
    const Graph graph = read_graph(path);
    Tensors tensors;
    for (const std::string& name : learned(graph))
        tensors.emplace_back(name, graph.parameters.at(name));
    return tensors;
}

/// The name in our networks: without the prefixes of MhLiao's checkpoints and of data-parallel
/// training; torchvision's classifiers are our backbones.
std::string name_in(const std::set<std::string>& parameters, std::string_view name) {
    while (name.starts_with("model.") || name.starts_with("module."))
        name.remove_prefix(name.find('.') + 1);
    const std::string plain(name);
    return parameters.contains(plain) ? plain : "backbone." + plain;
}

bool is_finite(const Tensor& tensor) {
    return std::ranges::all_of(tensor.f32(), [](float value) { return std::isfinite(value); });
}

/// Why a tensor of the file cannot be the parameter; empty if it can.
std::string obstacle(const Tensor& tensor, const Tensor* parameter, bool is_filled) {
    if (parameter == nullptr) return "the network has no parameter of this name";
    if (tensor.dims() != parameter->dims())
        return "is " + model::to_string(tensor.dims()) + ", the network's is " +
               model::to_string(parameter->dims());
    if (is_filled) return "another tensor of the file has filled the parameter";
    return is_finite(tensor.cast(model::DataType::f32)) ? "" : "holds values that are not finite";
}

std::string first_names(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < std::min(names.size(), kShownNames); ++i)
        text += (i == 0 ? "" : ", ") + names[i];
    return text + (names.size() > kShownNames ? ", ..." : "");
}

[[noreturn]] void fail_nothing_fits(const std::string& path, const Start& start) {
    core::fail(ErrorCode::invalid_argument, path, ": none of its ", start.unused.size(),
               " tensors fits the network; it has ", first_names(start.unused),
               "; expected are names such as ", first_names(start.fresh),
               is_onnx(path) ? " (model.backbone=init trains the file's own network)" : "");
}

void fill(Start& start, const std::string& path) {
    std::set<std::string> open = learned(start.graph);
    const std::set<std::string> parameters = open;
    for (auto& [name, tensor] : read_tensors(path, start.unused)) {
        const std::string target = name_in(parameters, name);
        const Tensor* parameter =
            parameters.contains(target) ? start.graph.parameter(target) : nullptr;
        const std::string reason = obstacle(tensor, parameter, !open.contains(target));
        if (!reason.empty()) {
            start.unused.push_back(name + ": " + reason);
            continue;
        }
        start.graph.parameters[target] = tensor.cast(model::DataType::f32);
        start.used.push_back(name);
        open.erase(target);
    }
    start.fresh.assign(open.begin(), open.end());
    if (start.used.empty()) fail_nothing_fits(path, start);
}

Start start_of_network(const StartOptions& options) {
    Start start;
    start.graph = model::build_network(options.network);
    if (options.network.threshold_branch) start.threshold = kThreshold;
    if (!options.init.empty()) {
        fill(start, options.init);
    } else {
        const std::set<std::string> fresh = learned(start.graph);
        start.fresh.assign(fresh.begin(), fresh.end());
    }
    return start;
}

// --- The network of a file

void check_input(const Graph& graph, const std::string& path) {
    const bool fits = graph.inputs.size() == 1 && graph.inputs[0].dims.size() == 4 &&
                      graph.inputs[0].type == model::DataType::f32 && graph.inputs[0].dims[1] == 3;
    if (!fits)
        core::fail(ErrorCode::unsupported, path,
                   ": not a network that can be trained: its input is not one f32 image "
                   "[N, 3, H, W]");
}

/// Extents of all values for one image that the graph accepts.
model::InferredValues values_at_a_size(const Graph& graph) {
    model::Dims dims = graph.inputs.front().dims;
    const model::Dims trial{1, 3, 128, 192};
    for (std::size_t i = 0; i < dims.size(); ++i)
        if (dims[i] < 0) dims[i] = trial[i];
    return model::infer_shapes(graph, {dims});
}

void check_map(const Graph& graph, const std::string& map, const std::string& path) {
    const auto values = values_at_a_size(graph);
    const model::Dims& dims = values.at(map).dims;
    const model::Dims& image = values.at(graph.inputs.front().name).dims;
    if (dims != model::Dims{image[0], 1, image[2], image[3]})
        core::fail(ErrorCode::unsupported, path, ": its map '", map, "' is ",
                   model::to_string(dims), " for an image ", model::to_string(image),
                   ", expected one channel of its extents");
}

/// What the head begins with: a convolution of `features` [N, in, H/4, W/4] to `out` channels.
struct Head {
    std::string features;
    int in = 0;
    int out = 0;
};

/// The last convolution before the probability map that works at a quarter of its extents: the
/// first of the head, as the layers between it and the map enlarge.
Head head_of(const Graph& graph, const std::string& probability) {
    const auto values = values_at_a_size(graph);
    const model::Dims& map = values.at(probability).dims;
    std::set<std::string> needed{probability};
    for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
        if (!needed.contains(node->outputs.front())) continue;
        const model::Dims& dims = values.at(node->outputs.front()).dims;
        if (node->op == Op::Conv && dims.size() == 4 && dims[2] * 4 == map[2] &&
            dims[3] * 4 == map[3])
            return {node->inputs.front(), static_cast<int>(values.at(node->inputs.front()).dims[1]),
                    static_cast<int>(dims[1])};
        needed.insert(node->inputs.begin(), node->inputs.end());
    }
    core::fail(ErrorCode::unsupported, "no convolution before the map '", probability,
               "' works at a quarter of its extents, which a threshold branch could stand beside; "
               "threshold_branch: false trains without one");
}

/// Names that the branch is going to use must be free.
void check_names(const Graph& graph) {
    const std::string layers = core::concat("decoder.", kBranch, ".");
    const auto check = [&](const std::string& name) {
        if (name == kThreshold || name.starts_with(layers))
            core::fail(ErrorCode::unsupported, "the network has a value '", name,
                       "' but no output '", kThreshold,
                       "': it cannot get a threshold branch; threshold_branch: false trains "
                       "without one");
    };
    for (const auto& [name, tensor] : graph.parameters) check(name);
    for (const Node& node : graph.nodes)
        for (const std::string& output : node.outputs) check(output);
}

/// Adds the output `threshold`; says which parameters are new.
std::vector<std::string> add_threshold_branch(Graph& graph, const std::string& probability,
                                              std::uint64_t seed) {
    check_names(graph);
    const std::set<std::string> before = learned(graph);
    const Head head = head_of(graph, probability);
    model::NetworkBuilder builder(graph, seed);
    const std::string features = builder.existing(head.features, head.in);
    const std::string logits = model::add_head_branch(builder, kBranch, features, 4 * head.out);
    builder.output(builder.apply(Op::Sigmoid, kThreshold, logits));
    std::vector<std::string> added;
    std::ranges::set_difference(learned(graph), before, std::back_inserter(added));
    return added;
}

Start start_of_file(const StartOptions& options) {
    if (options.init.empty())
        core::fail(ErrorCode::invalid_argument,
                   "the network of `init` is to be trained, but there is no init");
    if (!is_onnx(options.init))
        core::fail(ErrorCode::invalid_argument, options.init,
                   ": holds weights without a network (expected: ONNX, a checkpoint or the folder "
                   "of a run)");
    Start start;
    Graph graph = read_graph(options.init);
    check_input(graph, options.init);
    const std::set<std::string> parameters = learned(graph);
    const model::DbMaps maps = model::maps_of(graph);
    check_map(graph, maps.probability, options.init);
    std::vector<std::string> outputs{maps.probability};
    if (options.network.threshold_branch) start.threshold = maps.threshold;
    if (!start.threshold.empty()) {
        check_map(graph, start.threshold, options.init);
        outputs.push_back(start.threshold);
    }
    start.graph = model::cut(std::move(graph), outputs);
    model::make_dynamic(start.graph);
    balance_affine_blocks(start.graph);
    for (const std::string& name : parameters)
        if (start.graph.parameter(name) != nullptr)
            start.used.push_back(name);
        else
            start.unused.push_back(name + ": not needed for what is trained");
    if (start.threshold.empty() && options.network.threshold_branch) {
        start.fresh = add_threshold_branch(start.graph, maps.probability, options.network.seed);
        start.threshold = kThreshold;
    }
    return start;
}

}  // namespace

Start make_start(const StartOptions& options) {
    return options.network_of_init ? start_of_file(options) : start_of_network(options);
}

}  // namespace dbnet::train
