#include "engine/cpu/kernels/row_kernels.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/cpu/kernels/row_kernels.cpp"
#include <hwy/foreach_target.h>
// clang-format off: highway.h must follow foreach_target.h
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace dbnet::engine::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<float, kRowUnit>;
using Vector = hn::Vec<Tag>;

// Accumulators: two vectors of pixels times this many channels. 24 of AVX-512's 32 registers, 12
// of the 16 of the others; the rest hold the pixels and the broadcast weight.
constexpr int kMaxBlock = HWY_TARGET <= HWY_AVX3 ? 12 : 6;

// One or two vectors of pixels.
template <int kCount>
struct Pixels {
    static constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag()));

    HWY_INLINE void load(const float* from) {
        left = hn::LoadU(Tag(), from);
        if constexpr (kCount == 2) right = hn::LoadU(Tag(), from + kLanes);
    }
    HWY_INLINE void store(float* to) const {
        hn::StoreU(left, Tag(), to);
        if constexpr (kCount == 2) hn::StoreU(right, Tag(), to + kLanes);
    }
    HWY_INLINE void set_zero() {
        left = hn::Zero(Tag());
        if constexpr (kCount == 2) right = hn::Zero(Tag());
    }
    HWY_INLINE void add(Vector weight, const Pixels& pixels) {
        left = hn::MulAdd(weight, pixels.left, left);
        if constexpr (kCount == 2) right = hn::MulAdd(weight, pixels.right, right);
    }
    HWY_INLINE void add_row(Vector weight, const float* from) {
        Pixels pixels;
        pixels.load(from);
        add(weight, pixels);
    }
    HWY_INLINE void clamp() {
        left = hn::Max(hn::Zero(Tag()), left);  // in this order NaN stays
        if constexpr (kCount == 2) right = hn::Max(hn::Zero(Tag()), right);
    }

    Vector left;
    Vector right;
};

// One register tile: pixels from column x on by as many channels as there are K, from k0 on. Folds
// instead of loops over K: only then all compilers keep the array in registers.
template <int kPixels, int... K>
HWY_INLINE void conv_tile(const RowConv& task, const float* HWY_RESTRICT weights,
                          std::ptrdiff_t run, int k0, int x, std::integer_sequence<int, K...>) {
    constexpr int kBlock = sizeof...(K);
    const Tag d;
    Pixels<kPixels> acc[kBlock];
    (acc[K].set_zero(), ...);
    for (const RowTerm& term : task.terms) {
        const Vector scale = hn::Set(d, term.scale);
        const float* row = term.row + k0 * term.plane + x;
        (acc[K].add_row(scale, row + K * term.plane), ...);
    }
    const float* source = task.source + x;
    weights += task.first_slot * kBlock;
    for (int c = 0; c < task.in_channels; ++c, source += task.source_plane, weights += run) {
        const float* HWY_RESTRICT weight = weights;
        for (int t = 0; t < task.taps; ++t, weight += kBlock) {
            Pixels<kPixels> pixels;
            pixels.load(source + t);
            (acc[K].add(hn::Set(d, weight[K]), pixels), ...);
        }
    }
    if (task.relu) (acc[K].clamp(), ...);
    float* out = task.out + k0 * task.out_plane + x;
    (acc[K].store(out + K * task.out_plane), ...);
}

using TileFunction = void (*)(const RowConv&, const float*, std::ptrdiff_t, int, int);

template <int kPixels, int kBlock>
void conv_tile_of(const RowConv& task, const float* weights, std::ptrdiff_t run, int k0, int x) {
    conv_tile<kPixels>(task, weights, run, k0, x, std::make_integer_sequence<int, kBlock>());
}

template <int kPixels, int... kBlocks>
constexpr std::array<TileFunction, sizeof...(kBlocks)> tile_table(
    std::integer_sequence<int, kBlocks...>) {
    return {&conv_tile_of<kPixels, kBlocks + 1>...};
}

constexpr auto kSingle = tile_table<1>(std::make_integer_sequence<int, kMaxBlock>());
constexpr auto kDouble = tile_table<2>(std::make_integer_sequence<int, kMaxBlock>());

void conv(const RowConv& task) {
    constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag()));
    const PackedLayout layout(task.in_channels, task.out_channels, task.slots, kMaxBlock);
    for (int x = 0; x < task.width;) {
        const bool two = x + kLanes < task.width;
        const auto& tiles = two ? kDouble : kSingle;
        for (int b = 0; b < layout.blocks(); ++b)
            tiles[static_cast<std::size_t>(layout.size(b) - 1)](
                task, task.weights + layout.offset(b), layout.run(b), layout.begin(b), x);
        x += two ? 2 * kLanes : kLanes;
    }
}

void interleave(const float* even, const float* odd, float* out, int count) {
    const Tag d;
    const int lanes = static_cast<int>(hn::Lanes(d));
    for (int i = 0; 2 * i < count; i += lanes)
        hn::StoreInterleaved2(hn::LoadU(d, even + i), hn::LoadU(d, odd + i), d, out + 2 * i);
}

void subtract(const float* a, const float* b, float* out, int count) {
    const Tag d;
    const int lanes = static_cast<int>(hn::Lanes(d));
    for (int i = 0; i < count; i += lanes)
        hn::StoreU(hn::Sub(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, out + i);
}

// B^T d of F(4,3) (Lavin and Gray, arXiv 1509.09308, section 4.1, there F(4x4, 3x3)).
void winograd_rows(float* rows, std::ptrdiff_t stride, int count) {
    const Tag d;
    const int lanes = static_cast<int>(hn::Lanes(d));
    const Vector two = hn::Set(d, 2.0F);
    const Vector four = hn::Set(d, 4.0F);
    const Vector minus_five = hn::Set(d, -5.0F);
    for (int i = 0; i < count; i += lanes) {
        float* at = rows + i;
        const Vector d0 = hn::LoadU(d, at);
        const Vector d1 = hn::LoadU(d, at + stride);
        const Vector d2 = hn::LoadU(d, at + 2 * stride);
        const Vector d3 = hn::LoadU(d, at + 3 * stride);
        const Vector d4 = hn::LoadU(d, at + 4 * stride);
        const Vector d5 = hn::LoadU(d, at + 5 * stride);
        const Vector even = hn::NegMulAdd(four, d2, d4);  // d4 - 4 d2
        const Vector odd = hn::NegMulAdd(four, d1, d3);   // d3 - 4 d1
        const Vector even2 = hn::Sub(d4, d2);
        const Vector odd2 = hn::Mul(two, hn::Sub(d3, d1));
        hn::StoreU(hn::MulAdd(four, d0, hn::MulAdd(minus_five, d2, d4)), d, at);
        hn::StoreU(hn::Add(even, odd), d, at + stride);
        hn::StoreU(hn::Sub(even, odd), d, at + 2 * stride);
        hn::StoreU(hn::Add(even2, odd2), d, at + 3 * stride);
        hn::StoreU(hn::Sub(even2, odd2), d, at + 4 * stride);
        hn::StoreU(hn::MulAdd(four, d1, hn::MulAdd(minus_five, d3, d5)), d, at + 5 * stride);
    }
}

// Exp is defined up to 104; 1 / (1 + exp(88)) is the last normal number anyway.
HWY_INLINE Vector sigmoid(Tag d, Vector x) {
    const Vector one = hn::Set(d, 1.0F);
    const Vector e = hn::Exp(d, hn::Min(hn::Neg(x), hn::Set(d, 88.0F)));
    return hn::IfThenElse(hn::IsNaN(x), x, hn::Div(one, hn::Add(one, e)));
}

void sigmoid4(const std::array<const float*, 4>& logits, float* out, int count) {
    const Tag d;
    const int lanes = static_cast<int>(hn::Lanes(d));
    for (int i = 0; i < count; i += lanes) {
        const Vector v0 = sigmoid(d, hn::LoadU(d, logits[0] + i));
        const Vector v1 = sigmoid(d, hn::LoadU(d, logits[1] + i));
        const Vector v2 = sigmoid(d, hn::LoadU(d, logits[2] + i));
        const Vector v3 = sigmoid(d, hn::LoadU(d, logits[3] + i));
        if (i + lanes <= count) {
            hn::StoreInterleaved4(v0, v1, v2, v3, d, out + 4 * i);
        } else {
            HWY_ALIGN float last[4 * kRowUnit];
            hn::StoreInterleaved4(v0, v1, v2, v3, d, last);
            std::memcpy(out + 4 * i, last, static_cast<std::size_t>(count - i) * 4 * sizeof(float));
        }
    }
}

float sum(const float* row, int count) {
    const Tag d;
    const int lanes = static_cast<int>(hn::Lanes(d));
    Vector total = hn::Zero(d);
    int i = 0;
    for (; i + lanes <= count; i += lanes) total = hn::Add(total, hn::LoadU(d, row + i));
    float result = hn::GetLane(hn::SumOfLanes(d, total));
    for (; i < count; ++i) result += row[i];
    return result;
}

const RowKernels* table() {
    static constexpr RowKernels kTable = {.max_block = kMaxBlock,
                                          .conv = conv,
                                          .interleave = interleave,
                                          .subtract = subtract,
                                          .winograd_rows = winograd_rows,
                                          .sigmoid4 = sigmoid4,
                                          .sum = sum};
    return &kTable;
}

}  // namespace dbnet::engine::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dbnet::engine::cpu {

HWY_EXPORT(table);

const RowKernels& row_kernels() { return *HWY_DYNAMIC_DISPATCH(table)(); }

PackedLayout::PackedLayout(int in_channels, int out_channels, int slot_count, int max_block)
    : in(in_channels), out(out_channels), slots(slot_count) {
    const int count = (out + max_block - 1) / max_block;
    block = (out + count - 1) / count;
}

}  // namespace dbnet::engine::cpu
#endif
