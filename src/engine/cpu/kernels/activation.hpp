#pragma once

#include <cstdint>

namespace dbnet::engine::cpu {

/// An elementwise function; `alpha` and `beta` are its parameters.
struct Activation {
    enum class Kind : std::uint8_t {
        relu,          ///< x < 0 ? alpha x : x
        linear,        ///< alpha x + beta
        clip,          ///< min(max(x, alpha), beta)
        sigmoid,       ///< 1 / (1 + exp(-x))
        hard_sigmoid,  ///< clip(alpha x + beta, 0, 1)
        hard_swish,    ///< x clip(x / 6 + 1 / 2, 0, 1)
        exp,
        sqrt,
        reciprocal,
        erf,
        gelu,       ///< x (1 + erf(x / sqrt 2)) / 2
        gelu_tanh,  ///< x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2
        tanh,
        elu,       ///< x < 0 ? alpha (exp(x) - 1) : x
        softplus,  ///< log(1 + exp(x))
        mish,      ///< x tanh(softplus(x))
        abs,
        ceil,
        floor,
        round,  ///< halves to the even neighbour
        square,
        quantized_u8,  ///< (clip(round(x / alpha) + beta, 0, 255) - beta) alpha
        quantized_i8,  ///< the same with -128 and 127
    };
    Kind kind = Kind::relu;
    float alpha = 0;
    float beta = 0;
};

/// to[i] = f(from[i]) for `count` numbers, on a team of `threads`; `to` may be `from`. The error is
/// below 4e-7, relative or absolute, whichever is larger. NaN gives NaN.
void apply(const Activation& activation, const float* from, float* to, std::int64_t count,
           int threads);

}  // namespace dbnet::engine::cpu
