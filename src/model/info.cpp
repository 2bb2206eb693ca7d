#include "model/info.hpp"

#include <algorithm>
#include <iomanip>
#include <numeric>
#include <sstream>

#include "core/error.hpp"
#include "model/attributes.hpp"

namespace dbnet::model {
namespace {

/// In double, which is exact up to 2^53 and does not overflow.
double product(const Dims& dims, std::size_t first = 0) {
    return std::accumulate(dims.begin() + static_cast<std::ptrdiff_t>(first), dims.end(), 1.0,
                           std::multiplies<>());
}

double macs_of(const Node& node, const InferredValues& values) {
    const auto dims = [&](std::size_t i) -> const Dims& { return values.at(node.inputs[i]).dims; };
    const Dims& output = values.at(node.outputs[0]).dims;
    switch (node.op) {
        case Op::Conv: return product(output) * product(dims(1), 1);
        case Op::ConvTranspose: return product(dims(0)) * product(dims(1), 1);
        case Op::Gemm:
            return product(output) * static_cast<double>(gemm_attributes(node, dims(0), dims(1)).k);
        case Op::MatMul: return product(output) * static_cast<double>(dims(0).back());
        default: return 0;
    }
}

Dims image_extents(const Graph& graph, int height, int width) {
    if (graph.inputs.size() != 1 || graph.inputs[0].dims.size() != 4)
        core::fail(ErrorCode::unsupported,
                   "the model does not have one input [N, C, H, W], as a detector has");
    const Dims& declared = graph.inputs[0].dims;
    Dims dims = {1, 3, height, width};
    for (std::size_t i = 0; i < dims.size(); ++i)
        if (declared[i] >= 0) dims[i] = declared[i];
    return dims;
}

void print_values(std::ostream& out, const char* title, const std::vector<ValueInfo>& values) {
    for (const ValueInfo& value : values)
        out << title << value.name << ' ' << to_string(value.type) << to_string(value.dims) << '\n';
}

}  // namespace

std::int64_t count_macs(const Node& node, const InferredValues& values) {
    return static_cast<std::int64_t>(std::min(macs_of(node, values), 0x1p62));
}

std::int64_t count_macs(const Graph& graph, const std::vector<Dims>& inputs) {
    const InferredValues values = infer_shapes(graph, inputs);
    std::int64_t macs = 0;
    for (const Node& node : graph.nodes) macs += count_macs(node, values);
    return macs;
}

ModelInfo describe(const Graph& graph, int height, int width) {
    ModelInfo info;
    info.name = graph.name;
    info.inputs = graph.inputs;
    info.outputs = graph.outputs;
    info.metadata = graph.metadata;
    for (const Node& node : graph.nodes) ++info.operators[std::string(to_string(node.op))];
    for (const auto& [name, tensor] : graph.parameters) {
        info.parameters += tensor.size();
        info.parameter_bytes += static_cast<std::int64_t>(tensor.bytes().size());
    }
    info.macs_at = image_extents(graph, height, width);
    info.macs = count_macs(graph, {info.macs_at});
    return info;
}

std::string to_text(const ModelInfo& info) {
    std::ostringstream out;
    out << "name        " << info.name << '\n';
    print_values(out, "input       ", info.inputs);
    print_values(out, "output      ", info.outputs);
    out << "parameters  " << info.parameters << " (" << std::fixed << std::setprecision(2)
        << static_cast<double>(info.parameter_bytes) / 1e6 << " MB)\n";
    out << "MACs        " << static_cast<double>(info.macs) / 1e9 << " G at "
        << to_string(info.macs_at) << '\n';
    const char* title = "operators   ";
    for (const auto& [name, count] : info.operators) {
        out << title << std::left << std::setw(20) << name << ' ' << count << '\n';
        title = "            ";
    }
    title = "metadata    ";
    for (const auto& [key, value] : info.metadata) {
        out << title << key << " = " << value << '\n';
        title = "            ";
    }
    return out.str();
}

}  // namespace dbnet::model
