#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <type_traits>

#include "engine/reference/operators.hpp"

// Elementwise operators. Two operands are broadcast against each other as NumPy does it. Functions
// of real numbers are evaluated in double and rounded once; integers wrap around.
namespace dbnet::engine::reference {
namespace {

template <typename F>
Values map_reals(const Call& call, F&& f) {
    const Buffer& input = call[0];
    const Buffer output = Buffer::host(input.type(), input.dims());
    with_real(call, input.type(), [&](auto zero) {
        using T = decltype(zero);
        const std::span<T> x = elements<T>(input);
        const std::span<T> y = elements<T>(output);
        for (std::size_t i = 0; i < x.size(); ++i)
            y[i] = static_cast<T>(f(static_cast<double>(x[i])));
    });
    return {output};
}

/// f(x) for elements of one type T.
template <typename F>
Values map_numbers(const Call& call, F&& f) {
    const Buffer& input = call[0];
    const Buffer output = Buffer::host(input.type(), input.dims());
    with_number(call, input.type(), [&](auto zero) {
        using T = decltype(zero);
        std::ranges::transform(elements<T>(input), elements<T>(output).begin(), f);
    });
    return {output};
}

/// f(a, b) for elements of one type T.
template <typename F>
Buffer map_pair(const Call& call, const Buffer& a, const Buffer& b, F&& f) {
    const Buffer output =
        Buffer::host(a.type(), model::broadcast_dims(call.node, a.dims(), b.dims()));
    const std::size_t rank = output.dims().size();
    const Index strides_a = broadcast_strides(a.dims(), rank);
    const Index strides_b = broadcast_strides(b.dims(), rank);
    with_number(call, a.type(), [&](auto zero) {
        using T = decltype(zero);
        T* y = elements<T>(output).data();
        for_each_index(output.dims(), [&](const Index& index) {
            const auto place_a = static_cast<std::size_t>(offset_of(index, strides_a, rank));
            const auto place_b = static_cast<std::size_t>(offset_of(index, strides_b, rank));
            *y++ = f(elements<T>(a)[place_a], elements<T>(b)[place_b]);
        });
    });
    return output;
}

template <typename F>
Values map_pairs(const Call& call, F&& f) {
    return {map_pair(call, call[0], call[1], f)};
}

/// Any number of operands, from left to right.
template <typename F>
Values map_all(const Call& call, F&& f) {
    Buffer result = reshaped(call[0], call[0].dims());
    for (std::size_t i = 1; i < call.inputs.size(); ++i)
        result = map_pair(call, result, call[i], f);
    return {result};
}

/// Booleans are read as the bytes that hold them.
Buffer as_number(const Buffer& buffer) {
    if (buffer.type() != model::DataType::boolean) return buffer;
    return {buffer.device(), model::DataType::u8, buffer.dims(),
            std::shared_ptr<void>(std::make_shared<Buffer>(buffer), buffer.data())};
}

/// Whether f(a, b) holds, as a boolean.
template <typename F>
Values map_relation(const Call& call, F&& f) {
    const Buffer a = as_number(call[0]);
    const Buffer b = as_number(call[1]);
    const Buffer output = Buffer::host(model::DataType::boolean,
                                       model::broadcast_dims(call.node, a.dims(), b.dims()));
    const std::size_t rank = output.dims().size();
    const Index strides_a = broadcast_strides(a.dims(), rank);
    const Index strides_b = broadcast_strides(b.dims(), rank);
    with_number(call, a.type(), [&](auto zero) {
        using T = decltype(zero);
        bool* y = elements<bool>(output).data();
        for_each_index(output.dims(), [&](const Index& index) {
            const auto place_a = static_cast<std::size_t>(offset_of(index, strides_a, rank));
            const auto place_b = static_cast<std::size_t>(offset_of(index, strides_b, rank));
            *y++ = f(elements<T>(a)[place_a], elements<T>(b)[place_b]);
        });
    });
    return {output};
}

/// The larger one (or the smaller, by `before`), NaN if one of them is.
template <typename T, typename Before>
T extreme(T a, T b, Before before) {
    if (a != a) return a;
    return b != b || before(b, a) ? b : a;
}

/// What integers are added, subtracted and multiplied in, so that they wrap around; a real type
/// itself.
template <typename T>
using Wrapping =
    typename std::conditional_t<std::is_integral_v<T>, std::type_identity<std::uint64_t>,
                                std::type_identity<T>>::type;

template <typename T>
T quotient(const Call& call, T a, T b) {
    if constexpr (std::is_integral_v<T>) {
        if (b == 0) call.fail(ErrorCode::malformed, "division of an integer by zero");
        if (std::is_signed_v<T> && b == static_cast<T>(-1))
            return static_cast<T>(0 - static_cast<std::uint64_t>(a));
    }
    return static_cast<T>(a / b);
}

template <typename T>
T power(T base, double exponent) {
    const double result = std::pow(static_cast<double>(base), exponent);
    if constexpr (std::is_integral_v<T>) {
        constexpr auto limit = static_cast<double>(std::numeric_limits<T>::max());
        if (!(std::abs(result) < limit)) return result > 0 ? std::numeric_limits<T>::max() : T{0};
    }
    return static_cast<T>(result);
}

/// The bound in input `index`, or `otherwise`.
template <typename T>
T bound(const Call& call, std::size_t index, T otherwise) {
    if (!call.has(index)) return otherwise;
    if (call[index].size() != 1)
        call.fail(ErrorCode::malformed, "bound ", call.node.inputs[index], " is not one number");
    return elements<T>(call[index])[0];
}

}  // namespace

Values add(const Call& call) {
    return map_pairs(call, []<typename T>(T a, T b) {
        return static_cast<T>(static_cast<Wrapping<T>>(a) + static_cast<Wrapping<T>>(b));
    });
}

Values sub(const Call& call) {
    return map_pairs(call, []<typename T>(T a, T b) {
        return static_cast<T>(static_cast<Wrapping<T>>(a) - static_cast<Wrapping<T>>(b));
    });
}

Values mul(const Call& call) {
    return map_pairs(call, []<typename T>(T a, T b) {
        return static_cast<T>(static_cast<Wrapping<T>>(a) * static_cast<Wrapping<T>>(b));
    });
}

Values div(const Call& call) {
    return map_pairs(call, [&]<typename T>(T a, T b) { return quotient(call, a, b); });
}

Values pow(const Call& call) {
    return map_pairs(call, []<typename T>(T a, T b) { return power(a, static_cast<double>(b)); });
}

Values clip(const Call& call) {
    const Buffer& input = call[0];
    const Buffer output = Buffer::host(input.type(), input.dims());
    with_number(call, input.type(), [&](auto zero) {
        using T = decltype(zero);
        const T low = bound(call, 1, std::numeric_limits<T>::lowest());
        const T high = bound(call, 2, std::numeric_limits<T>::max());
        const std::span<T> x = elements<T>(input);
        const std::span<T> y = elements<T>(output);
        for (std::size_t i = 0; i < x.size(); ++i) y[i] = std::min(std::max(x[i], low), high);
    });
    return {output};
}

Values erf(const Call& call) {
    return map_reals(call, [](double x) { return std::erf(x); });
}

Values exp(const Call& call) {
    return map_reals(call, [](double x) { return std::exp(x); });
}

Values gelu(const Call& call) {
    if (model::gelu_uses_tanh(call.node))
        return map_reals(call, [](double x) {
            constexpr double kSqrtTwoByPi = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
            return 0.5 * x * (1 + std::tanh(kSqrtTwoByPi * (x + 0.044715 * x * x * x)));
        });
    return map_reals(call, [](double x) { return 0.5 * x * std::erfc(-x / std::numbers::sqrt2); });
}

Values hard_sigmoid(const Call& call) {
    const model::HardSigmoidAttributes attributes = model::hard_sigmoid_attributes(call.node);
    return map_reals(call, [&](double x) {
        return std::clamp(attributes.alpha * x + attributes.beta, 0.0, 1.0);
    });
}

Values hard_swish(const Call& call) {
    return map_reals(call, [](double x) { return x * std::clamp(x / 6 + 0.5, 0.0, 1.0); });
}

Values leaky_relu(const Call& call) {
    const double alpha = model::leaky_relu_alpha(call.node);
    return map_reals(call, [&](double x) { return x < 0 ? alpha * x : x; });
}

Values reciprocal(const Call& call) {
    return map_reals(call, [](double x) { return 1 / x; });
}

Values relu(const Call& call) {
    return map_reals(call, [](double x) { return x < 0 ? 0 : x; });
}

Values sigmoid(const Call& call) {
    return map_reals(call, [](double x) { return 1 / (1 + std::exp(-x)); });
}

Values sqrt(const Call& call) {
    return map_reals(call, [](double x) { return std::sqrt(x); });
}

Values abs(const Call& call) {
    return map_numbers(call, []<typename T>(T x) {
        return x < 0 ? static_cast<T>(T{0} - static_cast<Wrapping<T>>(x)) : x;
    });
}

Values neg(const Call& call) {
    return map_numbers(call, []<typename T>(T x) {
        if constexpr (std::is_floating_point_v<T>)
            return -x;
        else
            return static_cast<T>(0 - static_cast<Wrapping<T>>(x));
    });
}

Values ceil(const Call& call) {
    return map_reals(call, [](double x) { return std::ceil(x); });
}

Values floor(const Call& call) {
    return map_reals(call, [](double x) { return std::floor(x); });
}

/// Halves to the even neighbour.
Values round(const Call& call) {
    return map_reals(call, [](double x) { return std::nearbyint(x); });
}

Values elu(const Call& call) {
    const double alpha = model::elu_alpha(call.node);
    return map_reals(call, [&](double x) { return x < 0 ? alpha * std::expm1(x) : x; });
}

Values mish(const Call& call) {
    return map_reals(call, [](double x) { return x * std::tanh(std::log1p(std::exp(x))); });
}

Values softplus(const Call& call) {
    return map_reals(call,
                     [](double x) { return std::log1p(std::exp(-std::abs(x))) + (x < 0 ? 0 : x); });
}

Values tanh(const Call& call) {
    return map_reals(call, [](double x) { return std::tanh(x); });
}

Values prelu(const Call& call) {
    return map_pairs(call, []<typename T>(T x, T slope) {
        return x < 0 ? static_cast<T>(static_cast<Wrapping<T>>(x) * static_cast<Wrapping<T>>(slope))
                     : x;
    });
}

Values max(const Call& call) {
    return map_all(call, []<typename T>(T a, T b) { return extreme(a, b, std::greater<>()); });
}

Values min(const Call& call) {
    return map_all(call, []<typename T>(T a, T b) { return extreme(a, b, std::less<>()); });
}

Values equal(const Call& call) { return map_relation(call, std::equal_to<>()); }
Values greater(const Call& call) { return map_relation(call, std::greater<>()); }
Values less(const Call& call) { return map_relation(call, std::less<>()); }

Values logical_and(const Call& call) {
    return map_relation(call, [](auto a, auto b) { return a != 0 && b != 0; });
}

Values logical_or(const Call& call) {
    return map_relation(call, [](auto a, auto b) { return a != 0 || b != 0; });
}

Values logical_not(const Call& call) {
    const Buffer output = Buffer::host(model::DataType::boolean, call[0].dims());
    std::ranges::transform(elements<std::uint8_t>(call[0]), elements<bool>(output).begin(),
                           [](std::uint8_t x) { return x == 0; });
    return {output};
}

/// Moves elements of any type.
Values where(const Call& call) {
    const Buffer& yes = call[1];
    const Buffer& no = call[2];
    const model::Dims chosen = model::broadcast_dims(call.node, yes.dims(), no.dims());
    Buffer output =
        Buffer::host(yes.type(), model::broadcast_dims(call.node, call[0].dims(), chosen));
    const std::size_t rank = output.dims().size();
    const Index condition_strides = broadcast_strides(call[0].dims(), rank);
    const Index yes_strides = broadcast_strides(yes.dims(), rank);
    const Index no_strides = broadcast_strides(no.dims(), rank);
    const std::size_t size = model::size_of(yes.type());
    auto* to = static_cast<std::byte*>(output.data());
    for_each_index(output.dims(), [&](const Index& index) {
        const auto place = static_cast<std::size_t>(offset_of(index, condition_strides, rank));
        const bool condition = elements<std::uint8_t>(call[0])[place] != 0;
        const Buffer& from = condition ? yes : no;
        const std::int64_t element = offset_of(index, condition ? yes_strides : no_strides, rank);
        std::memcpy(
            to,
            static_cast<const std::byte*>(from.data()) + static_cast<std::size_t>(element) * size,
            size);
        to += size;
    });
    return {output};
}

}  // namespace dbnet::engine::reference
