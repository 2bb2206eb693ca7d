#include "train/optimizer_kernels.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/optimizer_kernels.cpp"
#include <hwy/foreach_target.h>
// clang-format off: highway.h must follow foreach_target.h
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace dbnet::train::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::CappedTag<float, 16>;
using Single = hn::CappedTag<float, 1>;

/// Calls f(tag, index) for each vector, and for each number of what remains.
template <typename F>
HWY_INLINE void for_each_vector(std::int64_t count, F&& f) {
    const Wide wide;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(wide));
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes) f(wide, i);
    for (; i < count; ++i) f(Single(), i);
}

template <bool kAdam, bool kAverage>
void update_all(const OptimizedRange& range, const UpdateRule& rule) {
    for_each_vector(range.count, [&](auto d, std::int64_t i) HWY_ATTR {
        const auto set = [&](float value) HWY_ATTR { return hn::Set(d, value); };
        const auto before = hn::LoadU(d, range.weight + i);
        const auto gradient =
            hn::MulAdd(hn::LoadU(d, range.gradient + i), set(rule.gradient_factor),
                       hn::Mul(set(rule.penalty), before));
        auto first = hn::Mul(hn::LoadU(d, range.first + i), set(rule.beta1));
        first = hn::MulAdd(set(kAdam ? 1 - rule.beta1 : 1.0f), gradient, first);
        hn::StoreU(first, d, range.first + i);
        auto move = hn::Mul(set(rule.rate), first);
        if constexpr (kAdam) {
            auto second = hn::Mul(hn::LoadU(d, range.second + i), set(rule.beta2));
            second = hn::MulAdd(hn::Mul(set(1 - rule.beta2), gradient), gradient, second);
            hn::StoreU(second, d, range.second + i);
            move = hn::Div(move, hn::MulAdd(hn::Sqrt(second), set(rule.scale), set(rule.epsilon)));
        }
        // In one difference: decay alone would often be lost in rounding.
        const auto weight = hn::Sub(before, hn::MulAdd(set(rule.decay), before, move));
        hn::StoreU(weight, d, range.weight + i);
        if constexpr (kAverage) {
            const auto average = hn::LoadU(d, range.average + i);
            hn::StoreU(hn::MulAdd(set(rule.average_share), hn::Sub(weight, average), average), d,
                       range.average + i);
        }
    });
}

void adam(const OptimizedRange& range, const UpdateRule& rule) {
    range.average != nullptr ? update_all<true, true>(range, rule)
                             : update_all<true, false>(range, rule);
}

void sgd(const OptimizedRange& range, const UpdateRule& rule) {
    range.average != nullptr ? update_all<false, true>(range, rule)
                             : update_all<false, false>(range, rule);
}

double squares(const float* numbers, std::int64_t count) {
    constexpr std::int64_t kBlock = 1024;  // summed up in f32
    double total = 0;
    for (std::int64_t begin = 0; begin < count; begin += kBlock) {
        auto wide = hn::Zero(Wide());
        float rest = 0;
        for_each_vector(std::min(kBlock, count - begin), [&](auto d, std::int64_t i) HWY_ATTR {
            const auto values = hn::LoadU(d, numbers + begin + i);
            if constexpr (std::is_same_v<decltype(d), Single>)
                rest += hn::GetLane(hn::Mul(values, values));
            else
                wide = hn::MulAdd(values, values, wide);
        });
        total += static_cast<double>(hn::GetLane(hn::SumOfLanes(Wide(), wide))) +
                 static_cast<double>(rest);
    }
    return total;
}

}  // namespace dbnet::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dbnet::train {

HWY_EXPORT(adam);
HWY_EXPORT(sgd);
HWY_EXPORT(squares);

void update_adam(const OptimizedRange& range, const UpdateRule& rule) {
    HWY_DYNAMIC_DISPATCH(adam)(range, rule);
}

void update_sgd(const OptimizedRange& range, const UpdateRule& rule) {
    HWY_DYNAMIC_DISPATCH(sgd)(range, rule);
}

double sum_of_squares(const float* numbers, std::int64_t count) {
    return HWY_DYNAMIC_DISPATCH(squares)(numbers, count);
}

}  // namespace dbnet::train
#endif
