// Plain loops where the compiler vectorises them: it compiles this file once for each instruction
// set (Highway's foreach_target), with the channels innermost.
#include "train/layer_kernels.hpp"

#include <algorithm>
#include <bit>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "train/layer_kernels.cpp"
#include <hwy/foreach_target.h>
// clang-format off: highway.h must follow foreach_target.h
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace dbnet::train::HWY_NAMESPACE {

// Rows whose sums are kept in f32 before they are added up in double.
constexpr std::int64_t kBlockRows = 64;

HWY_INLINE float to_float(float x) { return x; }
HWY_INLINE float to_float(Bf16 x) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16);
}

HWY_INLINE void store(float x, float& to) { to = x; }
/// To nearest, ties to even; NaN stays NaN because arithmetic makes quiet ones only.
HWY_INLINE void store(float x, Bf16& to) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    to.bits = static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

template <Activation kActivation>
HWY_INLINE float activate(float z) {
    if constexpr (kActivation == Activation::relu) return z < 0 ? 0 : z;  // NaN stays
    if constexpr (kActivation == Activation::hard_swish)
        return z * std::min(std::max(z + 3, 0.0f), 6.0f) * (1.0f / 6);
    return z;
}

/// The derivative; at the kinks LibTorch's.
template <Activation kActivation>
HWY_INLINE float slope(float z) {
    if constexpr (kActivation == Activation::relu) return z > 0 ? 1.0f : 0.0f;
    if constexpr (kActivation == Activation::hard_swish) {
        const float inside = z * (1.0f / 3) + 0.5f;
        const float above = z > 3 ? 1.0f : inside;
        return z < -3 ? 0.0f : above;
    }
    return 1;
}

/// f32 sums per channel of a block of rows, added to the totals in double.
class BlockSums {
public:
    BlockSums(std::int64_t channels, double* first, double* second)
        : first_(static_cast<std::size_t>(channels)),
          second_(first_.size()),
          first_total_(first),
          second_total_(second) {}

    float* first() { return first_.data(); }
    float* second() { return second_.data(); }

    void flush() {
        for (std::size_t c = 0; c < first_.size(); ++c) {
            first_total_[c] += static_cast<double>(first_[c]);
            second_total_[c] += static_cast<double>(second_[c]);
        }
        std::fill(first_.begin(), first_.end(), 0.0f);
        std::fill(second_.begin(), second_.end(), 0.0f);
    }

private:
    std::vector<float> first_;
    std::vector<float> second_;
    double* first_total_;
    double* second_total_;
};

template <typename T>
void add_moments(const T* HWY_RESTRICT x, std::int64_t rows, std::int64_t channels,
                 const float* HWY_RESTRICT shift, double* sums, double* squares) {
    BlockSums block(channels, sums, squares);
    float* HWY_RESTRICT sum = block.first();
    float* HWY_RESTRICT square = block.second();
    for (std::int64_t begin = 0; begin < rows; begin += kBlockRows) {
        const std::int64_t end = std::min(rows, begin + kBlockRows);
        for (std::int64_t row = begin; row < end; ++row, x += channels)
            for (std::int64_t c = 0; c < channels; ++c) {
                const float v = to_float(x[c]) - shift[c];
                sum[c] += v;
                square[c] += v * v;
            }
        block.flush();
    }
}

template <Activation kActivation, bool kResidual, typename T>
void normalise_rows(const T* HWY_RESTRICT x, const T* HWY_RESTRICT residual, std::int64_t rows,
                    std::int64_t channels, const float* HWY_RESTRICT scale,
                    const float* HWY_RESTRICT offset, T* HWY_RESTRICT y) {
    for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t c = 0; c < channels; ++c) {
            float z = to_float(x[c]) * scale[c] + offset[c];
            if constexpr (kResidual) z += to_float(residual[c]);
            store(activate<kActivation>(z), y[c]);
        }
        x += channels;
        y += channels;
        if constexpr (kResidual) residual += channels;
    }
}

/// Calls f with the activation as a constant.
template <typename F>
void with_activation(Activation activation, F&& f) {
    switch (activation) {
        case Activation::none: return f.template operator()<Activation::none>();
        case Activation::relu: return f.template operator()<Activation::relu>();
        case Activation::hard_swish: return f.template operator()<Activation::hard_swish>();
    }
}

template <typename T>
void normalise(const T* x, const T* residual, std::int64_t rows, std::int64_t channels,
               const float* scale, const float* offset, Activation activation, T* y) {
    with_activation(activation, [&]<Activation kActivation>() {
        if (residual == nullptr)
            normalise_rows<kActivation, false>(x, residual, rows, channels, scale, offset, y);
        else
            normalise_rows<kActivation, true>(x, residual, rows, channels, scale, offset, y);
    });
}

template <typename T>
void scale_activation(const T* HWY_RESTRICT x, std::int64_t count, float scale, float offset,
                      Activation activation, T* HWY_RESTRICT y) {
    with_activation(activation, [&]<Activation kActivation>() {
        for (std::int64_t i = 0; i < count; ++i)
            store(scale * activate<kActivation>(to_float(x[i])) + offset, y[i]);
    });
}

/// Sums are kept for so many elements beside each other, as vectors need it.
constexpr std::int64_t kLanes = 64;

template <Activation kActivation, typename T>
void scaled_gradient(const T* HWY_RESTRICT dy, const T* HWY_RESTRICT x, std::int64_t count,
                     float scale, T* HWY_RESTRICT dx, float* HWY_RESTRICT product,
                     float* HWY_RESTRICT sum) {
    for (std::int64_t i = 0; i < count; ++i) {
        const float g = to_float(dy[i]);
        const float z = to_float(x[i]);
        product[i] += g * activate<kActivation>(z);
        sum[i] += g;
        store(scale * g * slope<kActivation>(z), dx[i]);
    }
}

template <typename T>
void scaled_activation_gradient(const T* dy, const T* x, std::int64_t count, float scale,
                                Activation activation, T* dx, double* sums) {
    std::vector<double> totals(2 * kLanes);
    BlockSums block(kLanes, totals.data(), totals.data() + kLanes);
    with_activation(activation, [&]<Activation kActivation>() {
        for (std::int64_t begin = 0, row = 0; begin < count; begin += kLanes, ++row) {
            scaled_gradient<kActivation>(dy + begin, x + begin, std::min(kLanes, count - begin),
                                         scale, dx + begin, block.first(), block.second());
            if (row % kBlockRows == kBlockRows - 1) block.flush();
        }
    });
    block.flush();
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
        sums[0] += totals[static_cast<std::size_t>(lane)];
        sums[1] += totals[static_cast<std::size_t>(kLanes + lane)];
    }
}

/// dz of one element, from a NormaliseGradient's parts.
template <Activation kActivation, bool kFromOutput>
HWY_INLINE float gradient_of(float dy, float x, float y, float scale, float offset) {
    const float z = kFromOutput ? y : x * scale + offset;
    return dy * slope<kActivation>(z);
}

template <Activation kActivation, bool kFromOutput, bool kStore, typename T>
void gradient_sums_rows(const NormaliseGradient<T>& g, std::int64_t rows, std::int64_t channels,
                        const float* HWY_RESTRICT mean, BlockSums& block, T* HWY_RESTRICT dz) {
    const T* HWY_RESTRICT dy = g.dy;
    const T* HWY_RESTRICT x = g.x;
    const T* HWY_RESTRICT y = kFromOutput ? g.y : g.x;
    const float* HWY_RESTRICT scale = g.scale;
    const float* HWY_RESTRICT offset = g.offset;
    float* HWY_RESTRICT sum = block.first();
    float* HWY_RESTRICT product = block.second();
    for (std::int64_t begin = 0; begin < rows; begin += kBlockRows) {
        const std::int64_t end = std::min(rows, begin + kBlockRows);
        for (std::int64_t row = begin; row < end; ++row) {
            for (std::int64_t c = 0; c < channels; ++c) {
                const float v = to_float(x[c]);
                const float d = gradient_of<kActivation, kFromOutput>(
                    to_float(dy[c]), v, to_float(y[c]), scale[c], offset[c]);
                sum[c] += d;
                product[c] += d * (v - mean[c]);
                if constexpr (kStore) store(d, dz[c]);
            }
            dy += channels;
            x += channels;
            y += channels;
            if constexpr (kStore) dz += channels;
        }
        block.flush();
    }
}

template <typename T>
void add_gradient_sums(const NormaliseGradient<T>& g, std::int64_t rows, std::int64_t channels,
                       const float* mean, double* sums, double* products, T* dz) {
    BlockSums block(channels, sums, products);
    with_activation(g.activation, [&]<Activation kActivation>() {
        if (g.y == nullptr)
            gradient_sums_rows<kActivation, false, false>(g, rows, channels, mean, block, dz);
        else
            gradient_sums_rows<kActivation, true, true>(g, rows, channels, mean, block, dz);
    });
}

template <Activation kActivation, typename T>
void input_gradient_rows(const NormaliseGradient<T>& g, std::int64_t rows, std::int64_t channels,
                         const float* HWY_RESTRICT by_dz, const float* HWY_RESTRICT by_x,
                         const float* HWY_RESTRICT constant, T* HWY_RESTRICT dx) {
    const T* HWY_RESTRICT dy = g.dy;
    const T* HWY_RESTRICT x = g.x;
    const float* HWY_RESTRICT scale = g.scale;
    const float* HWY_RESTRICT offset = g.offset;
    for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t c = 0; c < channels; ++c) {
            const float v = to_float(x[c]);
            const float d =
                gradient_of<kActivation, false>(to_float(dy[c]), v, v, scale[c], offset[c]);
            store(d * by_dz[c] + (v * by_x[c] + constant[c]), dx[c]);
        }
        dy += channels;
        x += channels;
        dx += channels;
    }
}

template <typename T>
void input_gradient(const NormaliseGradient<T>& g, std::int64_t rows, std::int64_t channels,
                    const float* by_dz, const float* by_x, const float* constant, T* dx) {
    with_activation(g.activation, [&]<Activation kActivation>() {
        input_gradient_rows<kActivation>(g, rows, channels, by_dz, by_x, constant, dx);
    });
}

namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::CappedTag<float, 16>;
using Single = hn::CappedTag<float, 1>;

template <class D>
HWY_INLINE hn::Vec<D> load(D d, const float* from) {
    return hn::LoadU(d, from);
}
template <class D>
HWY_INLINE hn::Vec<D> load(D d, const Bf16* from) {
    const hn::Rebind<std::uint32_t, D> wide;
    const hn::Rebind<std::uint16_t, D> narrow;
    const auto bits = hn::LoadU(narrow, reinterpret_cast<const std::uint16_t*>(from));
    return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(wide, bits)));
}

template <class D>
HWY_INLINE void store(D d, hn::Vec<D> x, float* to) {
    hn::StoreU(x, d, to);
}
/// As the other store().
template <class D>
HWY_INLINE void store([[maybe_unused]] D d, hn::Vec<D> x, Bf16* to) {
    const hn::Rebind<std::uint32_t, D> wide;
    const hn::Rebind<std::uint16_t, D> narrow;
    const auto bits = hn::BitCast(wide, x);
    const auto odd = hn::And(hn::ShiftRight<16>(bits), hn::Set(wide, 1));
    const auto rounded = hn::Add(bits, hn::Add(hn::Set(wide, 0x7fff), odd));
    hn::StoreU(hn::TruncateTo(narrow, hn::ShiftRight<16>(rounded)), narrow,
               reinterpret_cast<std::uint16_t*>(to));
}

/// The outputs of a row for which a tap lies inside the input: first..last-1.
struct Columns {
    Columns(const DepthwiseShape& shape, std::int64_t tap) {
        const std::int64_t outside = std::max<std::int64_t>(shape.padding - tap, 0);
        first = (outside + shape.stride - 1) / shape.stride;
        const std::int64_t reach = shape.input_columns - 1 + shape.padding - tap;
        last = reach < 0 ? 0 : std::min(shape.output_columns, reach / shape.stride + 1);
    }
    std::int64_t first;
    std::int64_t last;
};

/// One kernel row's taps for the channels of one vector, over a row of outputs; x is the first
/// pixel of the row of inputs.
template <int kTaps, class D, typename T>
HWY_INLINE void depthwise_row(D d, const DepthwiseShape& shape, const T* x, const T* dy,
                              float* sums) {
    const std::int64_t channels = shape.channels;
    const auto place = [&](std::int64_t column, int tap) {
        return x + (column * shape.stride - shape.padding + tap) * channels;
    };
    hn::Vec<D> totals[kTaps];
    for (auto& total : totals) total = hn::Zero(d);
    const std::int64_t first = Columns(shape, 0).first;
    const std::int64_t last = std::max(first, Columns(shape, kTaps - 1).last);
    for (std::int64_t column = first; column < last; ++column) {
        const auto gradient = load(d, dy + column * channels);
        for (int tap = 0; tap < kTaps; ++tap)
            totals[tap] = hn::MulAdd(gradient, load(d, place(column, tap)), totals[tap]);
    }
    for (int tap = 0; tap < kTaps; ++tap) {
        const auto add = [&](std::int64_t from, std::int64_t to) HWY_ATTR {
            for (std::int64_t column = from; column < to; ++column)
                totals[tap] = hn::MulAdd(load(d, dy + column * channels),
                                         load(d, place(column, tap)), totals[tap]);
        };
        const Columns inside(shape, tap);
        add(inside.first, std::min(first, inside.last));
        add(std::max(last, inside.first), inside.last);
        float* sum = sums + tap * channels;
        hn::StoreU(hn::Add(hn::LoadU(d, sum), totals[tap]), d, sum);
    }
}

template <int kTaps, typename T>
void depthwise_rows(const DepthwiseShape& shape, const T* x, const T* dy, std::int64_t first,
                    std::int64_t last, float* sums) {
    const Wide wide;
    const Single single;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(wide));
    for (std::int64_t row = first; row < last; ++row) {
        const T* gradients = dy + row * shape.output_columns * shape.channels;
        const std::int64_t image = row / shape.output_rows;
        const std::int64_t top = row % shape.output_rows * shape.stride - shape.padding;
        for (std::int64_t tap = 0; tap < kTaps; ++tap) {
            if (top + tap < 0 || top + tap >= shape.input_rows) continue;
            const T* inputs =
                x + (image * shape.input_rows + top + tap) * shape.input_columns * shape.channels;
            float* to = sums + tap * kTaps * shape.channels;
            std::int64_t c = 0;
            for (; c + lanes <= shape.channels; c += lanes)
                depthwise_row<kTaps>(wide, shape, inputs + c, gradients + c, to + c);
            for (; c < shape.channels; ++c)
                depthwise_row<kTaps>(single, shape, inputs + c, gradients + c, to + c);
        }
    }
}

template <typename T>
void add_depthwise_sums(const DepthwiseShape& shape, const T* x, const T* dy, std::int64_t first,
                        std::int64_t last, float* sums) {
    if (shape.taps == 3)
        depthwise_rows<3>(shape, x, dy, first, last, sums);
    else
        depthwise_rows<5>(shape, x, dy, first, last, sums);
}

template <typename T>
void add_corners(const T* fine, const T* corners, std::int64_t pixels, std::int64_t channels,
                 T* sum) {
    const Wide wide;
    const Single single;
    const auto lanes = static_cast<std::int64_t>(hn::Lanes(wide));
    // A corner has the pixels 2 j - 1 and 2 j of the row, of which the first and the last one has
    // only one.
    for (std::int64_t j = 0; 2 * j - 1 < pixels; ++j) {
        const T* from = corners + (2 * j + 1) * channels;  // by the place in the row
        std::int64_t place = std::max<std::int64_t>(2 * j - 1, 0) * channels;
        const std::int64_t end = std::min(2 * j + 1, pixels) * channels;
        for (; place + lanes <= end; place += lanes)
            store(wide, hn::Add(load(wide, fine + place), load(wide, from + place)), sum + place);
        for (; place < end; ++place)
            store(single, hn::Add(load(single, fine + place), load(single, from + place)),
                  sum + place);
    }
}

// Highway exports functions, not templates.
#define DBNET_INSTANCES(T, suffix)                                                             \
    void add_moments_##suffix(const T* x, std::int64_t rows, std::int64_t channels,            \
                              const float* shift, double* sums, double* squares) {             \
        HWY_NAMESPACE::add_moments(x, rows, channels, shift, sums, squares);                   \
    }                                                                                          \
    void normalise_##suffix(const T* x, const T* residual, std::int64_t rows,                  \
                            std::int64_t channels, const float* scale, const float* offset,    \
                            Activation activation, T* y) {                                     \
        HWY_NAMESPACE::normalise(x, residual, rows, channels, scale, offset, activation, y);   \
    }                                                                                          \
    void add_gradient_sums_##suffix(const NormaliseGradient<T>& g, std::int64_t rows,          \
                                    std::int64_t channels, const float* mean, double* sums,    \
                                    double* products, T* dz) {                                 \
        HWY_NAMESPACE::add_gradient_sums(g, rows, channels, mean, sums, products, dz);         \
    }                                                                                          \
    void input_gradient_##suffix(const NormaliseGradient<T>& g, std::int64_t rows,             \
                                 std::int64_t channels, const float* by_dz, const float* by_x, \
                                 const float* constant, T* dx) {                               \
        HWY_NAMESPACE::input_gradient(g, rows, channels, by_dz, by_x, constant, dx);           \
    }                                                                                          \
    void add_depthwise_sums_##suffix(const DepthwiseShape& shape, const T* x, const T* dy,     \
                                     std::int64_t first, std::int64_t last, float* sums) {     \
        HWY_NAMESPACE::add_depthwise_sums(shape, x, dy, first, last, sums);                    \
    }                                                                                          \
    void add_corners_##suffix(const T* fine, const T* corners, std::int64_t pixels,            \
                              std::int64_t channels, T* sum) {                                 \
        HWY_NAMESPACE::add_corners(fine, corners, pixels, channels, sum);                      \
    }                                                                                          \
    void scale_activation_##suffix(const T* x, std::int64_t count, float scale, float offset,  \
                                   Activation activation, T* y) {                              \
        HWY_NAMESPACE::scale_activation(x, count, scale, offset, activation, y);               \
    }                                                                                          \
    void scaled_activation_gradient_##suffix(const T* dy, const T* x, std::int64_t count,      \
                                             float scale, Activation activation, T* dx,        \
                                             double* sums) {                                   \
        HWY_NAMESPACE::scaled_activation_gradient(dy, x, count, scale, activation, dx, sums);  \
    }
DBNET_INSTANCES(float, f32)
DBNET_INSTANCES(Bf16, bf16)
#undef DBNET_INSTANCES

}  // namespace dbnet::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dbnet::train {

#define DBNET_DISPATCH(T, suffix)                                                                 \
    HWY_EXPORT(add_moments_##suffix);                                                             \
    HWY_EXPORT(normalise_##suffix);                                                               \
    HWY_EXPORT(add_gradient_sums_##suffix);                                                       \
    HWY_EXPORT(input_gradient_##suffix);                                                          \
    HWY_EXPORT(add_depthwise_sums_##suffix);                                                      \
    HWY_EXPORT(add_corners_##suffix);                                                             \
    HWY_EXPORT(scale_activation_##suffix);                                                        \
    HWY_EXPORT(scaled_activation_gradient_##suffix);                                              \
    template <>                                                                                   \
    void add_moments(const T* x, std::int64_t rows, std::int64_t channels, const float* shift,    \
                     double* sums, double* squares) {                                             \
        HWY_DYNAMIC_DISPATCH(add_moments_##suffix)(x, rows, channels, shift, sums, squares);      \
    }                                                                                             \
    template <>                                                                                   \
    void normalise(const T* x, const T* residual, std::int64_t rows, std::int64_t channels,       \
                   const float* scale, const float* offset, Activation activation, T* y) {        \
        HWY_DYNAMIC_DISPATCH(normalise_##suffix)                                                  \
        (x, residual, rows, channels, scale, offset, activation, y);                              \
    }                                                                                             \
    template <>                                                                                   \
    void add_gradient_sums(const NormaliseGradient<T>& g, std::int64_t rows,                      \
                           std::int64_t channels, const float* mean, double* sums,                \
                           double* products, T* dz) {                                             \
        HWY_DYNAMIC_DISPATCH(add_gradient_sums_##suffix)                                          \
        (g, rows, channels, mean, sums, products, dz);                                            \
    }                                                                                             \
    template <>                                                                                   \
    void input_gradient(const NormaliseGradient<T>& g, std::int64_t rows, std::int64_t channels,  \
                        const float* by_dz, const float* by_x, const float* constant, T* dx) {    \
        HWY_DYNAMIC_DISPATCH(input_gradient_##suffix)                                             \
        (g, rows, channels, by_dz, by_x, constant, dx);                                           \
    }                                                                                             \
    template <>                                                                                   \
    void add_depthwise_sums(const DepthwiseShape& shape, const T* x, const T* dy,                 \
                            std::int64_t first, std::int64_t last, float* sums) {                 \
        HWY_DYNAMIC_DISPATCH(add_depthwise_sums_##suffix)(shape, x, dy, first, last, sums);       \
    }                                                                                             \
    template <>                                                                                   \
    void add_corners(const T* fine, const T* corners, std::int64_t pixels, std::int64_t channels, \
                     T* sum) {                                                                    \
        HWY_DYNAMIC_DISPATCH(add_corners_##suffix)(fine, corners, pixels, channels, sum);         \
    }                                                                                             \
    template <>                                                                                   \
    void scale_activation(const T* x, std::int64_t count, float scale, float offset,              \
                          Activation activation, T* y) {                                          \
        HWY_DYNAMIC_DISPATCH(scale_activation_##suffix)(x, count, scale, offset, activation, y);  \
    }                                                                                             \
    template <>                                                                                   \
    void scaled_activation_gradient(const T* dy, const T* x, std::int64_t count, float scale,     \
                                    Activation activation, T* dx, double* sums) {                 \
        HWY_DYNAMIC_DISPATCH(scaled_activation_gradient_##suffix)                                 \
        (dy, x, count, scale, activation, dx, sums);                                              \
    }
DBNET_DISPATCH(float, f32)
DBNET_DISPATCH(Bf16, bf16)
#undef DBNET_DISPATCH

}  // namespace dbnet::train
#endif
