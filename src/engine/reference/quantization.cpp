#include <cmath>
#include <limits>

#include "engine/reference/operators.hpp"

// Quantised numbers: q = saturate(round(x / scale) + zero point), x = (q - zero point) * scale,
// with halves rounded to even; one scale for all numbers, or one per element of an axis.
namespace dbnet::engine::reference {
namespace {

/// Calls f with a zero of the integer type.
template <typename F>
void with_quantized(const Call& call, model::DataType type, F&& f) {
    switch (type) {
        case model::DataType::u8: return f(std::uint8_t{});
        case model::DataType::i8: return f(std::int8_t{});
        case model::DataType::i32: return f(std::int32_t{});
        default: call.fail(ErrorCode::unsupported, "no quantised numbers in ", to_string(type));
    }
}

/// Calls f(element, element of the scales) for every element of the input.
template <typename F>
void for_each_scaled(const Call& call, F&& f) {
    const model::Dims& dims = call[0].dims();
    const bool single = call[1].size() == 1;
    const std::size_t axis = single ? 0 : model::quantization_axis(call.node, dims.size());
    if (!single && (call[1].dims() != model::Dims{dims[axis]}))
        call.fail(ErrorCode::malformed, "the scale has extents ", model::to_string(call[1].dims()),
                  ", expected [", dims[axis], "]");
    if (call.has(2) && call[2].size() != call[1].size())
        call.fail(ErrorCode::malformed, "scale and zero point have ", call[1].size(), " and ",
                  call[2].size(), " elements");
    const std::int64_t inner = single ? 1 : product(dims, axis + 1, dims.size());
    const std::int64_t extent = single ? 1 : dims[axis];
    for (std::int64_t i = 0; i < call[0].size(); ++i)
        f(static_cast<std::size_t>(i), static_cast<std::size_t>(i / inner % extent));
}

template <typename T>
double zero_point(const Call& call, std::size_t index) {
    return call.has(2) ? elements<T>(call[2])[index] : T{0};
}

}  // namespace

Values quantize_linear(const Call& call) {
    const model::DataType type = call.has(2) ? call[2].type() : model::DataType::u8;
    const Buffer output = Buffer::host(type, call[0].dims());
    with_quantized(call, type, [&](auto zero) {
        using T = decltype(zero);
        using Limits = std::numeric_limits<T>;
        for_each_scaled(call, [&](std::size_t i, std::size_t scale) {
            const float steps = call[0].f32()[i] / call[1].f32()[scale];
            const double q = std::nearbyint(steps) + zero_point<T>(call, scale);
            elements<T>(output)[i] = static_cast<T>(q <= Limits::min()   ? Limits::min()
                                                    : q >= Limits::max() ? Limits::max()
                                                                         : q);
        });
    });
    return {output};
}

Values dequantize_linear(const Call& call) {
    const Buffer output = Buffer::host(model::DataType::f32, call[0].dims());
    with_quantized(call, call[0].type(), [&](auto zero) {
        using T = decltype(zero);
        for_each_scaled(call, [&](std::size_t i, std::size_t scale) {
            const double steps = elements<T>(call[0])[i] - zero_point<T>(call, scale);
            output.f32()[i] = static_cast<float>(steps * call[1].f32()[scale]);
        });
    });
    return {output};
}

}  // namespace dbnet::engine::reference
