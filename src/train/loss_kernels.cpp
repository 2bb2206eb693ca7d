#include "train/loss_kernels.hpp"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/loss_kernels.cpp"
#include <hwy/foreach_target.h>
// clang-format off: highway.h must follow foreach_target.h
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace dbnet::train::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::CappedTag<float, 16>;
using Single = hn::CappedTag<float, 1>;

// Pixels whose sums are kept in f32 before they are added up in double.
constexpr std::int64_t kBlock = 1024;

/// The logistic function of x, its derivative, and log(1 + exp(-|x|)) on demand: from exp(-|x|), so
/// that nothing overflows or cancels. NaN stays NaN, which hn::Exp would lose.
template <class D>
struct Logistic {
    using Vec = hn::Vec<D>;

    HWY_INLINE Logistic(D d, Vec x) {
        const Vec one = hn::Set(d, 1.0f);
        power = hn::IfThenElse(hn::IsNaN(x), x, hn::Exp(d, hn::Neg(hn::Abs(x))));
        const Vec large = hn::Div(one, hn::Add(one, power));
        const Vec small = hn::Mul(power, large);
        value = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), small, large);
        slope = hn::Mul(small, large);
    }
    HWY_INLINE Vec softplus(D d) const { return hn::Log1p(d, power); }

    Vec power;
    Vec value;
    Vec slope;
};

template <class D>
struct Sums {
    using Vec = hn::Vec<D>;

    explicit HWY_INLINE Sums(D d) { clear(d); }
    HWY_INLINE void clear(D d) {
        positives = negatives = entropy = probability = probability_text = hn::Zero(d);
        binary = binary_text = border = difference = hn::Zero(d);
    }
    HWY_INLINE void flush(D d, LossSums& to) {
        const auto sum = [&](Vec v) {
            return static_cast<double>(hn::GetLane(hn::SumOfLanes(d, v)));
        };
        to.positives += sum(positives);
        to.negatives += sum(negatives);
        to.entropy += sum(entropy);
        to.probability += sum(probability);
        to.probability_text += sum(probability_text);
        to.binary += sum(binary);
        to.binary_text += sum(binary_text);
        to.border += sum(border);
        to.difference += sum(difference);
        clear(d);
    }

    Vec positives, negatives, entropy, probability, probability_text;
    Vec binary, binary_text, border, difference;
};

template <bool kEntropy, bool kThreshold, class D>
HWY_INLINE void add_pixels(D d, const LossPixels& in, std::int64_t i, hn::Vec<D> k, Sums<D>& sums,
                           float* hardness) {
    const auto x = hn::LoadU(d, in.probability_logits + i);
    const auto text = hn::LoadU(d, in.probability + i);
    const auto mask = hn::LoadU(d, in.probability_mask + i);
    const auto positive = hn::Mul(text, mask);
    const auto negative = hn::Sub(mask, positive);
    const Logistic<D> p(d, x);
    sums.positives = hn::Add(sums.positives, positive);
    sums.negatives = hn::Add(sums.negatives, negative);
    if constexpr (kEntropy) {
        const auto entropy =
            hn::Add(hn::NegMulAdd(x, text, hn::Max(x, hn::Zero(d))), p.softplus(d));
        sums.entropy = hn::MulAdd(entropy, positive, sums.entropy);
        hn::StoreU(hn::Abs(hn::Mul(entropy, negative)), d, hardness + i);
    } else {
        sums.probability = hn::MulAdd(p.value, mask, sums.probability);
        sums.probability_text = hn::MulAdd(p.value, positive, sums.probability_text);
    }
    if constexpr (kThreshold) {
        const Logistic<D> t(d, hn::LoadU(d, in.threshold_logits + i));
        const Logistic<D> b(d, hn::Mul(k, hn::Sub(p.value, t.value)));
        const auto border = hn::LoadU(d, in.threshold_mask + i);
        const auto target = hn::LoadU(d, in.threshold + i);
        sums.binary = hn::MulAdd(b.value, mask, sums.binary);
        sums.binary_text = hn::MulAdd(b.value, positive, sums.binary_text);
        sums.border = hn::Add(sums.border, border);
        sums.difference = hn::MulAdd(hn::Abs(hn::Sub(t.value, target)), border, sums.difference);
    }
}

template <bool kEntropy, bool kThreshold>
void add_sums(const LossPixels& in, std::int64_t count, float k, LossSums& to, float* hardness) {
    const Wide wide;
    const Single single;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(wide));
    Sums<Wide> sums(wide);
    std::int64_t i = 0;
    while (i + lanes <= count) {
        const std::int64_t end = std::min(count - lanes + 1, i + kBlock);
        for (; i < end; i += lanes)
            add_pixels<kEntropy, kThreshold>(wide, in, i, hn::Set(wide, k), sums, hardness);
        sums.flush(wide, to);
    }
    Sums<Single> rest(single);
    for (; i < count; ++i)
        add_pixels<kEntropy, kThreshold>(single, in, i, hn::Set(single, k), rest, hardness);
    rest.flush(single, to);
}

/// The share with which a negative counts. Compared as the bits of numbers that are not negative,
/// so that NaN is hardest of all.
template <class D>
HWY_INLINE hn::Vec<D> share_of(D d, hn::Vec<D> hardness, const LossSlopes& slopes) {
    const hn::RebindToSigned<D> bits;
    const auto found = hn::BitCast(bits, hardness);
    const auto least = hn::BitCast(bits, hn::Set(d, slopes.least_hardness));
    const auto above = hn::RebindMask(d, hn::Gt(found, least));
    const auto equal = hn::RebindMask(d, hn::Eq(found, least));
    return hn::IfThenElse(above, hn::Set(d, 1.0f),
                          hn::IfThenElseZero(equal, hn::Set(d, slopes.tie_share)));
}

template <class D>
HWY_INLINE double sum_some(D d, const float* hardness, std::int64_t count,
                           const LossSlopes& slopes) {
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
    double total = 0;
    for (std::int64_t i = 0; i < count;) {
        auto sum = hn::Zero(d);
        for (const std::int64_t end = std::min(count, i + kBlock); i < end; i += lanes) {
            const auto values = hn::LoadU(d, hardness + i);
            sum = hn::MulAdd(values, share_of(d, values, slopes), sum);
        }
        total += static_cast<double>(hn::GetLane(hn::SumOfLanes(d, sum)));
    }
    return total;
}

double sum_hardest(const float* hardness, std::int64_t count, const LossSlopes& slopes) {
    const Wide wide;
    const std::int64_t whole = count - count % static_cast<std::int64_t>(hn::Lanes(wide));
    return sum_some(wide, hardness, whole, slopes) +
           sum_some(Single(), hardness + whole, count - whole, slopes);
}

template <bool kEntropy, bool kThreshold, class D>
HWY_INLINE void write_pixels(D d, const LossPixels& in, std::int64_t i, const float* hardness,
                             const LossSlopes& slopes, float* by_probability, float* by_threshold) {
    const auto set = [&](float value) { return hn::Set(d, value); };
    const auto text = hn::LoadU(d, in.probability + i);
    const auto mask = hn::LoadU(d, in.probability_mask + i);
    const auto positive = hn::Mul(text, mask);
    const Logistic<D> p(d, hn::LoadU(d, in.probability_logits + i));
    auto gradient = hn::Zero(d);  // by the logits, of what does not go through B
    auto by_map = hn::Zero(d);    // by P
    if constexpr (kEntropy) {
        const auto share = share_of(d, hn::LoadU(d, hardness + i), slopes);
        const auto weight = hn::MulAdd(hn::Sub(mask, positive), share, positive);
        gradient = hn::Mul(hn::Mul(set(slopes.entropy), weight), hn::Sub(p.value, text));
    } else {
        by_map = hn::MulAdd(set(slopes.probability_text), positive,
                            hn::Mul(set(slopes.probability), mask));
    }
    if constexpr (kThreshold) {
        const Logistic<D> t(d, hn::LoadU(d, in.threshold_logits + i));
        const auto k = set(slopes.k);
        const Logistic<D> b(d, hn::Mul(k, hn::Sub(p.value, t.value)));
        const auto by_binary =
            hn::MulAdd(set(slopes.binary_text), positive, hn::Mul(set(slopes.binary), mask));
        const auto through = hn::Mul(hn::Mul(by_binary, k), b.slope);
        by_map = hn::Add(by_map, through);
        const auto off = hn::Sub(t.value, hn::LoadU(d, in.threshold + i));
        const auto border = hn::Mul(set(slopes.difference), hn::LoadU(d, in.threshold_mask + i));
        const auto side = hn::IfThenZeroElse(hn::Eq(off, hn::Zero(d)), hn::CopySign(border, off));
        // The slope is 0 or more: its sign is that of the difference.
        hn::StoreU(hn::Mul(hn::Sub(side, through), t.slope), d, by_threshold + i);
    }
    hn::StoreU(hn::MulAdd(by_map, p.slope, gradient), d, by_probability + i);
}

template <bool kEntropy, bool kThreshold>
void write_gradients(const LossPixels& in, std::int64_t count, const float* hardness,
                     const LossSlopes& slopes, float* by_probability, float* by_threshold) {
    const Wide wide;
    const Single single;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(wide));
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes)
        write_pixels<kEntropy, kThreshold>(wide, in, i, hardness, slopes, by_probability,
                                           by_threshold);
    for (; i < count; ++i)
        write_pixels<kEntropy, kThreshold>(single, in, i, hardness, slopes, by_probability,
                                           by_threshold);
}

/// Calls f with the two properties of the losses as constants.
template <typename F>
void with_losses(bool entropy, bool threshold, F&& f) {
    if (entropy)
        threshold ? f.template operator()<true, true>() : f.template operator()<true, false>();
    else
        threshold ? f.template operator()<false, true>() : f.template operator()<false, false>();
}

void add_all_sums(const LossPixels& in, std::int64_t count, float k, LossSums& sums,
                  float* hardness) {
    with_losses(hardness != nullptr, in.threshold_logits != nullptr,
                [&]<bool kEntropy, bool kThreshold>() {
                    add_sums<kEntropy, kThreshold>(in, count, k, sums, hardness);
                });
}

void write_all_gradients(const LossPixels& in, std::int64_t count, const float* hardness,
                         const LossSlopes& slopes, float* by_probability, float* by_threshold) {
    with_losses(hardness != nullptr, in.threshold_logits != nullptr,
                [&]<bool kEntropy, bool kThreshold>() {
                    write_gradients<kEntropy, kThreshold>(in, count, hardness, slopes,
                                                          by_probability, by_threshold);
                });
}

}  // namespace dbnet::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dbnet::train {

HWY_EXPORT(add_all_sums);
HWY_EXPORT(sum_hardest);
HWY_EXPORT(write_all_gradients);

void add_loss_sums(const LossPixels& pixels, std::int64_t count, float k, LossSums& sums,
                   float* hardness) {
    HWY_DYNAMIC_DISPATCH(add_all_sums)(pixels, count, k, sums, hardness);
}

double sum_of_hardest(const float* hardness, std::int64_t count, const LossSlopes& slopes) {
    return HWY_DYNAMIC_DISPATCH(sum_hardest)(hardness, count, slopes);
}

void write_loss_gradients(const LossPixels& pixels, std::int64_t count, const float* hardness,
                          const LossSlopes& slopes, float* probability_gradient,
                          float* threshold_gradient) {
    HWY_DYNAMIC_DISPATCH(write_all_gradients)
    (pixels, count, hardness, slopes, probability_gradient, threshold_gradient);
}

}  // namespace dbnet::train
#endif
