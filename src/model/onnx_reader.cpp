#include <filesystem>
#include <limits>
#include <unordered_set>

#include "core/error.hpp"
#include "core/file.hpp"
#include "model/onnx.hpp"
#include "model/onnx_opsets.hpp"
#include "model/onnx_proto.hpp"
#include "model/onnx_tensor.hpp"
#include "model/operators.hpp"
#include "model/shape_inference.hpp"

// Reads an ONNX file into a Graph: protobuf message, constants, nodes lifted to the form of opset
// 18 (onnx_opsets.cpp), checks, shapes. A constant's bytes are taken from the message, so what is
// allocated is bounded by the size of the file.
namespace dbnet::model {
namespace {

/// Names, attributes and the like per node that a file may have on average.
constexpr std::int64_t kElementsPerNode = 30;

int default_opset(const onnx::ModelProto& model) {
    for (const auto& import : model.opset_import())
        if (import.domain().empty() || import.domain() == "ai.onnx") {
            if (import.version() < kMinOpset || import.version() > kMaxOpset)
                core::fail(ErrorCode::unsupported, "opset ", import.version(),
                           " is not supported (supported: ", kMinOpset, " to ", kMaxOpset, ")");
            return static_cast<int>(import.version());
        }
    core::fail(ErrorCode::malformed, "the model does not say which opset it uses");
}

class Reader {
public:
    Reader(onnx::ModelProto model, ExternalData external, const OnnxReadOptions& options)
        : model_(std::move(model)), external_(std::move(external)), options_(options) {}

    Graph read() {
        refuse_unsupported_parts();
        graph_.name = model_.graph().name();
        read_metadata();
        read_initializers();
        read_inputs();
        read_nodes();
        read_outputs();
        graph_.sort();
        graph_.check();
        drop_unused_parameters();
        infer_outputs();
        return std::move(graph_);
    }

private:
    void refuse_unsupported_parts() const {
        if (model_.functions_size() > 0)
            core::fail(ErrorCode::unsupported, "function '", model_.functions(0).name(),
                       "': models with functions are not supported (inline them)");
        const auto& graph = model_.graph();
        if (graph.sparse_initializer_size() > 0)
            core::fail(ErrorCode::unsupported, "tensor '",
                       graph.sparse_initializer(0).values().name(),
                       "': sparse initializers are not supported (supported: dense ones)");
        if (graph.node_size() > options_.max_nodes)
            core::fail(ErrorCode::too_large, "the graph has ", graph.node_size(),
                       " nodes; at most ", options_.max_nodes, " are allowed");
    }

    void read_metadata() {
        for (const auto& entry : model_.metadata_props())
            if (!graph_.metadata.emplace(entry.key(), entry.value()).second)
                core::fail(ErrorCode::malformed, "metadata has the key '", entry.key(), "' twice");
    }

    void read_initializers() {
        for (auto& tensor : *model_.mutable_graph()->mutable_initializer()) {
            if (tensor.name().empty())
                core::fail(ErrorCode::malformed, "an initializer has no name");
            if (!graph_.parameters.emplace(tensor.name(), read_tensor(tensor, external_)).second)
                core::fail(ErrorCode::malformed, "tensor '", tensor.name(), "' is there twice");
        }
    }

    /// Before IR version 4 every initializer is listed as an input, too.
    void read_inputs() {
        for (const auto& input : model_.graph().input())
            if (graph_.parameter(input.name()) == nullptr)
                graph_.inputs.push_back(read_value(input));
    }

    ValueInfo read_value(const onnx::ValueInfoProto& value) const {
        if (!value.type().has_tensor_type())
            core::fail(ErrorCode::unsupported, "value '", value.name(),
                       "' is not a tensor (supported: tensors)");
        const auto& tensor = value.type().tensor_type();
        const auto type = data_type_from_onnx(tensor.elem_type());
        if (!type || !tensor.has_shape())
            core::fail(ErrorCode::unsupported, "value '", value.name(),
                       "' has an element type that is not supported, or no shape");
        return {value.name(), *type, read_shape(value.name(), tensor.shape())};
    }

    static Dims read_shape(const std::string& name, const onnx::TensorShapeProto& shape) {
        if (static_cast<std::size_t>(shape.dim_size()) > kMaxRank)
            core::fail(ErrorCode::unsupported, "value '", name, "' has more than ", kMaxRank,
                       " dimensions");
        Dims dims;
        for (const auto& dim : shape.dim()) {
            const bool known = dim.has_dim_value() && dim.dim_value() >= 0;
            if (known && dim.dim_value() == 0)
                core::fail(ErrorCode::malformed, "value '", name, "' has an extent of zero");
            dims.push_back(known ? dim.dim_value() : -1);
        }
        return dims;
    }

    /// Constants first: the others may need them to be lifted.
    void read_nodes() {
        const int opset = default_opset(model_);
        auto& nodes = *model_.mutable_graph()->mutable_node();
        for (const bool constants : {true, false})
            for (int i = 0; i < nodes.size(); ++i)
                if ((nodes[i].op_type() == "Constant") == constants)
                    add_from_opset(graph_, read_node(nodes[i], i), opset);
    }

    OnnxNode read_node(onnx::NodeProto& message, int index) {
        OnnxNode node{message.name(), message.op_type(), {}, {}, {}};
        node.inputs.assign(message.input().begin(), message.input().end());
        node.outputs.assign(message.output().begin(), message.output().end());
        while (!node.outputs.empty() && node.outputs.back().empty()) node.outputs.pop_back();
        if (node.name.empty())
            node.name = node.outputs.empty() ? core::concat("#", index) : node.outputs.front();
        if (!message.domain().empty() && message.domain() != "ai.onnx")
            core::fail(ErrorCode::unsupported, "node '", node.name, "' (", message.domain(), ".",
                       node.op, "): operators of other domains are not supported (supported: ",
                       operator_names(), ")");
        for (auto& attribute : *message.mutable_attribute())
            if (!node.attributes.emplace(attribute.name(), read_attribute(node, attribute)).second)
                core::fail(ErrorCode::malformed, "node '", node.name, "' (", node.op,
                           "): attribute '", attribute.name(), "' is there twice");
        return node;
    }

    Attribute read_attribute(const OnnxNode& node, onnx::AttributeProto& attribute) {
        switch (attribute.type()) {
            case onnx::AttributeProto::INT: return attribute.i();
            case onnx::AttributeProto::FLOAT: return attribute.f();
            case onnx::AttributeProto::STRING: return attribute.s();
            case onnx::AttributeProto::INTS:
                return std::vector(attribute.ints().begin(), attribute.ints().end());
            case onnx::AttributeProto::FLOATS:
                return std::vector(attribute.floats().begin(), attribute.floats().end());
            case onnx::AttributeProto::TENSOR:
                return read_tensor(*attribute.mutable_t(), external_);
            default:
                core::fail(ErrorCode::unsupported, "node '", node.name, "' (", node.op,
                           "): attribute '", attribute.name(),
                           "' is of a kind that is not supported (supported: numbers, strings, "
                           "lists of numbers, tensors)");
        }
    }

    /// Their declarations may be incomplete, even wrong; infer_outputs() replaces them.
    void read_outputs() {
        for (const auto& output : model_.graph().output())
            graph_.outputs.push_back({output.name(), DataType::f32, {}});
    }

    void drop_unused_parameters() {
        std::unordered_set<std::string_view> used;
        for (const Node& node : graph_.nodes) used.insert(node.inputs.begin(), node.inputs.end());
        for (const ValueInfo& output : graph_.outputs) used.insert(output.name);
        std::erase_if(graph_.parameters,
                      [&](const auto& entry) { return !used.contains(entry.first); });
    }

    void infer_outputs() {
        const InferredValues values = infer_shapes(graph_);
        for (ValueInfo& output : graph_.outputs) {
            const InferredValue& value = values.at(output.name);
            output.type = value.type;
            output.dims = value.dims;
        }
    }

    onnx::ModelProto model_;
    ExternalData external_;
    const OnnxReadOptions& options_;
    Graph graph_;
};

Graph read_model(std::span<const std::uint8_t> bytes, std::string_view name,
                 const std::string& folder, const OnnxReadOptions& options) {
    const auto limit =
        std::min<std::int64_t>(options.max_file_bytes, std::numeric_limits<int>::max());
    if (static_cast<std::int64_t>(bytes.size()) > limit)
        core::fail(ErrorCode::too_large, name, ": ", bytes.size(), " bytes; at most ", limit,
                   " are allowed");
    try {
        ExternalData external(folder, options.max_file_bytes);
        return Reader(parse_model(bytes, kElementsPerNode * options.max_nodes), std::move(external),
                      options)
            .read();
    } catch (const Error& error) {
        throw Error(error.code(), core::concat(name, ": ", error.what()));
    }
}

}  // namespace

Graph read_onnx(const std::string& path, const OnnxReadOptions& options) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    return read_model(core::read_file(path, options.max_file_bytes), path,
                      folder.empty() ? "." : folder, options);
}

Graph parse_onnx(std::span<const std::uint8_t> bytes, std::string_view name,
                 const OnnxReadOptions& options) {
    return read_model(bytes, name, "", options);
}

}  // namespace dbnet::model
