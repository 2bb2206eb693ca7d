#pragma once

#include <cstdint>
#include <span>

#include "support/images.hpp"

// HEIF and AVIF, made by libheif and libavif. The distribution may have only the decoder: then what
// is returned is empty.
namespace dbnet::test {

/// `samples`: RGB, or RGBA with `alpha`.
Bytes heif_bytes(int width, int height, std::span<const std::uint8_t> samples, bool alpha);

struct AvifKind {
    bool alpha = false;
    int quarter_turns = 0;  ///< anticlockwise, that make it upright
    int mirror = -1;        ///< then 0: swaps top and bottom, 1: left and right
};
Bytes avif_bytes(int width, int height, std::span<const std::uint8_t> samples, AvifKind kind);

}  // namespace dbnet::test
