#include <functional>
#include <limits>
#include <type_traits>

#include "engine/reference/operators.hpp"
#include "engine/reference/window.hpp"

// Maxima and means over windows and axes; means are summed in double. Padding never wins a maximum.
namespace dbnet::engine::reference {
namespace {

/// Elements of the window at `position` that lie inside the padded input.
std::int64_t padded_taps(const model::Window& window, const model::Dims& dims,
                         const std::int64_t* position) {
    std::int64_t taps = 1;
    for (std::size_t axis = 0; axis < window.kernel.size(); ++axis) {
        const std::int64_t first = position[axis] * window.strides[axis] - window.pads_begin[axis];
        const std::int64_t end = dims[axis + 2] + window.pads_end[axis];
        std::int64_t inside = 0;
        for (std::int64_t k = 0; k < window.kernel[axis]; ++k)
            inside += first + k * window.dilations[axis] < end ? 1 : 0;
        taps *= inside;
    }
    return taps;
}

/// y = f(plane of x, position) for each output element of type T.
template <typename T, typename F>
Values pool(const Call& call, const model::Window& window, F&& f) {
    const Buffer& input = call[0];
    model::Dims dims = {input.dims()[0], input.dims()[1]};
    dims.insert(dims.end(), window.output.begin(), window.output.end());
    const Buffer output = Buffer::host(input.type(), std::move(dims));
    const std::int64_t plane = product(input.dims(), 2, input.dims().size());
    const T* x = elements<T>(input).data();
    T* y = elements<T>(output).data();
    for_each_index(output.dims(), [&](const Index& index) {
        *y++ = f(x + (index[0] * input.dims()[1] + index[1]) * plane, &index[2]);
    });
    return {output};
}

/// All elements over the given axes combined, from `start` on, in type A; then finish(combined,
/// number of elements). `dims` are the output's extents.
template <typename T, typename A, typename Combine, typename Finish>
Buffer reduced(const Buffer& input, const std::vector<std::size_t>& axes, model::Dims dims, A start,
               Combine&& combine, Finish&& finish) {
    model::Dims kept = input.dims();
    double count = 1;
    for (const std::size_t axis : axes) {
        count *= static_cast<double>(kept[axis]);
        kept[axis] = 1;
    }
    Buffer output = Buffer::host(input.type(), std::move(dims));
    const std::size_t rank = kept.size();
    const Index strides = broadcast_strides(kept, rank);
    std::vector<A> combined(static_cast<std::size_t>(output.size()), start);
    const T* x = elements<T>(input).data();
    for_each_index(input.dims(), [&](const Index& index) {
        A& place = combined[static_cast<std::size_t>(offset_of(index, strides, rank))];
        place = combine(place, static_cast<A>(*x++));
    });
    std::ranges::transform(combined, elements<T>(output).begin(),
                           [&](A value) { return static_cast<T>(finish(value, count)); });
    return output;
}

template <typename T>
Buffer mean_over(const Buffer& input, const std::vector<std::size_t>& axes, model::Dims dims) {
    return reduced<T>(input, axes, std::move(dims), 0.0, std::plus<>(),
                      [](double sum, double count) { return sum / count; });
}

constexpr auto kAsItIs = [](auto value, double) { return value; };

/// The largest, or by `before` the smallest; NaN if one is.
template <typename Before>
Values extreme(const Call& call, bool largest, Before before) {
    const Buffer& input = call[0];
    const model::ReduceAttributes attributes =
        model::reduce_attributes(call.node, input.dims(), call.ints(1));
    return with_number(call, input.type(), [&](auto zero) {
        using T = decltype(zero);
        using Limits = std::numeric_limits<T>;
        T start = largest ? Limits::lowest() : Limits::max();
        if constexpr (Limits::has_infinity)
            start = largest ? -Limits::infinity() : Limits::infinity();
        const auto combine = [&](T a, T b) { return a != a || !(b != b || before(b, a)) ? a : b; };
        return Values{
            reduced<T>(input, attributes.axes, attributes.output, start, combine, kAsItIs)};
    });
}

}  // namespace

Values max_pool(const Call& call) {
    const model::Dims& dims = call[0].dims();
    const model::Window window = model::pool_attributes(call.node, dims).window;
    return with_real(call, call[0].type(), [&](auto zero) {
        using T = decltype(zero);
        return pool<T>(call, window, [&](const T* plane, const std::int64_t* position) {
            T result = -std::numeric_limits<T>::infinity();
            for_each_tap(window, dims, position, [&](std::int64_t, std::int64_t pixel) {
                result = std::max(result, plane[pixel]);
            });
            return result;
        });
    });
}

Values average_pool(const Call& call) {
    const model::Dims& dims = call[0].dims();
    const model::PoolAttributes attributes = model::pool_attributes(call.node, dims);
    const model::Window& window = attributes.window;
    return with_real(call, call[0].type(), [&](auto zero) {
        using T = decltype(zero);
        return pool<T>(call, window, [&](const T* plane, const std::int64_t* position) {
            double sum = 0;
            std::int64_t count = 0;
            for_each_tap(window, dims, position, [&](std::int64_t, std::int64_t pixel) {
                sum += plane[pixel];
                ++count;
            });
            if (attributes.count_include_pad) count = padded_taps(window, dims, position);
            return static_cast<T>(sum / static_cast<double>(count));
        });
    });
}

Values global_average_pool(const Call& call) {
    const Buffer& input = call[0];
    if (input.dims().size() < 3)
        call.fail(ErrorCode::malformed, "the input has extents ", model::to_string(input.dims()),
                  ", expected [N, C, spatial...]");
    model::Dims dims = input.dims();
    std::vector<std::size_t> axes;
    for (std::size_t axis = 2; axis < dims.size(); ++axis) {
        axes.push_back(axis);
        dims[axis] = 1;
    }
    return with_real(call, input.type(), [&](auto zero) {
        return Values{mean_over<decltype(zero)>(input, axes, dims)};
    });
}

Values reduce_mean(const Call& call) {
    const Buffer& input = call[0];
    const model::ReduceAttributes attributes =
        model::reduce_attributes(call.node, input.dims(), call.ints(1));
    return with_real(call, input.type(), [&](auto zero) {
        return Values{mean_over<decltype(zero)>(input, attributes.axes, attributes.output)};
    });
}

Values reduce_max(const Call& call) { return extreme(call, true, std::greater<>()); }
Values reduce_min(const Call& call) { return extreme(call, false, std::less<>()); }

/// Real numbers are summed in double, integers in 64 bits.
Values reduce_sum(const Call& call) {
    const Buffer& input = call[0];
    const model::ReduceAttributes attributes =
        model::reduce_attributes(call.node, input.dims(), call.ints(1));
    return with_number(call, input.type(), [&](auto zero) {
        using T = decltype(zero);
        using Sum = std::conditional_t<std::is_integral_v<T>, std::uint64_t, double>;
        return Values{
            reduced<T>(input, attributes.axes, attributes.output, Sum{0}, std::plus<>(), kAsItIs)};
    });
}

}  // namespace dbnet::engine::reference
