#include "model/detector_graph.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "model/operators.hpp"
#include "model/shape_inference.hpp"

namespace dbnet::model {
namespace {

constexpr const char* kOutputKey = "dbnet.output";
/// Extents at which the outputs are looked at where the file leaves them open: two that differ,
/// both multiples of what networks divide their input by.
constexpr std::int64_t kTrialHeight = 128;
constexpr std::int64_t kTrialWidth = 192;

std::string fresh_name(const Graph& graph, std::string name) {
    const auto is_taken = [&](const std::string& value) {
        const auto makes = [&](const Node& node) {
            return std::ranges::find(node.outputs, value) != node.outputs.end();
        };
        return graph.parameters.contains(value) || std::ranges::any_of(graph.nodes, makes);
    };
    while (is_taken(name)) name += '_';
    return name;
}

/// Puts nodes in front: the input keeps its name, what was made of it gets another one.
class InputAdapter {
public:
    explicit InputAdapter(Graph& graph)
        : graph_(graph), input_(graph.inputs.front().name), value_(input_) {}

    void add(Op op, const char* what, std::vector<std::string> more = {},
             std::map<std::string, Attribute> attributes = {}) {
        const std::string name = fresh_name(graph_, input_ + "/" + what);
        std::vector<std::string> inputs = {value_};
        inputs.insert(inputs.end(), more.begin(), more.end());
        added_.push_back({name, op, std::move(inputs), {name}, std::move(attributes)});
        value_ = name;
    }

    std::string constant(const char* what, Tensor tensor) {
        std::string name = fresh_name(graph_, input_ + "/" + what);
        graph_.parameters[name] = std::move(tensor);
        return name;
    }

    void finish() {
        for (Node& node : graph_.nodes) std::ranges::replace(node.inputs, input_, value_);
        graph_.nodes.insert(graph_.nodes.begin(), added_.begin(), added_.end());
    }

private:
    Graph& graph_;
    std::string input_;
    std::string value_;
    std::vector<Node> added_;
};

bool is_channels_last(const Dims& dims) { return dims[3] == 3 && dims[1] != 3; }

/// Returns whether the network takes bytes.
bool adapt_input(Graph& graph) {
    if (graph.inputs.size() != 1)
        core::fail(ErrorCode::unsupported, "the model has ", graph.inputs.size(),
                   " inputs, expected one image tensor [N, 3, H, W]");
    ValueInfo& input = graph.inputs.front();
    const bool bytes = input.type == DataType::u8;
    if (input.dims.size() != 4 || (!bytes && input.type != DataType::f32))
        core::fail(ErrorCode::unsupported, "the model's input ", input.name, " is ",
                   to_string(input.type), " ", to_string(input.dims),
                   ", expected f32 or u8 [N, 3, H, W] or [N, H, W, 3]");
    InputAdapter adapter(graph);
    if (bytes) {
        // Towards zero is how Cast rounds.
        adapter.add(Op::Add, "rounded", {adapter.constant("half", Tensor::scalar(0.5f))});
        adapter.add(Op::Cast, "bytes", {}, {{"to", onnx_type_number(DataType::u8)}});
        input.type = DataType::f32;
    }
    if (is_channels_last(input.dims)) {
        adapter.add(Op::Transpose, "channels last", {}, {{"perm", Dims{0, 2, 3, 1}}});
        input.dims = {input.dims[0], 3, input.dims[1], input.dims[2]};
    }
    adapter.finish();
    return bytes;
}

/// An output that may be the probability, and what makes a map [N, C, H, W] of it.
struct Candidate {
    std::string name;
    std::optional<Op> op;  ///< none: it is one
    Dims numbers;          ///< Transpose's permutation, or Unsqueeze's axes
};

std::optional<Candidate> to_map(const std::string& name, const Dims& dims, std::int64_t height,
                                std::int64_t width) {
    const auto lies_at = [&](std::size_t axis) {
        return dims[axis] == height && dims[axis + 1] == width;
    };
    if (dims.size() == 4 && lies_at(2)) return Candidate{name, {}, {}};
    if (dims.size() == 4 && lies_at(1)) return Candidate{name, Op::Transpose, {0, 3, 1, 2}};
    if (dims.size() == 3 && lies_at(1)) return Candidate{name, Op::Unsqueeze, {1}};
    if (dims.size() == 2 && lies_at(0)) return Candidate{name, Op::Unsqueeze, {0, 1}};
    return std::nullopt;
}

/// The outputs that are maps as large as the input; none where the extents cannot be told.
std::vector<Candidate> candidates_of(const Graph& graph) {
    const Dims& declared = graph.inputs.front().dims;
    const Dims trial = {1, 3, declared[2] > 0 ? declared[2] : kTrialHeight,
                        declared[3] > 0 ? declared[3] : kTrialWidth};
    std::vector<Candidate> candidates;
    try {
        const InferredValues values = infer_shapes(graph, {trial});
        for (const ValueInfo& output : graph.outputs) {
            const InferredValue& value = values.at(output.name);
            if (value.type != DataType::f32) continue;
            if (const auto candidate = to_map(output.name, value.dims, trial[2], trial[3]))
                candidates.push_back(*candidate);
        }
    } catch (const Error&) {
        return {};  // whatever it is, a run will say so
    }
    return candidates;
}

std::string lower_case(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

/// The candidate whose name says that it is the probability.
std::optional<Candidate> named_probability(const std::vector<Candidate>& candidates) {
    constexpr std::array<std::string_view, 3> kNames = {"prob", "shrink", "binary"};
    for (const std::string_view wanted : kNames)
        for (const Candidate& candidate : candidates) {
            const std::string name = lower_case(candidate.name);
            if (name.find(wanted) != std::string::npos && name.find("thresh") == std::string::npos)
                return candidate;
        }
    return std::nullopt;
}

/// The one candidate of that name.
std::vector<Candidate> only(const Graph& graph, const std::vector<Candidate>& candidates,
                            const std::string& name, ErrorCode code, std::string_view source) {
    const auto found = std::ranges::find(candidates, name, &Candidate::name);
    if (found != candidates.end()) return {*found};
    std::string names;
    for (const ValueInfo& output : graph.outputs)
        names += core::concat(names.empty() ? "" : ", ", output.name);
    core::fail(code, source, " is '", name, "', but no map is named so; the model's outputs are ",
               names);
}

std::vector<Candidate> chosen(const Graph& graph, const std::string& output) {
    const std::vector<Candidate> candidates = candidates_of(graph);
    if (!output.empty())
        return only(graph, candidates, output, ErrorCode::invalid_argument, "output");
    const auto key = graph.metadata.find(kOutputKey);
    if (key != graph.metadata.end())
        return only(graph, candidates, key->second, ErrorCode::malformed,
                    "model metadata dbnet.output");
    if (candidates.size() > 1)
        if (const auto named = named_probability(candidates)) return {*named};
    return candidates;
}

/// Adds what makes a map of the output; returns the map's name.
std::string add_map(Graph& graph, const Candidate& candidate) {
    if (!candidate.op) return candidate.name;
    const std::string name = fresh_name(graph, candidate.name + "/map");
    if (*candidate.op == Op::Transpose)
        return graph.add(Op::Transpose, name, {candidate.name}, {{"perm", candidate.numbers}});
    const std::string axes = fresh_name(graph, name + "/axes");
    graph.parameters[axes] =
        Tensor::of({static_cast<std::int64_t>(candidate.numbers.size())}, candidate.numbers);
    return graph.add(*candidate.op, name, {candidate.name, axes});
}

void keep_outputs(Graph& graph, const std::vector<Candidate>& candidates) {
    if (candidates.empty()) return;
    graph.outputs.clear();
    for (const Candidate& candidate : candidates)
        graph.outputs.push_back({add_map(graph, candidate), DataType::f32, {}});
    graph.remove_dead();
    const InferredValues values = infer_shapes(graph);
    for (ValueInfo& output : graph.outputs) output.dims = values.at(output.name).dims;
}

}  // namespace

DetectorGraph detector_graph(Graph graph, const std::string& output) {
    DetectorGraph result;
    result.takes_pixels = adapt_input(graph);
    keep_outputs(graph, chosen(graph, output));
    result.graph = std::move(graph);
    return result;
}

}  // namespace dbnet::model
