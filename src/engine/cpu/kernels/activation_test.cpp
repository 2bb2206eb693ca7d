// The functions against the C library's in double, with every instruction set.

#include "engine/cpu/kernels/activation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "engine/cpu/kernels/simd_targets.hpp"

namespace dbnet::engine::cpu {
namespace {

using Kind = Activation::Kind;

double exact(const Activation& f, double x) {
    const double gate = std::clamp(f.alpha * x + f.beta, 0.0, 1.0);
    switch (f.kind) {
        case Kind::relu: return x < 0 ? f.alpha * x : x;
        case Kind::linear: return f.alpha * x + f.beta;
        case Kind::clip: return std::clamp<double>(x, f.alpha, f.beta);
        case Kind::sigmoid: return 1 / (1 + std::exp(-x));
        case Kind::hard_sigmoid: return gate;
        case Kind::hard_swish: return x * std::clamp(x / 6 + 0.5, 0.0, 1.0);
        case Kind::exp: return std::exp(x);
        case Kind::sqrt: return std::sqrt(x);
        case Kind::reciprocal: return 1 / x;
        case Kind::erf: return std::erf(x);
        case Kind::gelu: return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2));
        case Kind::gelu_tanh:
            return 0.5 * x *
                   (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
        case Kind::tanh: return std::tanh(x);
        case Kind::elu: return x < 0 ? f.alpha * std::expm1(x) : x;
        case Kind::softplus: return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0);
        case Kind::mish: return x * std::tanh(std::log1p(std::exp(x)));
        case Kind::abs: return std::abs(x);
        case Kind::ceil: return std::ceil(x);
        case Kind::floor: return std::floor(x);
        case Kind::round: return std::nearbyint(x);
        case Kind::square: return x * x;
        case Kind::quantized_u8:
            return (std::clamp(std::nearbyint(x / f.alpha) + f.beta, 0.0, 255.0) - f.beta) *
                   f.alpha;
        case Kind::quantized_i8:
            return (std::clamp(std::nearbyint(x / f.alpha) + f.beta, -128.0, 127.0) - f.beta) *
                   f.alpha;
    }
    return 0;
}

constexpr Activation kAll[] = {{Kind::relu},
                               {Kind::relu, 0.1F},
                               {Kind::linear, -2, 3},
                               {Kind::clip, -1, 2},
                               {Kind::sigmoid},
                               {Kind::hard_sigmoid, 0.2F, 0.5F},
                               {Kind::hard_swish},
                               {Kind::exp},
                               {Kind::sqrt},
                               {Kind::reciprocal},
                               {Kind::erf},
                               {Kind::gelu},
                               {Kind::gelu_tanh},
                               {Kind::tanh},
                               {Kind::elu, 1.5F},
                               {Kind::softplus},
                               {Kind::mish},
                               {Kind::abs},
                               {Kind::floor},
                               {Kind::square},
                               {Kind::ceil},
                               {Kind::round},
                               {Kind::quantized_u8, 0.125F, 100},
                               {Kind::quantized_i8, 0.25F, -3}};

bool is_positive_only(Kind kind) { return kind == Kind::sqrt || kind == Kind::reciprocal; }

TEST(Activations, AgreeWithTheLibrary) {
    std::vector<float> x;
    for (int i = 0; i < 9001; ++i) x.push_back(static_cast<float>(i - 4500) * 0.0041F);
    for (const float special : {-1e30F, -200.0F, -88.5F, 88.0F, 200.0F, 1e18F, 1e-30F})
        x.push_back(special);
    for_each_simd_target([&](const char* target) {
        for (const Activation& f : kAll) {
            std::vector<float> y(x.size());
            apply(f, x.data(), y.data(), static_cast<std::int64_t>(x.size()), 2);
            for (std::size_t i = 0; i < x.size(); ++i) {
                if (is_positive_only(f.kind) && x[i] <= 0) continue;
                const double expected = exact(f, x[i]);
                if (std::abs(expected) > std::numeric_limits<float>::max()) continue;
                ASSERT_NEAR(y[i], expected, 4e-7 * std::max(1.0, std::abs(expected)))
                    << target << ", function " << static_cast<int>(f.kind) << " of " << x[i];
            }
        }
    });
}

TEST(Activations, KeepNanWhereverItStands) {
    for_each_simd_target([&](const char* target) {
        for (const Activation& f : kAll)
            for (std::size_t place = 0; place < 35; ++place) {
                std::vector<float> x(35, 1.0F);
                x[place] = std::numeric_limits<float>::quiet_NaN();
                apply(f, x.data(), x.data(), 35, 1);
                for (std::size_t i = 0; i < x.size(); ++i)
                    ASSERT_EQ(std::isnan(x[i]), i == place)
                        << target << ", function " << static_cast<int>(f.kind);
            }
    });
}

}  // namespace
}  // namespace dbnet::engine::cpu
