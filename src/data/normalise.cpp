#include "data/normalise.hpp"

#include <algorithm>
#include <array>

#include <hwy/cache_control.h>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "data/normalise.cpp"
#include <hwy/foreach_target.h>
// clang-format off: highway.h must follow foreach_target.h
#include <hwy/highway.h>
// clang-format on

#ifndef DBNET_DATA_NORMALISE_PLANES
#define DBNET_DATA_NORMALISE_PLANES
namespace dbnet::data {

/// Where each channel of the pixels goes: v * factor + offset.
struct Planes {
    std::array<float*, 3> out;
    std::array<float, 3> factor;
    std::array<float, 3> offset;
};

}  // namespace dbnet::data
#endif

HWY_BEFORE_NAMESPACE();
namespace dbnet::data::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

[[maybe_unused]] constexpr std::size_t kBlock = 16;  ///< pixels

HWY_INLINE void normalise_pixel(const std::uint8_t* rgb, const Planes& planes, std::size_t at) {
    for (std::size_t c = 0; c < 3; ++c)
        planes.out[c][at] = rgb[3 * at + c] * planes.factor[c] + planes.offset[c];
}

#if HWY_TARGET != HWY_SCALAR
using Floats = hn::CappedTag<float, kBlock>;
using Integers = hn::RebindToSigned<Floats>;
using Bytes = hn::Rebind<std::uint8_t, Floats>;

template <bool kStream>
HWY_INLINE void normalise_block(const std::uint8_t* rgb, const Planes& planes, std::size_t at) {
    const hn::FixedTag<std::uint8_t, kBlock> d8;
    const Floats df;
    hn::Vec<decltype(d8)> channels[3];
    hn::LoadInterleaved3(d8, rgb + 3 * at, channels[0], channels[1], channels[2]);
    HWY_ALIGN std::uint8_t bytes[kBlock];
    for (std::size_t c = 0; c < 3; ++c) {
        hn::Store(channels[c], d8, bytes);
        const auto factor = hn::Set(df, planes.factor[c]);
        const auto offset = hn::Set(df, planes.offset[c]);
        for (std::size_t i = 0; i < kBlock; i += hn::Lanes(df)) {
            const auto whole = hn::PromoteTo(Integers(), hn::Load(Bytes(), bytes + i));
            const auto value = hn::MulAdd(hn::ConvertTo(df, whole), factor, offset);
            if constexpr (kStream)
                hn::Stream(value, df, planes.out[c] + at + i);
            else
                hn::StoreU(value, df, planes.out[c] + at + i);
        }
    }
}
#endif

/// Every pixel goes through the same operations wherever the memory begins: the first and the last
/// block overlap those between.
void normalise_pixels(const std::uint8_t* rgb, std::size_t pixels, const Planes& planes) {
#if HWY_TARGET != HWY_SCALAR
    constexpr std::size_t kAlignment = kBlock * sizeof(float);
    if (pixels >= kBlock) {
        const auto address = [&](std::size_t c) {
            return reinterpret_cast<std::uintptr_t>(planes.out[c]) % kAlignment;
        };
        normalise_block<false>(rgb, planes, 0);
        std::size_t at = (kAlignment - address(0)) / sizeof(float);
        if (address(0) == address(1) && address(0) == address(2)) {
            for (; at + kBlock <= pixels; at += kBlock) normalise_block<true>(rgb, planes, at);
            hwy::FlushStream();
        } else {
            for (; at + kBlock <= pixels; at += kBlock) normalise_block<false>(rgb, planes, at);
        }
        normalise_block<false>(rgb, planes, pixels - kBlock);
        return;
    }
#endif
    for (std::size_t at = 0; at < pixels; ++at) normalise_pixel(rgb, planes, at);
}

}  // namespace dbnet::data::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace dbnet::data {

HWY_EXPORT(normalise_pixels);

void normalise(const std::uint8_t* rgb, std::size_t pixels, const detect::InputSpec& spec,
               float* planes) {
    Planes to{};
    for (std::size_t c = 0; c < 3; ++c) {
        const std::size_t channel = spec.order == detect::ChannelOrder::rgb ? c : 2 - c;
        to.out[channel] = planes + c * pixels;
        to.factor[channel] = 1 / (255 * spec.std[c]);
        to.offset[channel] = -spec.mean[c] / spec.std[c];
    }
    HWY_DYNAMIC_DISPATCH(normalise_pixels)(rgb, pixels, to);
}

}  // namespace dbnet::data
#endif
