#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/cpu/lowering.hpp"
#include "model/attributes.hpp"

// Reductions and normalisations: values as [outer, count, inner] or as rows, summed in double. All
// loops share out whole results, so that these do not depend on the number of threads.
namespace dbnet::engine::cpu {
namespace {

using model::Op;

/// Combines the `count` numbers that lie `inner` apart, for each of outer * inner results.
struct Reduction {
    Op op = Op::ReduceSum;
    std::int64_t outer = 1;
    std::int64_t count = 1;
    std::int64_t inner = 1;

    void run(const float* from, float* to, int threads) const;
};

template <typename Combine>
void combine_columns(const float* from, std::int64_t count, std::int64_t inner,
                     std::int64_t columns, double* results, Combine combine) {
    for (std::int64_t i = 0; i < count; ++i)
        for (std::int64_t k = 0; k < columns; ++k)
            results[k] = combine(results[k], static_cast<double>(from[i * inner + k]));
}

void Reduction::run(const float* from, float* to, int threads) const {
    constexpr std::int64_t kColumns = 256;
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const std::int64_t parts = (inner + kColumns - 1) / kColumns;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::int64_t task = 0; task < outer * parts; ++task) {
        const std::int64_t first = task % parts * kColumns;
        const std::int64_t columns = std::min(kColumns, inner - first);
        const float* source = from + task / parts * count * inner + first;
        double results[kColumns];
        const double start = op == Op::ReduceMax ? -kInfinity : op == Op::ReduceMin ? kInfinity : 0;
        std::fill_n(results, columns, start);
        if (op == Op::ReduceMax)
            combine_columns(source, count, inner, columns, results,
                            [](double a, double b) { return a != a || a > b ? a : b; });
        else if (op == Op::ReduceMin)
            combine_columns(source, count, inner, columns, results,
                            [](double a, double b) { return a != a || a < b ? a : b; });
        else
            combine_columns(source, count, inner, columns, results,
                            [](double a, double b) { return a + b; });
        const double divisor = op == Op::ReduceMean ? static_cast<double>(count) : 1;
        float* target = to + task / parts * inner + first;
        for (std::int64_t k = 0; k < columns; ++k)
            target[k] = static_cast<float>(results[k] / divisor);
    }
}

/// y = (x - mean) / sqrt(variance + epsilon) * scale + shift for each row of `count` numbers. Scale
/// and shift are of the element, or of the row: that of number row % channels.
struct RowNormalization {
    std::int64_t rows = 0;
    std::int64_t count = 0;
    std::int64_t channels = 0;  ///< 0: scale and shift are of the element
    double epsilon = 0;

    void run(const float* from, const float* scale, const float* shift, float* to,
             int threads) const;
};

void RowNormalization::run(const float* from, const float* scale, const float* shift, float* to,
                           int threads) const {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::int64_t row = 0; row < rows; ++row) {
        const float* x = from + row * count;
        float* y = to + row * count;
        const double mean = std::accumulate(x, x + count, 0.0) / static_cast<double>(count);
        double squares = 0;
        for (std::int64_t i = 0; i < count; ++i) squares += (x[i] - mean) * (x[i] - mean);
        const double factor = 1 / std::sqrt(squares / static_cast<double>(count) + epsilon);
        const auto centre = static_cast<float>(mean);
        if (channels > 0) {
            const std::int64_t channel = row % channels;
            const auto a = static_cast<float>(factor * scale[channel]);
            for (std::int64_t i = 0; i < count; ++i) y[i] = (x[i] - centre) * a + shift[channel];
            continue;
        }
        const auto a = static_cast<float>(factor);
        for (std::int64_t i = 0; i < count; ++i)
            y[i] = (x[i] - centre) * a * scale[i] + (shift == nullptr ? 0 : shift[i]);
    }
}

std::int64_t product(const model::Dims& dims, std::size_t first, std::size_t last) {
    return std::accumulate(dims.begin() + static_cast<std::ptrdiff_t>(first),
                           dims.begin() + static_cast<std::ptrdiff_t>(last), std::int64_t{1},
                           std::multiplies<>());
}

void emit_normalization(PlanBuilder& builder, const Operation& operation,
                        const RowNormalization& rows) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const bool shifted = node.inputs.size() > 2 && !node.inputs[2].empty();
    std::vector<OperandId> operands = {builder.use(node.inputs[0], Layout::plain),
                                       builder.use(node.inputs[1], Layout::plain)};
    if (shifted) operands.push_back(builder.use(node.inputs[2], Layout::plain));
    operands.push_back(builder.define(node.outputs[0], Layout::plain));
    builder.emit(step_info(builder, operation, "own"), operands, [=](Frame& frame) {
        const auto pointer = [&](std::size_t i) {
            return static_cast<float*>(frame.pointers[operands[i]]);
        };
        rows.run(pointer(0), pointer(1), shifted ? pointer(2) : nullptr,
                 pointer(operands.size() - 1), frame.threads);
    });
}

}  // namespace

bool lower_reduce(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    if (node.op == Op::GlobalAveragePool || !builder.is_f32(node.inputs[0]) ||
        !builder.are_constant(node, 1))
        return false;
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const auto axes = model::reduce_attributes(node, dims, builder.integers(node, 1)).axes;
    const bool together = !axes.empty() && axes.back() - axes.front() + 1 == axes.size();
    if (!together) return false;
    const Reduction reduction{node.op, product(dims, 0, axes.front()),
                              product(dims, axes.front(), axes.back() + 1),
                              product(dims, axes.back() + 1, dims.size())};
    const OperandId from = builder.use(node.inputs[0], Layout::plain);
    const OperandId to = builder.define(node.outputs[0], Layout::plain);
    builder.emit(step_info(builder, operation, "own"), {from, to}, [=](Frame& frame) {
        reduction.run(static_cast<const float*>(frame.pointers[from]),
                      static_cast<float*>(frame.pointers[to]), frame.threads);
    });
    return true;
}

bool lower_instance_normalization(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const model::Dims& dims = builder.dims(node.inputs[0]);
    if (!builder.is_f32(node.inputs[0])) return false;
    emit_normalization(builder, operation,
                       {dims[0] * dims[1], product(dims, 2, dims.size()), dims[1],
                        model::normalization_epsilon(node)});
    return true;
}

bool lower_layer_normalization(PlanBuilder& builder, const Operation& operation) {
    const model::Node& node = builder.node(operation.nodes[0]);
    const model::Dims& dims = builder.dims(node.inputs[0]);
    const std::size_t axis = model::axis_attribute(node, dims.size());
    const model::Dims inner(dims.begin() + static_cast<std::ptrdiff_t>(axis), dims.end());
    for (std::size_t i = 1; i < node.inputs.size(); ++i)
        if (!node.inputs[i].empty() && builder.dims(node.inputs[i]) != inner) return false;
    if (!builder.is_f32(node.inputs[0])) return false;
    emit_normalization(builder, operation,
                       {product(dims, 0, axis), product(dims, axis, dims.size()), 0,
                        model::normalization_epsilon(node)});
    return true;
}

}  // namespace dbnet::engine::cpu
