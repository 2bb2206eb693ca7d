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
    const double epsilon = model::normalization_epsilon(call.node);
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

/// y = (x - mean) / sqrt(variance + epsilon) * scale(i) + shift(i) for the `count` numbers of a
/// row.
template <typename T, typename Scale, typename Shift>
void normalise_row(const T* x, T* y, std::int64_t count, double epsilon, Scale scale, Shift shift) {
    double sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += x[i];
    const double mean = sum / static_cast<double>(count);
    double squares = 0;
    for (std::int64_t i = 0; i < count; ++i) squares += (x[i] - mean) * (x[i] - mean);
    const double deviation = std::sqrt(squares / static_cast<double>(count) + epsilon);
    for (std::int64_t i = 0; i < count; ++i)
        y[i] = static_cast<T>((x[i] - mean) / deviation * scale(i) + shift(i));
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

Values instance_normalization(const Call& call) {
    const Buffer& input = call[0];
    const model::Dims& dims = input.dims();
    if (dims.size() < 3)
        call.fail(ErrorCode::malformed, "the input has extents ", model::to_string(dims),
                  ", expected [N, C, spatial...]");
    for (const std::size_t i : {1u, 2u})
        if (call[i].dims() != model::Dims{dims[1]})
            call.fail(ErrorCode::malformed, "'", call.node.inputs[i], "' has extents ",
                      model::to_string(call[i].dims()), ", expected [", dims[1], "]");
    const std::int64_t plane = product(dims, 2, dims.size());
    const double epsilon = model::normalization_epsilon(call.node);
    const Buffer output = Buffer::host(input.type(), dims);
    with_real(call, input.type(), [&](auto zero) {
        using T = decltype(zero);
        const T* x = elements<T>(input).data();
        T* y = elements<T>(output).data();
        for (std::int64_t row = 0; row < dims[0] * dims[1]; ++row) {
            const auto channel = static_cast<std::size_t>(row % dims[1]);
            const double scale = elements<T>(call[1])[channel];
            const double shift = elements<T>(call[2])[channel];
            normalise_row(
                x + row * plane, y + row * plane, plane, epsilon,
                [&](std::int64_t) { return scale; }, [&](std::int64_t) { return shift; });
        }
    });
    return {output};
}

Values layer_normalization(const Call& call) {
    const Buffer& input = call[0];
    const model::Dims& dims = input.dims();
    const std::size_t axis = model::axis_attribute(call.node, dims.size());
    const model::Dims inner(dims.begin() + static_cast<std::ptrdiff_t>(axis), dims.end());
    const std::int64_t count = product(inner, 0, inner.size());
    const double epsilon = model::normalization_epsilon(call.node);
    const Buffer output = Buffer::host(input.type(), dims);
    with_real(call, input.type(), [&](auto zero) {
        using T = decltype(zero);
        // Scale and shift element by element, broadcast to what is normalised.
        const auto spread = [&](std::size_t index, double otherwise) {
            std::vector<double> values;
            if (!call.has(index))
                return std::vector<double>(static_cast<std::size_t>(count), otherwise);
            if (model::broadcast_dims(call.node, inner, call[index].dims()) != inner)
                call.fail(ErrorCode::malformed, "'", call.node.inputs[index], "' has extents ",
                          model::to_string(call[index].dims()), ", expected ",
                          model::to_string(inner));
            const Index strides = broadcast_strides(call[index].dims(), inner.size());
            for_each_index(inner, [&](const Index& place) {
                const auto element = offset_of(place, strides, inner.size());
                values.push_back(elements<T>(call[index])[static_cast<std::size_t>(element)]);
            });
            return values;
        };
        const std::vector<double> scale = spread(1, 1);
        const std::vector<double> shift = spread(2, 0);
        const T* x = elements<T>(input).data();
        T* y = elements<T>(output).data();
        for (std::int64_t first = 0; first < input.size(); first += count)
            normalise_row(
                x + first, y + first, count, epsilon,
                [&](std::int64_t i) { return scale[static_cast<std::size_t>(i)]; },
                [&](std::int64_t i) { return shift[static_cast<std::size_t>(i)]; });
    });
    return {output};
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
