#include "engine/reference/operators.hpp"

// Products of matrices, summed in double.
namespace dbnet::engine::reference {
namespace {

/// A matrix inside a value: element (row, column) lies at row * row_step + column * column_step.
template <typename T>
struct Matrix {
    const T* data;
    std::int64_t row_step;
    std::int64_t column_step;

    double at(std::int64_t row, std::int64_t column) const {
        return static_cast<double>(data[row * row_step + column * column_step]);
    }
};

template <typename T>
double dot(const Matrix<T>& a, std::int64_t row, const Matrix<T>& b, std::int64_t column,
           std::int64_t length) {
    double sum = 0;
    for (std::int64_t i = 0; i < length; ++i) sum += a.at(row, i) * b.at(i, column);
    return sum;
}

/// Broadcast to [m, n]; zeros when left out.
template <typename T>
Matrix<T> gemm_summand(const Call& call, const model::Dims& dims) {
    static constexpr T zero = 0;
    if (!call.has(2)) return {&zero, 0, 0};
    if (model::broadcast_dims(call.node, call[2].dims(), dims) != dims)
        call.fail(ErrorCode::malformed, "C has extents ", model::to_string(call[2].dims()),
                  ", which do not broadcast to ", model::to_string(dims));
    const Index strides = broadcast_strides(call[2].dims(), 2);
    return {elements<T>(call[2]).data(), strides[0], strides[1]};
}

template <typename T>
Buffer gemm_of(const Call& call) {
    const auto [alpha, beta, trans_a, trans_b, m, k, n] =
        model::gemm_attributes(call.node, call[0].dims(), call[1].dims());
    Buffer output = Buffer::host(call[0].type(), {m, n});
    const Matrix<T> a{elements<T>(call[0]).data(), trans_a ? 1 : k, trans_a ? m : 1};
    const Matrix<T> b{elements<T>(call[1]).data(), trans_b ? 1 : n, trans_b ? k : 1};
    const Matrix<T> c = gemm_summand<T>(call, output.dims());
    T* y = elements<T>(output).data();
    for (std::int64_t row = 0; row < m; ++row)
        for (std::int64_t column = 0; column < n; ++column)
            *y++ = static_cast<T>(alpha * dot(a, row, b, column, k) + beta * c.at(row, column));
    return output;
}

/// A vector as a matrix of one row (`before`) or one column.
model::Dims as_matrix(model::Dims dims, bool before) {
    if (dims.size() == 1) dims.insert(before ? dims.begin() : dims.end(), 1);
    return dims;
}

model::Dims leading(const model::Dims& dims) { return {dims.begin(), dims.end() - 2}; }

template <typename T>
Buffer matmul_of(const Call& call) {
    Buffer output =
        Buffer::host(call[0].type(), model::matmul_dims(call.node, call[0].dims(), call[1].dims()));
    const model::Dims a_dims = as_matrix(call[0].dims(), true);
    const model::Dims b_dims = as_matrix(call[1].dims(), false);
    const std::int64_t m = a_dims[a_dims.size() - 2];
    const std::int64_t k = a_dims.back();
    const std::int64_t n = b_dims.back();
    const model::Dims batch = model::broadcast_dims(call.node, leading(a_dims), leading(b_dims));
    const Index a_strides = broadcast_strides(leading(a_dims), batch.size());
    const Index b_strides = broadcast_strides(leading(b_dims), batch.size());
    T* y = elements<T>(output).data();
    for_each_index(batch, [&](const Index& index) {
        const Matrix<T> a{
            elements<T>(call[0]).data() + m * k * offset_of(index, a_strides, batch.size()), k, 1};
        const Matrix<T> b{
            elements<T>(call[1]).data() + k * n * offset_of(index, b_strides, batch.size()), n, 1};
        for (std::int64_t row = 0; row < m; ++row)
            for (std::int64_t column = 0; column < n; ++column)
                *y++ = static_cast<T>(dot(a, row, b, column, k));
    });
    return output;
}

}  // namespace

Values gemm(const Call& call) {
    return with_real(call, call[0].type(),
                     [&](auto zero) { return Values{gemm_of<decltype(zero)>(call)}; });
}

Values matmul(const Call& call) {
    return with_real(call, call[0].type(),
                     [&](auto zero) { return Values{matmul_of<decltype(zero)>(call)}; });
}

}  // namespace dbnet::engine::reference
