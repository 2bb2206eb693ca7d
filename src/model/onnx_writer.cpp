#include <dbnet/version.hpp>

#include <cmath>
#include <limits>
#include <unordered_set>

#include "core/error.hpp"
#include "core/file.hpp"
#include "model/onnx.hpp"
#include "model/onnx_opsets.hpp"
#include "model/onnx_proto.hpp"
#include "model/onnx_tensor.hpp"
#include "model/operators.hpp"

// Writes a Graph as an ONNX model: nodes lowered to the form of the opset (onnx_opsets.cpp),
// parameters as initializers, dynamic extents as dim_params named <value>.<dimension>.
namespace dbnet::model {
namespace {

constexpr float kLargestF16 = 65504.f;
constexpr std::int64_t kSmallestF16Tensor = 16384;  ///< elements

/// The IR version that came with an opset.
int ir_version(int opset) {
    if (opset <= 9) return 4;  // 3 would want every initializer among the inputs
    if (opset == 10) return 5;
    if (opset == 11) return 6;
    if (opset <= 14) return 7;
    if (opset <= 18) return 8;
    if (opset <= 20) return 9;
    return opset <= 22 ? 10 : 11;
}

void write_attribute(const std::string& name, const Attribute& value,
                     onnx::AttributeProto& message) {
    message.set_name(name);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        message.set_type(onnx::AttributeProto::INT);
        message.set_i(*integer);
    } else if (const auto* real = std::get_if<float>(&value)) {
        message.set_type(onnx::AttributeProto::FLOAT);
        message.set_f(*real);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
        message.set_type(onnx::AttributeProto::STRING);
        message.set_s(*text);
    } else if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) {
        message.set_type(onnx::AttributeProto::INTS);
        message.mutable_ints()->Add(list->begin(), list->end());
    } else if (const auto* reals = std::get_if<std::vector<float>>(&value)) {
        message.set_type(onnx::AttributeProto::FLOATS);
        message.mutable_floats()->Add(reals->begin(), reals->end());
    } else {
        message.set_type(onnx::AttributeProto::TENSOR);
        write_tensor(std::get<Tensor>(value), *message.mutable_t());
    }
}

void write_value(const ValueInfo& value, onnx::ValueInfoProto& message) {
    message.set_name(value.name);
    auto& tensor = *message.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(static_cast<std::int32_t>(onnx_type_number(value.type)));
    auto& shape = *tensor.mutable_shape();
    for (std::size_t i = 0; i < value.dims.size(); ++i) {
        auto& dim = *shape.add_dim();
        if (value.dims[i] < 0)
            dim.set_dim_param(core::concat(value.name, ".", i));
        else
            dim.set_dim_value(value.dims[i]);
    }
}

/// Large weights of convolutions and matrix products. The small ones (the first layers, depthwise
/// convolutions, biases, BatchNormalization) hardly matter for the size, but are the most
/// sensitive: they are a quarter of the weights of PP-OCRv3's detector, where rounding them, too,
/// changed the map of a street scene by up to 0.034 instead of 0.0024, and next to nothing of a
/// ResNet. What does not fit the range of f16 stays as it is.
bool fits_f16(const Tensor& tensor) {
    if (tensor.type() != DataType::f32 || tensor.dims().size() < 2 ||
        tensor.size() < kSmallestF16Tensor)
        return false;
    for (const float value : tensor.f32())
        if (!(std::abs(value) <= kLargestF16)) return false;
    return true;
}

class Writer {
public:
    Writer(const Graph& graph, const OnnxWriteOptions& options)
        : graph_(graph), options_(options), parameters_(graph.parameters) {}

    onnx::ModelProto write() {
        message_.set_ir_version(ir_version(options_.opset));
        message_.set_producer_name("dbnet");
        message_.set_producer_version(DBNET_VERSION);
        message_.add_opset_import()->set_version(options_.opset);
        for (const auto& [key, value] : graph_.metadata) {
            auto& entry = *message_.add_metadata_props();
            entry.set_key(key);
            entry.set_value(value);
        }
        auto& graph = *message_.mutable_graph();
        graph.set_name(graph_.name.empty() ? "dbnet" : graph_.name);
        for (const ValueInfo& input : graph_.inputs) write_value(input, *graph.add_input());
        for (const ValueInfo& output : graph_.outputs) write_value(output, *graph.add_output());
        const std::vector<OnnxNode> nodes = lowered_nodes();
        write_parameters(nodes);
        for (const OnnxNode& node : nodes) write_node(node);
        return std::move(message_);
    }

private:
    std::vector<OnnxNode> lowered_nodes() {
        std::vector<OnnxNode> nodes;
        for (const Node& node : graph_.nodes)
            nodes.push_back(to_opset(node, options_.opset, parameters_));
        return nodes;
    }

    /// All but those that became attributes.
    void write_parameters(const std::vector<OnnxNode>& nodes) {
        std::unordered_set<std::string_view> used;
        for (const OnnxNode& node : nodes) used.insert(node.inputs.begin(), node.inputs.end());
        for (const ValueInfo& output : graph_.outputs) used.insert(output.name);
        for (const auto& [name, tensor] : parameters_)
            if (used.contains(name)) write_parameter(name, tensor);
    }

    void write_parameter(const std::string& name, const Tensor& tensor) {
        auto& initializer = *message_.mutable_graph()->add_initializer();
        if (!options_.f16_weights || !fits_f16(tensor)) {
            initializer.set_name(name);
            return write_tensor(tensor, initializer);
        }
        initializer.set_name(name + "/f16");
        write_tensor(tensor.cast(DataType::f16), initializer);
        write_node({name + "/cast",
                    "Cast",
                    {name + "/f16"},
                    {name},
                    {{"to", onnx_type_number(DataType::f32)}}});
    }

    void write_node(const OnnxNode& node) {
        auto& message = *message_.mutable_graph()->add_node();
        message.set_name(node.name);
        message.set_op_type(node.op);
        for (const std::string& input : node.inputs) message.add_input(input);
        for (const std::string& output : node.outputs) message.add_output(output);
        for (const auto& [name, value] : node.attributes)
            write_attribute(name, value, *message.add_attribute());
    }

    const Graph& graph_;
    const OnnxWriteOptions& options_;
    std::map<std::string, Tensor> parameters_;
    onnx::ModelProto message_;
};

}  // namespace

std::vector<std::uint8_t> serialize_onnx(const Graph& graph, const OnnxWriteOptions& options) {
    if (options.opset < kMinOpset || options.opset > kMaxOpset)
        core::fail(ErrorCode::unsupported, "opset ", options.opset, " cannot be written (",
                   kMinOpset, " to ", kMaxOpset, " can)");
    graph.check();
    const onnx::ModelProto message = Writer(graph, options).write();
    const std::size_t size = message.ByteSizeLong();
    if (size > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        core::fail(ErrorCode::too_large, "the model has ", size,
                   " bytes; an ONNX file holds at most 2^31");
    std::vector<std::uint8_t> bytes(size);
    if (!message.SerializeToArray(bytes.data(), static_cast<int>(size)))
        core::fail(ErrorCode::internal, "the model cannot be serialized");
    return bytes;
}

void write_onnx(const Graph& graph, const std::string& path, const OnnxWriteOptions& options) {
    core::write_file(path, serialize_onnx(graph, options));
}

}  // namespace dbnet::model
