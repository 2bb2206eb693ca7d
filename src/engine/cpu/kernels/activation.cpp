#include "engine/cpu/kernels/activation.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/cpu/kernels/activation.cpp"
#include <hwy/foreach_target.h>
// clang-format off: highway.h must follow foreach_target.h
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace dbnet::engine::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<float, 16>;
using Vector = hn::Vec<Tag>;

HWY_INLINE Vector number(float value) { return hn::Set(Tag(), value); }

// Highway's Exp is defined up to 104, where the result is infinite already.
HWY_INLINE Vector exponential(Vector x) { return hn::Exp(Tag(), hn::Min(x, number(104.0F))); }

// 1 - erf(z) for z >= 0, with a relative error of 1.2e-7 beside that of exp: the Chebyshev fit of
// "erfcc" (Press et al., Numerical Recipes, section 6.2).
HWY_INLINE Vector erf_complement(Vector z) {
    constexpr float kFit[] = {-0.82215223F, 1.48851587F, -1.13520398F, 0.27886807F, -0.18628806F,
                              0.09678418F,  0.37409196F, 1.00002368F,  -1.26551223F};
    const Vector t = hn::Div(number(1.0F), hn::MulAdd(number(0.5F), z, number(1.0F)));
    Vector sum = number(0.17087277F);
    for (const float factor : kFit) sum = hn::MulAdd(sum, t, number(factor));
    return hn::Mul(t, exponential(hn::NegMulAdd(z, z, sum)));
}

HWY_INLINE Vector erf(Vector x) {
    // The series about 0 where 1 - erf_complement() would lose digits.
    constexpr float kSeries[] = {0.00522397763F, -0.0268661706F, 0.112837917F, -0.376126389F,
                                 1.12837917F};
    const Vector square = hn::Mul(x, x);
    Vector near = number(-0.000854832701F);
    for (const float factor : kSeries) near = hn::MulAdd(near, square, number(factor));
    const Vector far = hn::Sub(number(1.0F), erf_complement(hn::Abs(x)));
    const Vector signed_far = hn::IfThenElse(hn::Lt(x, hn::Zero(Tag())), hn::Neg(far), far);
    return hn::IfThenElse(hn::Lt(hn::Abs(x), number(0.5F)), hn::Mul(near, x), signed_far);
}

HWY_INLINE Vector clipped(Vector x, Vector low, Vector high) {
    return hn::Min(high, hn::Max(low, x));
}

HWY_INLINE Vector sigmoid(Vector x) {
    return hn::Div(number(1.0F), hn::Add(number(1.0F), exponential(hn::Neg(x))));
}

HWY_INLINE Vector gelu(Vector x) {
    const Vector half = number(0.5F);
    const Vector tail = hn::Mul(half, erf_complement(hn::Mul(hn::Abs(x), number(0.70710678F))));
    return hn::Mul(x,
                   hn::IfThenElse(hn::Lt(x, hn::Zero(Tag())), tail, hn::Sub(number(1.0F), tail)));
}

HWY_INLINE Vector gelu_tanh(Vector x) {
    // (1 + tanh(u)) / 2 = sigmoid(2 u)
    const Vector inner = hn::MulAdd(hn::Mul(number(0.044715F), hn::Mul(x, x)), x, x);
    return hn::Mul(x, sigmoid(hn::Mul(number(1.59576912F), inner)));
}

HWY_INLINE Vector softplus(Vector x) {
    const Vector rest = hn::Log1p(Tag(), exponential(hn::Neg(hn::Abs(x))));
    return hn::Add(hn::Max(hn::Zero(Tag()), x), rest);
}

// tanh(log(1 + e)) = (e^2 + 2 e) / (e^2 + 2 e + 2) with e = exp(x); 1 in f32 from x = 20 on.
HWY_INLINE Vector mish(Vector x) {
    const Vector e = exponential(hn::Min(x, number(20.0F)));
    const Vector part = hn::Mul(e, hn::Add(e, number(2.0F)));
    return hn::Mul(x, hn::Div(part, hn::Add(part, number(2.0F))));
}

template <typename F>
HWY_INLINE void map(const float* from, float* to, std::size_t count, const F& f) {
    const Tag d;
    const auto value = [&](const float* at) HWY_ATTR {
        const Vector x = hn::LoadU(d, at);
        return hn::IfThenElse(hn::IsNaN(x), x, f(x));
    };
    const std::size_t lanes = hn::Lanes(d);
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) hn::StoreU(value(from + i), d, to + i);
    if (i == count) return;
    HWY_ALIGN float last[16] = {};
    std::memcpy(last, from + i, (count - i) * sizeof(float));
    hn::StoreU(value(last), d, last);
    std::memcpy(to + i, last, (count - i) * sizeof(float));
}

void apply_serially(const Activation& activation, const float* from, float* to, std::size_t count) {
    using Kind = Activation::Kind;
    const Tag d;
    const Vector alpha = number(activation.alpha);
    const Vector beta = number(activation.beta);
    const Vector zero = hn::Zero(d);
    const Vector one = number(1.0F);
    const auto apply_each = [&](const auto& f) HWY_ATTR { map(from, to, count, f); };
    switch (activation.kind) {
        case Kind::relu:
            return apply_each([&](Vector x) HWY_ATTR {
                return hn::IfThenElse(hn::Lt(x, zero), hn::Mul(alpha, x), x);
            });
        case Kind::linear:
            return apply_each([&](Vector x) HWY_ATTR { return hn::MulAdd(alpha, x, beta); });
        case Kind::clip:
            return apply_each([&](Vector x) HWY_ATTR { return clipped(x, alpha, beta); });
        case Kind::sigmoid: return apply_each([&](Vector x) HWY_ATTR { return sigmoid(x); });
        case Kind::hard_sigmoid:
            return apply_each(
                [&](Vector x) HWY_ATTR { return clipped(hn::MulAdd(alpha, x, beta), zero, one); });
        case Kind::hard_swish:
            return apply_each([&](Vector x) HWY_ATTR {
                const Vector gate = hn::MulAdd(x, number(1.0F / 6), number(0.5F));
                return hn::Mul(x, clipped(gate, zero, one));
            });
        case Kind::exp: return apply_each([&](Vector x) HWY_ATTR { return exponential(x); });
        case Kind::sqrt: return apply_each([&](Vector x) HWY_ATTR { return hn::Sqrt(x); });
        case Kind::reciprocal:
            return apply_each([&](Vector x) HWY_ATTR { return hn::Div(one, x); });
        case Kind::erf: return apply_each([&](Vector x) HWY_ATTR { return erf(x); });
        case Kind::gelu: return apply_each([&](Vector x) HWY_ATTR { return gelu(x); });
        case Kind::gelu_tanh: return apply_each([&](Vector x) HWY_ATTR { return gelu_tanh(x); });
        case Kind::tanh: return apply_each([&](Vector x) HWY_ATTR { return hn::Tanh(d, x); });
        case Kind::elu:
            return apply_each([&](Vector x) HWY_ATTR {
                const Vector below = hn::Expm1(d, hn::Min(x, zero));
                return hn::IfThenElse(hn::Lt(x, zero), hn::Mul(alpha, below), x);
            });
        case Kind::softplus: return apply_each([&](Vector x) HWY_ATTR { return softplus(x); });
        case Kind::mish: return apply_each([&](Vector x) HWY_ATTR { return mish(x); });
        case Kind::abs: return apply_each([&](Vector x) HWY_ATTR { return hn::Abs(x); });
        case Kind::ceil: return apply_each([&](Vector x) HWY_ATTR { return hn::Ceil(x); });
        case Kind::round: return apply_each([&](Vector x) HWY_ATTR { return hn::Round(x); });
        case Kind::floor: return apply_each([&](Vector x) HWY_ATTR { return hn::Floor(x); });
        case Kind::quantized_u8:
        case Kind::quantized_i8: {
            const bool is_signed = activation.kind == Kind::quantized_i8;
            const Vector low = number(is_signed ? -128.0F : 0.0F);
            const Vector high = number(is_signed ? 127.0F : 255.0F);
            return apply_each([&](Vector x) HWY_ATTR {
                const Vector steps = hn::Add(hn::Round(hn::Div(x, alpha)), beta);
                return hn::Mul(hn::Sub(clipped(steps, low, high), beta), alpha);
            });
        }
        case Kind::square: return apply_each([&](Vector x) HWY_ATTR { return hn::Mul(x, x); });
    }
}

}  // namespace dbnet::engine::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dbnet::engine::cpu {

HWY_EXPORT(apply_serially);

void apply(const Activation& activation, const float* from, float* to, std::int64_t count,
           int threads) {
    constexpr std::int64_t kChunk = 4096;
    const std::int64_t chunks = (count + kChunk - 1) / kChunk;
#pragma omp parallel for num_threads(threads) schedule(static) if (chunks > 1)
    for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
        const std::int64_t first = chunk * kChunk;
        const std::int64_t size = std::min(kChunk, count - first);
        HWY_DYNAMIC_DISPATCH(apply_serially)
        (activation, from + first, to + first, static_cast<std::size_t>(size));
    }
}

}  // namespace dbnet::engine::cpu
#endif
