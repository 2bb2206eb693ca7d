#include <cmath>

#include "engine/reference/operators.hpp"

namespace dbnet::engine::reference {
namespace {

/// y = (x - mean) / sqrt(variance + epsilon) * scale + shift, per channel (axis 1).
template <typename T>
Buffer batch_normalization_of(const Call& call) {
    const Buffer& input = call[0];
    const std::int64_t channels = input.dims()[1];
    const std::int64_t plane = product(input.dims(), 2, input.dims().size());
    const double epsilon = model::batch_normalization_epsilon(call.node);
    const T* scale = elements<T>(call[1]).data();
    const T* shift = elements<T>(call[2]).data();
    const T* mean = elements<T>(call[3]).data();
    const T* variance = elements<T>(call[4]).data();
    Buffer output = Buffer::host(input.type(), input.dims());
    const std::span<T> x = elements<T>(input);
    const std::span<T> y = elements<T>(output);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const std::int64_t c = static_cast<std::int64_t>(i) / plane % channels;
        const double deviation = std::sqrt(static_cast<double>(variance[c]) + epsilon);
        y[i] =
            static_cast<T>((x[i] - static_cast<double>(mean[c])) / deviation * scale[c] + shift[c]);
    }
    return output;
}

/// Replaces the `count` numbers x[0], x[step], ... by exp(x - max) / sum of the same.
template <typename T>
void softmax_line(const T* x, T* y, std::int64_t count, std::int64_t step) {
    T largest = x[0];
    for (std::int64_t i = 1; i < count; ++i) largest = std::max(largest, x[i * step]);
    double sum = 0;
    for (std::int64_t i = 0; i < count; ++i)
        sum += std::exp(static_cast<double>(x[i * step]) - largest);
    for (std::int64_t i = 0; i < count; ++i)
        y[i * step] = static_cast<T>(std::exp(static_cast<double>(x[i * step]) - largest) / sum);
}

}  // namespace

Values batch_normalization(const Call& call) {
    if (call[0].dims().size() < 2)
        call.fail(ErrorCode::malformed, "the input has no channels: its extents are ",
                  model::to_string(call[0].dims()));
    for (std::size_t i = 1; i < 5; ++i)
        if (call[i].dims() != model::Dims{call[0].dims()[1]})
            call.fail(ErrorCode::malformed, "'", call.node.inputs[i], "' has extents ",
                      model::to_string(call[i].dims()), ", expected one number per channel: [",
                      call[0].dims()[1], "]");
    return with_real(call, call[0].type(), [&](auto zero) {
        return Values{batch_normalization_of<decltype(zero)>(call)};
    });
}

Values softmax(const Call& call) {
    const Buffer& input = call[0];
    const model::Dims& dims = input.dims();
    const std::size_t axis = model::axis_attribute(call.node, dims.size());
    const std::int64_t step = product(dims, axis + 1, dims.size());
    const std::int64_t count = dims[axis];
    const Buffer output = Buffer::host(input.type(), dims);
    with_real(call, input.type(), [&](auto zero) {
        using T = decltype(zero);
        const T* x = elements<T>(input).data();
        T* y = elements<T>(output).data();
        for (std::int64_t first = 0; first < input.size(); first += count * step)
            for (std::int64_t i = first; i < first + step; ++i)
                softmax_line(x + i, y + i, count, step);
    });
    return {output};
}

}  // namespace dbnet::engine::reference
