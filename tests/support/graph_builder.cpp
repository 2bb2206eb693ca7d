#include "support/graph_builder.hpp"

#include <algorithm>
#include <sstream>

namespace dbnet::test {
namespace {

template <typename List>
void print_list(std::ostream& out, const List& list) {
    out << '(';
    for (std::size_t i = 0; i < list.size(); ++i) out << (i == 0 ? "" : ", ") << list[i];
    out << ')';
}

void print(std::ostream& out, const model::Attribute& attribute) {
    std::visit(
        [&]<typename T>(const T& value) {
            if constexpr (std::is_same_v<T, model::Tensor>)
                out << "tensor " << model::to_string(value.dims());
            else if constexpr (requires { out << value; })
                out << value;
            else
                print_list(out, value);
        },
        attribute);
}

void print(std::ostream& out, const std::string& name, const model::Tensor& parameter) {
    out << "  " << name << " = " << to_string(parameter.type()) << ' '
        << model::to_string(parameter.dims());
    if (parameter.type() == model::DataType::i64) print_list(out << ' ', parameter.i64());
    if (parameter.type() == model::DataType::f32 && parameter.size() <= 4)
        print_list(out << ' ', parameter.f32());
    out << '\n';
}

}  // namespace

std::int64_t Random::integer(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
}

float Random::real(float low, float high) {
    return low + (high - low) * static_cast<float>(engine_() >> 40) * 0x1p-24f;
}

bool Random::chance(double probability) {
    return static_cast<double>(engine_() >> 11) * 0x1p-53 < probability;
}

std::string describe(const GraphCase& graph_case) {
    std::ostringstream out;
    out << graph_case.name << '\n';
    const model::Graph& graph = graph_case.graph;
    for (std::size_t i = 0; i < graph.inputs.size(); ++i)
        out << "  input " << graph.inputs[i].name << ' ' << model::to_string(graph.inputs[i].dims)
            << " with " << model::to_string(graph_case.inputs[i].dims()) << '\n';
    for (const auto& [name, parameter] : graph.parameters) print(out, name, parameter);
    for (const model::Node& node : graph.nodes) {
        print_list(out << "  ", node.outputs);
        print_list(out << " = " << to_string(node.op), node.inputs);
        for (const auto& [name, value] : node.attributes) print(out << ' ' << name << '=', value);
        out << '\n';
    }
    for (const model::ValueInfo& output : graph.outputs) out << "  output " << output.name << '\n';
    return out.str();
}

engine::Buffer random_buffer(Random& random, const model::Dims& dims, float low, float high) {
    engine::Buffer buffer = engine::Buffer::host(model::DataType::f32, dims);
    std::ranges::generate(buffer.f32(), [&] { return random.real(low, high); });
    return buffer;
}

std::string GraphBuilder::fresh(std::string_view kind) {
    return std::string(kind) + "_" + std::to_string(values_++);
}

std::string GraphBuilder::input(const model::Dims& dims, float low, float high) {
    model::Dims declared = dims;
    for (std::size_t axis = 0; axis < dims.size(); ++axis)
        if (axis != 1 && random.chance(0.5)) declared[axis] = -1;
    std::string name = fresh("input");
    case_.graph.inputs.push_back({name, model::DataType::f32, declared});
    case_.inputs.push_back(random_buffer(random, dims, low, high));
    return name;
}

std::string GraphBuilder::parameter(const model::Dims& dims, float low, float high) {
    if (const auto known = parameters_.find({dims, low, high});
        shares_parameters && known != parameters_.end() && random.chance(0.5))
        return known->second;
    std::string name = fresh("parameter");
    parameters_[{dims, low, high}] = name;
    case_.graph.parameters[name] = engine::tensor_of(random_buffer(random, dims, low, high));
    return name;
}

std::string GraphBuilder::integers(const std::vector<std::int64_t>& values) {
    std::string name = fresh("integers");
    case_.graph.parameters[name] =
        model::Tensor::of({static_cast<std::int64_t>(values.size())}, values);
    return name;
}

std::string GraphBuilder::reals(const std::vector<float>& values) {
    std::string name = fresh("reals");
    case_.graph.parameters[name] =
        model::Tensor::of({static_cast<std::int64_t>(values.size())}, values);
    return name;
}

std::string GraphBuilder::constant(model::Tensor value) {
    std::string name = fresh("constant");
    case_.graph.parameters[name] = std::move(value);
    return name;
}

std::string GraphBuilder::add(model::Op op, std::vector<std::string> inputs,
                              std::map<std::string, model::Attribute> attributes) {
    return case_.graph.add(op, fresh(to_string(op)), std::move(inputs), std::move(attributes));
}

std::vector<std::string> GraphBuilder::add_many(
    model::Op op, std::vector<std::string> inputs, std::size_t outputs,
    std::map<std::string, model::Attribute> attributes) {
    std::string name = fresh(to_string(op));
    model::Node node{name, op, std::move(inputs), {}, std::move(attributes)};
    for (std::size_t i = 0; i < outputs; ++i)
        node.outputs.push_back(name + "_" + std::to_string(i));
    case_.graph.nodes.push_back(node);
    return node.outputs;
}

void GraphBuilder::output(const std::string& value, model::DataType type) {
    case_.graph.outputs.push_back({value, type, {}});
}

void GraphBuilder::fix_some_inputs() {
    for (std::size_t i = case_.inputs.size(); i-- > 0;) {
        if (random.chance(0.3)) continue;
        const auto place = static_cast<std::ptrdiff_t>(i);
        case_.graph.parameters[case_.graph.inputs[i].name] = engine::tensor_of(case_.inputs[i]);
        case_.graph.inputs.erase(case_.graph.inputs.begin() + place);
        case_.inputs.erase(case_.inputs.begin() + place);
    }
}

GraphCase GraphBuilder::finish(std::string name) {
    case_.name = std::move(name);
    case_.graph.name = case_.name;
    return std::move(case_);
}

}  // namespace dbnet::test
