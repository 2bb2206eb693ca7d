#include <filesystem>
#include <limits>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "core/error.hpp"
#include "core/file.hpp"
#include "model/onnx.hpp"
#include "model/onnx_inline.hpp"
#include "model/onnx_opsets.hpp"
#include "model/onnx_proto.hpp"
#include "model/onnx_tensor.hpp"
#include "model/operators.hpp"
#include "model/rewrite.hpp"
#include "model/shape_inference.hpp"

// Reads an ONNX file into a Graph: protobuf message, constants, nodes lifted to the form of opset
// 18 (onnx_opsets.cpp), checks, shapes. A constant's bytes are taken from the message, so what is
// allocated is bounded by the size of the file.
namespace dbnet::model {
namespace {

/// Names, attributes and the like per node that a file may have on average.
constexpr std::int64_t kElementsPerNode = 30;

void check_opset(const onnx::ModelProto& model) {
    for (const auto& import : model.opset_import())
        if (import.domain().empty() || import.domain() == "ai.onnx") return;
    core::fail(ErrorCode::malformed, "the model does not say which opset it uses");
}

std::string operator_name(const onnx::NodeProto& node) {
    const bool is_default = node.domain().empty() || node.domain() == "ai.onnx";
    return is_default ? node.op_type() : node.domain() + "." + node.op_type();
}

class Reader {
public:
    Reader(onnx::ModelProto model, ExternalData external, const OnnxReadOptions& options)
        : model_(std::move(model)), external_(std::move(external)), options_(options) {}

    Graph read() {
        refuse_unsupported_parts();
        graph_.name = model_.graph().name();
        read_metadata();
        std::vector<FlatNode> nodes = inline_bodies(model_, options_.max_nodes);
        read_initializers();
        read_inputs();
        read_nodes(nodes);
        read_outputs();
        graph_.sort();
        graph_.check();
        drop_unused_parameters();
        compute_in_f32(graph_);
        infer_outputs();
        return std::move(graph_);
    }

private:
    void refuse_unsupported_parts() const {
        check_opset(model_);
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
    void read_nodes(std::vector<FlatNode>& nodes) {
        refuse_unknown_operators(nodes);
        for (const bool constants : {true, false})
            for (std::size_t i = 0; i < nodes.size(); ++i)
                if ((nodes[i].node.op_type() == "Constant") == constants)
                    add_from_opset(graph_, read_node(nodes[i].node, i), nodes[i].opset);
    }

    /// Names the first node of an operator that is not supported, and all such operators.
    static void refuse_unknown_operators(const std::vector<FlatNode>& nodes) {
        const onnx::NodeProto* first = nullptr;
        std::set<std::string> missing;
        for (const FlatNode& flat : nodes) {
            if (is_known_operator(flat.node.domain(), flat.node.op_type())) continue;
            if (first == nullptr) first = &flat.node;
            missing.insert(operator_name(flat.node));
        }
        if (first == nullptr) return;
        std::string others;
        for (const std::string& name : missing)
            if (name != operator_name(*first)) others += (others.empty() ? "" : ", ") + name;
        core::fail(ErrorCode::unsupported, "node '", node_name(*first, 0), "' (",
                   operator_name(*first), "): the operator is not supported",
                   others.empty() ? "" : ", nor are " + others, " (supported: ", operator_names(),
                   ")");
    }

    static std::string node_name(const onnx::NodeProto& message, std::size_t index) {
        if (!message.name().empty()) return message.name();
        return message.output_size() == 0 ? core::concat("#", index) : message.output(0);
    }

    /// As the file names it; another node of that name gets a number.
    std::string unique_name(const onnx::NodeProto& message, std::size_t index) {
        const std::string name = node_name(message, index);
        std::string unique = name;
        for (int& number = names_.try_emplace(name, 1).first->second;
             !taken_names_.insert(unique).second;)
            unique = core::concat(name, "#", ++number);
        return unique;
    }

    OnnxNode read_node(onnx::NodeProto& message, std::size_t index) {
        OnnxNode node{unique_name(message, index), message.op_type(), {}, {}, {}, message.domain()};
        node.inputs.assign(message.input().begin(), message.input().end());
        node.outputs.assign(message.output().begin(), message.output().end());
        while (!node.outputs.empty() && node.outputs.back().empty()) node.outputs.pop_back();
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
    std::unordered_set<std::string> taken_names_;  ///< of nodes
    std::unordered_map<std::string, int> names_;   ///< how many nodes a name stands for
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

Dims declared_output(const std::string& path) {
    const OnnxReadOptions options;
    Dims dims;
    try {
        const onnx::ModelProto model = parse_model(core::read_file(path, options.max_file_bytes),
                                                   kElementsPerNode * options.max_nodes);
        if (model.graph().output_size() == 0) return dims;
        for (const auto& dim : model.graph().output(0).type().tensor_type().shape().dim())
            dims.push_back(dim.has_dim_value() ? dim.dim_value() : -1);
    } catch (const Error&) {
        dims.clear();
    }
    return dims;
}

}  // namespace dbnet::model
