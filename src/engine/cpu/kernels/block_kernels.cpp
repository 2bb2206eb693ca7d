#include "engine/cpu/kernels/block_kernels.hpp"

#include <algorithm>
#include <array>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/cpu/kernels/block_kernels.cpp"
#include <hwy/foreach_target.h>
// clang-format off: highway.h must follow foreach_target.h
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace dbnet::engine::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Tag = hn::CappedTag<float, kRowUnit>;
using Vector = hn::Vec<Tag>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(Tag()));

// A register tile has kChannelBlock channels times up to this many vectors of pixels: 24
// accumulators of AVX-512's 32 registers, 12 of 16 otherwise.
constexpr int kMaxVectors = HWY_TARGET <= HWY_AVX3 ? 6 : 3;

// Taps accumulated before the next channels' turn, so that the pixels of a tile stay in the L1
// cache.
constexpr int kTapBlock = 96;

// Loops over the accumulators must be unrolled completely, or these live in memory.
#define DBNET_UNROLL HWY_UNROLL(36)

// Max and Min return their second operand where either is NaN: NaN stays.
template <int kCount>
HWY_INLINE void activate(const RunActivation& activation, Vector* v) {
    const Tag d;
    switch (activation.kind) {
        case RunActivation::Kind::identity: break;
        case RunActivation::Kind::relu: {
            DBNET_UNROLL
            for (int i = 0; i < kCount; ++i) v[i] = hn::Max(hn::Zero(d), v[i]);
            break;
        }
        case RunActivation::Kind::clamp: {
            const Vector low = hn::Set(d, activation.low);
            const Vector high = hn::Set(d, activation.high);
            DBNET_UNROLL
            for (int i = 0; i < kCount; ++i) v[i] = hn::Min(high, hn::Max(low, v[i]));
            break;
        }
        default: {
            const Vector slope = hn::Set(d, activation.slope);
            const Vector offset = hn::Set(d, activation.offset);
            const Vector one = hn::Set(d, 1.0F);
            const bool swish = activation.kind == RunActivation::Kind::hard_swish;
            DBNET_UNROLL
            for (int i = 0; i < kCount; ++i) {
                const Vector gate =
                    hn::Min(one, hn::Max(hn::Zero(d), hn::MulAdd(slope, v[i], offset)));
                v[i] = swish ? hn::Mul(v[i], gate) : gate;
            }
        }
    }
}

// Stores 2 * kLanes columns that begin at column x, even and odd ones apart.
HWY_INLINE void store_split(Vector first, Vector second, float* out, std::ptrdiff_t odd,
                            std::ptrdiff_t x) {
    const Tag d;
    float* starts_here = x % 2 == 0 ? out + x / 2 : out + odd + x / 2;
    float* starts_next = x % 2 == 0 ? out + odd + x / 2 : out + x / 2 + 1;
#if HWY_TARGET == HWY_SCALAR
    hn::StoreU(first, d, starts_here);
    hn::StoreU(second, d, starts_next);
#else
    hn::StoreU(hn::ConcatEven(d, second, first), d, starts_here);
    hn::StoreU(hn::ConcatOdd(d, second, first), d, starts_next);
#endif
}

// Part of a run: which taps, channels and columns.
struct Tile {
    int tap;
    int taps;
    int channel;
    std::ptrdiff_t x;
    std::ptrdiff_t last;  // offset of the last vector (of the last two with kSplit) from x
    bool begins;          // with the first tap
    bool ends;            // with the last tap
};

template <int kVectors, bool kSplit>
HWY_INLINE std::ptrdiff_t offset_of(const Tile& tile, int v) {
    constexpr int kFirstOfLast = kVectors - (kSplit ? 2 : 1);
    return v < kFirstOfLast ? v * kLanes : tile.last + (v - kFirstOfLast) * kLanes;
}

// The accumulators at the tile's first tap: the bias, or the sum so far.
template <int kVectors, bool kSplit>
HWY_INLINE void start(const RunConv& task, const Tile& tile, Vector* acc) {
    const Tag d;
    const float* bias = task.conv.bias.data() + task.first + tile.channel;
    DBNET_UNROLL
    for (int k = 0; k < kChannelBlock; ++k) {
        if (tile.begins) {
            const Vector value = hn::Set(d, bias[k]);
            DBNET_UNROLL
            for (int v = 0; v < kVectors; ++v) acc[k * kVectors + v] = value;
        } else {
            const int channel = std::min(tile.channel + k, task.channels - 1);
            const float* sum = task.out + channel * task.out_plane + tile.x;
            DBNET_UNROLL
            for (int v = 0; v < kVectors; ++v)
                acc[k * kVectors + v] = hn::LoadU(d, sum + offset_of<kVectors, kSplit>(tile, v));
        }
    }
}

// Stores the vectors of one channel, the residual added.
template <int kVectors, bool kSplit>
HWY_INLINE void store_channel(const RunConv& task, const Tile& tile, int k, const Vector* v) {
    const Tag d;
    float* out = task.out + k * task.out_plane;
    if constexpr (kSplit) {
        DBNET_UNROLL
        for (int i = 0; i < kVectors; i += 2)
            store_split(v[i], v[i + 1], out, task.odd,
                        tile.x + offset_of<kVectors, kSplit>(tile, i));
    } else if (tile.ends && task.residual != nullptr) {
        const float* residual = task.residual + k * task.residual_plane + tile.x;
        DBNET_UNROLL
        for (int i = 0; i < kVectors; ++i) {
            const std::ptrdiff_t x = offset_of<kVectors, kSplit>(tile, i);
            hn::StoreU(hn::Add(v[i], hn::LoadU(d, residual + x)), d, out + tile.x + x);
        }
    } else {
        DBNET_UNROLL
        for (int i = 0; i < kVectors; ++i)
            hn::StoreU(v[i], d, out + tile.x + offset_of<kVectors, kSplit>(tile, i));
    }
}

template <int kVectors, bool kSplit>
void conv_tile(const RunConv& task, const Tile& tile) {
    const Tag d;
    Vector acc[kChannelBlock * kVectors];
    start<kVectors, kSplit>(task, tile, acc);
    const float* HWY_RESTRICT weight =
        task.conv.weights.data() +
        static_cast<std::ptrdiff_t>(task.first + tile.channel) * task.conv.taps +
        static_cast<std::ptrdiff_t>(tile.tap) * kChannelBlock;
    const float* const* taps = task.taps + tile.tap;
    for (int t = 0; t < tile.taps; ++t, weight += kChannelBlock) {
        const float* pixels = taps[t] + tile.x;
        Vector pixel[kVectors];
        DBNET_UNROLL
        for (int v = 0; v < kVectors; ++v)
            pixel[v] = hn::LoadU(d, pixels + offset_of<kVectors, kSplit>(tile, v));
        DBNET_UNROLL
        for (int k = 0; k < kChannelBlock; ++k) {
            const Vector w = hn::Set(d, weight[k]);
            DBNET_UNROLL
            for (int v = 0; v < kVectors; ++v)
                acc[k * kVectors + v] = hn::MulAdd(w, pixel[v], acc[k * kVectors + v]);
        }
    }
    if (tile.ends) activate<kChannelBlock * kVectors>(task.conv.activation, acc);
    const int channels = std::min(kChannelBlock, task.channels - tile.channel);
    DBNET_UNROLL
    for (int k = 0; k < kChannelBlock; ++k)
        if (k < channels)
            store_channel<kVectors, kSplit>(task, tile, tile.channel + k, acc + k * kVectors);
}

using TileFunction = void (*)(const RunConv&, const Tile&);

// Tiles of one unit, two units, ...: a unit is a vector, or a pair of them when split.
template <bool kSplit, int... kUnits>
constexpr std::array<TileFunction, sizeof...(kUnits)> tile_table(
    std::integer_sequence<int, kUnits...>) {
    return {conv_tile<(kUnits + 1) * (kSplit ? 2 : 1), kSplit>...};
}

constexpr auto kTiles = tile_table<false>(std::make_integer_sequence<int, kMaxVectors>());
constexpr auto kSplitTiles = tile_table<true>(std::make_integer_sequence<int, kMaxVectors / 2>());

// A run is cut into tiles of nearly equal numbers of units.
void run_conv(const RunConv& task) {
    const bool split = task.odd != 0;
    const int taps = task.conv.taps;
    const std::ptrdiff_t unit = split ? 2 * kLanes : kLanes;
    const std::ptrdiff_t units = (task.width + unit - 1) / unit;
    const TileFunction* functions = split ? kSplitTiles.data() : kTiles.data();
    const std::ptrdiff_t max_units = split ? kMaxVectors / 2 : kMaxVectors;
    const std::ptrdiff_t tiles = (units + max_units - 1) / max_units;
    const int tap_block = split ? taps : kTapBlock;
    for (std::ptrdiff_t i = 0; i < tiles; ++i) {
        const std::ptrdiff_t begin = i * units / tiles;
        const std::ptrdiff_t end = (i + 1) * units / tiles;
        const TileFunction function = functions[end - begin - 1];
        Tile tile{};
        tile.x = begin * unit;
        tile.last = (i + 1 < tiles ? (end - 1) * unit : task.width - unit) - tile.x;
        for (tile.tap = 0; tile.tap < taps; tile.tap += tap_block) {
            tile.taps = std::min(tap_block, taps - tile.tap);
            tile.begins = tile.tap == 0;
            tile.ends = tile.tap + tile.taps == taps;
            for (tile.channel = 0; tile.channel < task.channels; tile.channel += kChannelBlock)
                function(task, tile);
        }
    }
}

void split(const float* row, int width, float* out, std::ptrdiff_t odd) {
    const Tag d;
    for (int i = 0; i < width; i += 2 * kLanes) {
        const int x = std::min(i, width - 2 * kLanes);
        store_split(hn::LoadU(d, row + x), hn::LoadU(d, row + x + kLanes), out, odd, x);
    }
}

// Where the column x * kStride + j - kKernel / 2 lies, relative to x.
template <int kKernel, int kStride>
HWY_INLINE std::ptrdiff_t column_offset(int j, std::ptrdiff_t odd) {
    const int column = j - kKernel / 2;
    if constexpr (kStride == 1) return column;
    return column % 2 == 0 ? column / 2 : odd + (column - 1) / 2;
}

template <int kKernel, int kStride>
void depthwise(const DepthwiseRows& task) {
    const Tag d;
    constexpr int kInputRows = (kDepthwiseRows - 1) * kStride + kKernel;
    Vector weights[kKernel * kKernel];
    for (int i = 0; i < kKernel * kKernel; ++i) weights[i] = hn::Set(d, task.weights[i]);
    const Vector bias = hn::Set(d, task.bias);
    for (int begin = 0; begin < task.width; begin += kLanes) {
        const int x = std::min(begin, task.width - kLanes);
        Vector acc[kDepthwiseRows];
        for (Vector& sum : acc) sum = bias;
        HWY_UNROLL(16)
        for (int i = 0; i < kInputRows; ++i) {
            Vector pixel[kKernel];
            for (int j = 0; j < kKernel; ++j)
                pixel[j] =
                    hn::LoadU(d, task.rows[i] + x + column_offset<kKernel, kStride>(j, task.odd));
            HWY_UNROLL(8)
            for (int r = 0; r < kDepthwiseRows; ++r) {
                const int row = i - r * kStride;
                if (row < 0 || row >= kKernel) continue;
                for (int j = 0; j < kKernel; ++j)
                    acc[r] = hn::MulAdd(weights[row * kKernel + j], pixel[j], acc[r]);
            }
        }
        activate<kDepthwiseRows>(task.activation, acc);
        for (int r = 0; r < kDepthwiseRows; ++r)
            hn::StoreU(acc[r], d, task.out + static_cast<std::ptrdiff_t>(r) * task.width + x);
    }
}

const BlockKernels* block_table() {
    static constexpr BlockKernels kTable = {.run_conv = run_conv,
                                            .split = split,
                                            .depthwise3 = depthwise<3, 1>,
                                            .depthwise3s2 = depthwise<3, 2>,
                                            .depthwise5 = depthwise<5, 1>,
                                            .depthwise5s2 = depthwise<5, 2>};
    return &kTable;
}

}  // namespace dbnet::engine::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dbnet::engine::cpu {

HWY_EXPORT(block_table);

const BlockKernels& block_kernels() { return *HWY_DYNAMIC_DISPATCH(block_table)(); }

PackedConv::PackedConv(const float* kernel, const float* channel_bias, int out_channel_count,
                       int tap_count, const RunActivation& function)
    : out_channels(out_channel_count),
      taps(tap_count),
      activation(function),
      weights(static_cast<std::size_t>(round_up(out_channels, kChannelBlock) * taps)),
      bias(static_cast<std::size_t>(round_up(out_channels, kChannelBlock))) {
    for (int k = 0; k < out_channels; ++k) {
        const int lane = k % kChannelBlock;
        for (int t = 0; t < taps; ++t)
            weights[static_cast<std::size_t>((k - lane) * taps + t * kChannelBlock + lane)] =
                kernel[k * taps + t];
    }
    if (channel_bias != nullptr) std::copy_n(channel_bias, out_channels, bias.begin());
}

}  // namespace dbnet::engine::cpu
#endif
