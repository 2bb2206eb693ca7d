#include <unordered_map>

#include "engine/reference/reference.hpp"

// Node by node in the graph's order, on the calling thread. There are no plans, no arena and no
// packed weights; a value is released after its last use.
namespace dbnet::engine {
namespace {

class ReferenceExecutable final : public Executable {
public:
    explicit ReferenceExecutable(const model::Graph& graph) : graph_(graph) {
        graph_.check();
        for (const auto& [name, tensor] : graph_.parameters) {
            parameters_.emplace(name, buffer_of(tensor));
            weight_bytes_ += tensor.bytes().size();
        }
        for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
            for (const std::string& input : graph_.nodes[i].inputs) last_use_[input] = i;
        for (const model::ValueInfo& output : graph_.outputs)
            last_use_[output.name] = graph_.nodes.size();
    }

    const model::Graph& graph() const noexcept override { return graph_; }
    ExecutableMemory memory() const override { return {weight_bytes_, 0}; }
    void trim() override {}

    std::vector<Buffer> run(std::span<const Buffer> inputs) const;

private:
    using Values = std::unordered_map<std::string, Buffer>;

    void run_node(std::size_t index, Values& values) const;

    /// The value computed so far, the parameter, or (an optional input left out) an empty buffer.
    Buffer value(const Values& values, const std::string& name) const {
        if (name.empty()) return {};
        const auto found = values.find(name);
        return found == values.end() ? parameters_.at(name) : found->second;
    }

    model::Graph graph_;
    Values parameters_;
    std::unordered_map<std::string, std::size_t> last_use_;  ///< index of the node
    std::size_t weight_bytes_ = 0;
};

void ReferenceExecutable::run_node(std::size_t index, Values& values) const {
    const model::Node& node = graph_.nodes[index];
    std::vector<Buffer> inputs;
    for (const std::string& name : node.inputs) inputs.push_back(value(values, name));
    std::vector<Buffer> outputs = reference::evaluate(node, inputs);
    for (std::size_t i = 0; i < outputs.size(); ++i)
        if (last_use_.contains(node.outputs[i])) values[node.outputs[i]] = std::move(outputs[i]);
    for (const std::string& name : node.inputs)
        if (!name.empty() && last_use_.at(name) == index) values.erase(name);
}

std::vector<Buffer> ReferenceExecutable::run(std::span<const Buffer> inputs) const {
    Values values;
    for (std::size_t i = 0; i < inputs.size(); ++i) values[graph_.inputs[i].name] = inputs[i];
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) run_node(i, values);
    std::vector<Buffer> outputs;
    for (const model::ValueInfo& output : graph_.outputs) {
        const Buffer from = value(values, output.name);
        outputs.push_back(Buffer::host(from.type(), from.dims()));
        copy_on_host(from, outputs.back());
    }
    return outputs;
}

class ReferenceContext final : public Context {
public:
    std::size_t arena_bytes() const override { return 0; }
    void trim() override {}
};

class ReferenceBackend final : public Backend {
public:
    std::string_view name() const noexcept override { return "reference"; }
    Device device() const noexcept override { return Device::cpu; }

    std::shared_ptr<Executable> compile(const model::Graph& graph,
                                        const CompileOptions&) const override {
        return std::make_shared<ReferenceExecutable>(graph);
    }

    std::unique_ptr<Context> create_context(int) const override {
        return std::make_unique<ReferenceContext>();
    }

    std::vector<Buffer> run(Executable& executable, Context&,
                            std::span<const Buffer> inputs) const override {
        check_inputs(executable.graph(), device(), inputs);
        return static_cast<ReferenceExecutable&>(executable).run(inputs);
    }

    void copy(const Buffer& from, const Buffer& to) const override { copy_on_host(from, to); }
};

}  // namespace

const Backend& reference_backend() {
    static const ReferenceBackend backend;
    return backend;
}

}  // namespace dbnet::engine
