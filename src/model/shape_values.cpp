#include "model/shape_values.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/error.hpp"
#include "model/node_error.hpp"

namespace dbnet::model {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kExactIntegers = 0x1p53;

bool is_integer(DataType type) {
    return type == DataType::i32 || type == DataType::i64 || type == DataType::boolean;
}

bool is_tracked(const InferredValue& value) {
    return value.has_rank && value.dims.size() <= 1 &&
           (is_integer(value.type) || value.type == DataType::f32) &&
           (value.dims.empty() || (value.dims[0] >= 0 && value.dims[0] <= kMaxElements));
}

double from_integer(std::int64_t value) {
    const auto real = static_cast<double>(value);
    if (std::abs(real) <= kExactIntegers) return real;
    return value > 0 ? kInfinity : -kInfinity;
}

std::int64_t to_integer(double value) {
    if (std::isnan(value)) return kUnknownElement;
    if (std::isinf(value)) {
        const std::int64_t largest = std::numeric_limits<std::int64_t>::max();
        return value > 0 ? largest : -largest;
    }
    return static_cast<std::int64_t>(value);
}

Elements elements_of(const Tensor& tensor) {
    if (tensor.type() == DataType::f32) return {tensor.f32().begin(), tensor.f32().end()};
    Elements elements;
    const Tensor wide = tensor.cast(DataType::i64);
    for (const std::int64_t value : integers(wide)) elements.push_back(from_integer(value));
    return elements;
}

/// The result of an arithmetic operation as the type would hold it; what an integer type cannot
/// hold exactly counts as unknown.
double rounded(double value, DataType type) {
    if (type == DataType::f32) return static_cast<float>(value);
    const double limit = type == DataType::i32 ? 0x1p31 - 1 : kExactIntegers;
    return std::abs(value) <= limit ? std::trunc(value) : kUnknown;
}

/// Element `index` of a value of `count` elements that is broadcast if it has only one.
double broadcast_element(const Elements& elements, std::size_t index) {
    return elements.size() == 1 ? elements[0] : elements[index];
}

std::size_t output_size(NodeCall& call) {
    return call.out().dims.empty() ? 1 : static_cast<std::size_t>(call.out().dims[0]);
}

/// Of two inputs, or of any number from left to right.
template <typename Operation>
void arithmetic(NodeCall& call, Operation operation) {
    Elements result;
    for (std::size_t i = 0; i < output_size(call); ++i) {
        double value = broadcast_element(*call.in(0).elements, i);
        for (std::size_t input = 1; input < call.inputs.size(); ++input)
            value = operation(value, broadcast_element(*call.in(input).elements, i));
        result.push_back(rounded(value, call.out().type));
    }
    call.out().elements = std::move(result);
}

/// Unknown where an operand is.
template <typename Relation>
void relation(NodeCall& call, Relation holds) {
    arithmetic(call, [&](double a, double b) {
        return std::isnan(a) || std::isnan(b) ? kUnknown : holds(a, b) ? 1.0 : 0.0;
    });
}

template <typename Function>
void function(NodeCall& call, Function f) {
    Elements result;
    for (const double value : *call.in(0).elements)
        result.push_back(rounded(f(value), call.out().type));
    call.out().elements = std::move(result);
}

double either(double a, double b, bool first) {
    return std::isnan(a) || std::isnan(b) ? kUnknown : first ? a : b;
}

void where_elements(NodeCall& call) {
    Elements result;
    for (std::size_t i = 0; i < output_size(call); ++i) {
        const double condition = broadcast_element(*call.in(0).elements, i);
        const double chosen = broadcast_element(*call.in(condition != 0 ? 1 : 2).elements, i);
        result.push_back(std::isnan(condition) ? kUnknown : chosen);
    }
    call.out().elements = std::move(result);
}

void expand_elements(NodeCall& call) {
    Elements result;
    for (std::size_t i = 0; i < output_size(call); ++i)
        result.push_back(broadcast_element(*call.in(0).elements, i));
    call.out().elements = std::move(result);
}

void copy_elements(NodeCall& call) { call.out().elements = call.in(0).elements; }

void cast_elements(NodeCall& call) {
    if (call.out().type == DataType::boolean)
        return function(call, [](double x) { return std::isnan(x) ? x : x != 0 ? 1.0 : 0.0; });
    function(call, [](double x) { return x; });
}

void shape_elements(NodeCall& call) {
    const Dims& dims = call.in(0).dims;
    const ShapeRange range = shape_range(call.node, dims.size());
    Elements result;
    for (std::size_t i = range.first; i < range.last; ++i)
        result.push_back(dims[i] < 0 ? kUnknown : from_integer(dims[i]));
    call.out().elements = std::move(result);
}

void gather_elements(NodeCall& call) {
    const Elements& data = *call.in(0).elements;
    const auto count = static_cast<double>(data.size());
    Elements result;
    for (double index : *call.in(1).elements) {
        if (index < 0) index += count;
        if (index < 0 || index >= count)
            fail_node(ErrorCode::malformed, call.node, "an index is outside the ", data.size(),
                      " elements");
        result.push_back(std::isnan(index) ? kUnknown : data[static_cast<std::size_t>(index)]);
    }
    call.out().elements = std::move(result);
}

void concat_elements(NodeCall& call) {
    Elements result;
    for (const TrackedValue* input : call.inputs)
        result.insert(result.end(), input->elements->begin(), input->elements->end());
    call.out().elements = std::move(result);
}

void slice_elements(NodeCall& call) {
    const auto starts = integer_input(call, 1);
    const auto ends = integer_input(call, 2);
    const auto axes = integer_input(call, 3);
    const auto steps = integer_input(call, 4);
    const SliceRange range =
        slice_ranges(call.node, call.in(0).dims, *starts, *ends, *axes, *steps)[0];
    Elements result;
    for (std::int64_t i = 0; i < range.count; ++i)
        result.push_back(
            (*call.in(0).elements)[static_cast<std::size_t>(range.start + i * range.step)]);
    call.out().elements = std::move(result);
}

void fill_elements(NodeCall& call) {
    const double value = elements_of(constant_of_shape_value(call.node))[0];
    call.out().elements = Elements(output_size(call), value);
}

bool needs_no_elements(Op op) { return op == Op::Shape || op == Op::ConstantOfShape; }

void apply(NodeCall& call) {
    switch (call.node.op) {
        case Op::Add: return arithmetic(call, std::plus<>());
        case Op::Sub: return arithmetic(call, std::minus<>());
        case Op::Mul: return arithmetic(call, std::multiplies<>());
        case Op::Div: return arithmetic(call, std::divides<>());
        case Op::Max:
            return arithmetic(call, [](double a, double b) { return either(a, b, a > b); });
        case Op::Min:
            return arithmetic(call, [](double a, double b) { return either(a, b, a < b); });
        case Op::Abs: return function(call, [](double x) { return std::abs(x); });
        case Op::Neg: return function(call, [](double x) { return -x; });
        case Op::Ceil: return function(call, [](double x) { return std::ceil(x); });
        case Op::Floor: return function(call, [](double x) { return std::floor(x); });
        case Op::Round: return function(call, [](double x) { return std::nearbyint(x); });
        case Op::Not: return function(call, [](double x) { return 1 - x; });
        case Op::And: return relation(call, [](double a, double b) { return a != 0 && b != 0; });
        case Op::Or: return relation(call, [](double a, double b) { return a != 0 || b != 0; });
        case Op::Equal: return relation(call, std::equal_to<>());
        case Op::Greater: return relation(call, std::greater<>());
        case Op::Less: return relation(call, std::less<>());
        case Op::Where: return where_elements(call);
        case Op::Expand: return expand_elements(call);
        case Op::Cast: return cast_elements(call);
        case Op::Concat: return concat_elements(call);
        case Op::ConstantOfShape: return fill_elements(call);
        case Op::Gather: return gather_elements(call);
        case Op::Shape: return shape_elements(call);
        case Op::Slice: return slice_elements(call);
        case Op::Flatten:
        case Op::Identity:
        case Op::Reshape:
        case Op::Squeeze:
        case Op::Unsqueeze: return copy_elements(call);
        default: return;
    }
}

Tensor tensor_of(const TrackedValue& value) {
    if (value.type == DataType::f32) {
        const std::vector<float> floats(value.elements->begin(), value.elements->end());
        return Tensor::of(value.dims, floats);
    }
    std::vector<std::int64_t> numbers;
    for (const double element : *value.elements) numbers.push_back(to_integer(element));
    return Tensor::of(value.dims, numbers).cast(value.type);
}

}  // namespace

TrackedValue constant_value(const Tensor& tensor) {
    TrackedValue value;
    value.type = tensor.type();
    value.dims = tensor.dims();
    value.constant = tensor;
    value.is_constant = true;
    if (is_tracked(value)) value.elements = elements_of(tensor);
    return value;
}

std::optional<std::vector<std::int64_t>> integer_input(const NodeCall& call, std::size_t index) {
    if (!call.has(index)) return std::vector<std::int64_t>();
    const TrackedValue& value = call.in(index);
    if (value.dims.size() > 1)
        fail_node(ErrorCode::malformed, call.node, "input ", index, " has shape ",
                  to_string(value.dims), "; a vector expected");
    if (value.elements) {
        std::vector<std::int64_t> numbers;
        for (const double element : *value.elements) numbers.push_back(to_integer(element));
        return numbers;
    }
    const std::int64_t length = value.dims.empty() ? 1 : value.dims[0];
    if (length < 0) return std::nullopt;
    if (length > kMaxElements)
        fail_node(ErrorCode::too_large, call.node, "input ", index, " has ", length,
                  " elements; at most ", kMaxElements, " are supported");
    return std::vector<std::int64_t>(static_cast<std::size_t>(length), kUnknownElement);
}

std::optional<std::vector<float>> float_input(const NodeCall& call, std::size_t index) {
    if (!call.has(index)) return std::vector<float>();
    const TrackedValue& value = call.in(index);
    if (value.elements) return std::vector<float>(value.elements->begin(), value.elements->end());
    const std::int64_t length = value.dims.size() == 1 ? value.dims[0] : -1;
    if (length < 0) return std::nullopt;
    if (length > kMaxElements)
        fail_node(ErrorCode::too_large, call.node, "input ", index, " has ", length,
                  " elements; at most ", kMaxElements, " are supported");
    return std::vector<float>(static_cast<std::size_t>(length), std::nanf(""));
}

void compute_elements(NodeCall& call) {
    TrackedValue& output = call.out();
    const bool inputs_known = std::ranges::all_of(call.inputs, [](const TrackedValue* input) {
        return input == nullptr || input->elements.has_value();
    });
    if (!is_tracked(output) || output.is_constant) return;
    if (!inputs_known && !needs_no_elements(call.node.op)) return;
    apply(call);
    if (!output.elements) return;
    if (std::ranges::any_of(*output.elements, [](double element) { return std::isnan(element); }))
        return;
    output.constant = tensor_of(output);
    output.is_constant = true;
}

}  // namespace dbnet::model
