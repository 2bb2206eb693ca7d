#include "engine/cpu/elementwise.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace dbnet::engine::cpu {
namespace {

using model::Op;

/// A part of a row: pointers to its first elements, and the distances between neighbours.
struct Row {
    std::array<const void*, ElementwiseLoop::kMaxOperands> operands;
    std::array<std::int64_t, ElementwiseLoop::kMaxOperands> steps;
    void* result;
    std::int64_t count;
};

/// The usual steps as constants, so that compilers make vector code.
template <typename Result, typename F>
void pairs(const Row& row, F f) {
    const auto* a = static_cast<const float*>(row.operands[0]);
    const auto* b = static_cast<const float*>(row.operands[1]);
    auto* to = static_cast<Result*>(row.result);
    const auto [a_step, b_step, unused] = row.steps;
    if (a_step == 1 && b_step == 1)
        for (std::int64_t i = 0; i < row.count; ++i) to[i] = f(a[i], b[i]);
    else if (a_step == 1 && b_step == 0)
        for (std::int64_t i = 0; i < row.count; ++i) to[i] = f(a[i], *b);
    else if (a_step == 0 && b_step == 1)
        for (std::int64_t i = 0; i < row.count; ++i) to[i] = f(*a, b[i]);
    else
        for (std::int64_t i = 0; i < row.count; ++i) to[i] = f(a[i * a_step], b[i * b_step]);
}

/// The operand that `before` puts first; NaN if one is.
template <typename Before>
void extremes(const Row& row, Before before) {
    pairs<float>(row, [before](float a, float b) { return a != a || before(a, b) ? a : b; });
}

void choose(const Row& row) {
    const auto* condition = static_cast<const std::uint8_t*>(row.operands[0]);
    const auto* yes = static_cast<const float*>(row.operands[1]);
    const auto* no = static_cast<const float*>(row.operands[2]);
    auto* to = static_cast<float*>(row.result);
    for (std::int64_t i = 0; i < row.count; ++i)
        to[i] = condition[i * row.steps[0]] != 0 ? yes[i * row.steps[1]] : no[i * row.steps[2]];
}

void run_row(Op op, const Row& row) {
    switch (op) {
        case Op::Add: return pairs<float>(row, [](float a, float b) { return a + b; });
        case Op::Sub: return pairs<float>(row, [](float a, float b) { return a - b; });
        case Op::Mul: return pairs<float>(row, [](float a, float b) { return a * b; });
        case Op::Div: return pairs<float>(row, [](float a, float b) { return a / b; });
        case Op::Pow: return pairs<float>(row, [](float a, float b) { return std::pow(a, b); });
        case Op::PRelu:
            return pairs<float>(row, [](float a, float b) { return a < 0 ? a * b : a; });
        case Op::Max: return extremes(row, [](float a, float b) { return a > b; });
        case Op::Min: return extremes(row, [](float a, float b) { return a < b; });
        case Op::Equal: return pairs<bool>(row, [](float a, float b) { return a == b; });
        case Op::Greater: return pairs<bool>(row, [](float a, float b) { return a > b; });
        case Op::Less: return pairs<bool>(row, [](float a, float b) { return a < b; });
        case Op::Where: return choose(row);
        default: core::fail(ErrorCode::internal, to_string(op), " is no elementwise operator");
    }
}

bool is_relation(Op op) { return op == Op::Equal || op == Op::Greater || op == Op::Less; }

}  // namespace

int elementwise_operands(Op op) {
    switch (op) {
        case Op::Add:
        case Op::Sub:
        case Op::Mul:
        case Op::Div:
        case Op::Pow:
        case Op::PRelu:
        case Op::Max:
        case Op::Min:
        case Op::Equal:
        case Op::Greater:
        case Op::Less: return 2;
        case Op::Where: return 3;
        default: return 0;
    }
}

void ElementwiseLoop::collapse() {
    if (dims.empty()) {
        dims = {1};
        for (model::Dims& stride : strides) stride = {0};
        return;
    }
    for (std::size_t axis = dims.size() - 1; axis-- > 0;) {
        const bool evenly = std::ranges::all_of(strides, [&](const model::Dims& stride) {
            return stride.empty() || stride[axis] == stride[axis + 1] * dims[axis + 1];
        });
        if (!evenly) continue;
        dims[axis] *= dims[axis + 1];
        dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(axis) + 1);
        for (model::Dims& stride : strides)
            if (!stride.empty()) stride.erase(stride.begin() + static_cast<std::ptrdiff_t>(axis));
    }
}

void ElementwiseLoop::run(const std::array<const void*, kMaxOperands>& operands, void* result,
                          int threads) const {
    constexpr std::int64_t kChunk = 4096;
    const std::int64_t width = dims.back();
    const std::int64_t rows = model::element_count(dims) / width;
    const std::int64_t chunks = (width + kChunk - 1) / kChunk;
    const int count = elementwise_operands(op);
    const std::int64_t result_bytes = is_relation(op) ? 1 : sizeof(float);
    const auto bytes = [&](int operand) -> std::int64_t {
        return op == Op::Where && operand == 0 ? 1 : sizeof(float);
    };
#pragma omp parallel for num_threads(threads) schedule(static) if (rows * chunks > 1)
    for (std::int64_t task = 0; task < rows * chunks; ++task) {
        const std::int64_t first = task % chunks * kChunk;
        Row row{{}, {}, nullptr, std::min(kChunk, width - first)};
        for (int i = 0; i < count; ++i) {
            const model::Dims& stride = strides[static_cast<std::size_t>(i)];
            std::int64_t place = first * stride.back();
            std::int64_t rest = task / chunks;
            for (std::size_t axis = dims.size() - 1; axis-- > 0; rest /= dims[axis])
                place += rest % dims[axis] * stride[axis];
            row.steps[static_cast<std::size_t>(i)] = stride.back();
            row.operands[static_cast<std::size_t>(i)] =
                static_cast<const std::byte*>(operands[static_cast<std::size_t>(i)]) +
                place * bytes(i);
        }
        row.result =
            static_cast<std::byte*>(result) + (task / chunks * width + first) * result_bytes;
        run_row(op, row);
    }
}

}  // namespace dbnet::engine::cpu
