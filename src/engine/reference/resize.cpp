#include "engine/reference/operators.hpp"
#include "engine/resize_axis.hpp"

namespace dbnet::engine::reference {
namespace {

Buffer resize_nearest(const Buffer& input, const model::Dims& dims,
                      const std::vector<ResizeAxis>& axes) {
    const Index strides = strides_of(input.dims());
    return rearranged(input, dims, [&](const Index& index) {
        std::int64_t place = 0;
        for (std::size_t axis = 0; axis < axes.size(); ++axis)
            place += axes[axis].low[static_cast<std::size_t>(index[axis])] * strides[axis];
        return place;
    });
}

/// The mean of the 2^rank neighbours, each weighted by the product of its weights along the axes.
template <typename T>
double interpolated(const T* x, const Index& strides, const std::vector<ResizeAxis>& axes,
                    const Index& index) {
    double sum = 0;
    for (unsigned corner = 0; corner < 1u << axes.size(); ++corner) {
        double weight = 1;
        std::int64_t place = 0;
        for (std::size_t axis = 0; axis < axes.size(); ++axis) {
            const auto i = static_cast<std::size_t>(index[axis]);
            const bool high = (corner >> axis & 1u) != 0;
            weight *= high ? axes[axis].weight[i] : 1.0 - axes[axis].weight[i];
            place += (high ? axes[axis].high[i] : axes[axis].low[i]) * strides[axis];
        }
        if (weight > 0) sum += weight * static_cast<double>(x[place]);
    }
    return sum;
}

template <typename T>
Buffer resize_linear(const Buffer& input, const model::Dims& dims,
                     const std::vector<ResizeAxis>& axes) {
    const Index strides = strides_of(input.dims());
    Buffer output = Buffer::host(input.type(), dims);
    const T* x = elements<T>(input).data();
    T* y = elements<T>(output).data();
    for_each_index(dims, [&](const Index& index) {
        *y++ = static_cast<T>(interpolated(x, strides, axes, index));
    });
    return output;
}

/// The sum over 4^rank places.
template <typename T>
Buffer resize_cubic(const Buffer& input, const model::Dims& dims,
                    const std::vector<ResizeAxis>& axes) {
    const Index strides = strides_of(input.dims());
    Buffer output = Buffer::host(input.type(), dims);
    const T* x = elements<T>(input).data();
    T* y = elements<T>(output).data();
    for_each_index(dims, [&](const Index& index) {
        double sum = 0;
        for (unsigned corner = 0; corner < 1u << 2 * axes.size(); ++corner) {
            double weight = 1;
            std::int64_t place = 0;
            for (std::size_t axis = 0; axis < axes.size() && weight != 0; ++axis) {
                const auto i = static_cast<std::size_t>(index[axis]);
                const std::size_t tap = corner >> 2 * axis & 3u;
                weight *= axes[axis].weights[i][tap];
                place += axes[axis].places[i][tap] * strides[axis];
            }
            if (weight != 0) sum += weight * static_cast<double>(x[place]);
        }
        *y++ = static_cast<T>(sum);
    });
    return output;
}

}  // namespace

Values resize(const Call& call) {
    const Buffer& input = call[0];
    const std::span<const float> scales =
        call.has(2) ? std::span<const float>(call[2].f32()) : std::span<const float>();
    const model::ResizeAttributes attributes =
        model::resize_attributes(call.node, input.dims(), scales, call.ints(3));
    if (input.size() == 0) call.fail(ErrorCode::malformed, "the input has no elements");
    const std::vector<ResizeAxis> axes = resize_axes(attributes, input.dims());
    if (attributes.mode == model::ResizeMode::nearest)
        return {resize_nearest(input, attributes.output, axes)};
    const bool cubic = attributes.mode == model::ResizeMode::cubic;
    return with_real(call, input.type(), [&](auto zero) {
        if (cubic) return Values{resize_cubic<decltype(zero)>(input, attributes.output, axes)};
        return Values{resize_linear<decltype(zero)>(input, attributes.output, axes)};
    });
}

}  // namespace dbnet::engine::reference
