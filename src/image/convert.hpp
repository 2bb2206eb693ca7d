#pragma once

#include <cstddef>
#include <cstdint>

#include <dbnet/image.hpp>

namespace dbnet::image {

/// Throws Error{invalid_argument} unless the view has pixels, a known format and rows that fit
/// its stride.
void check_view(const ImageView& view);

/// `width` pixels of a row as RGB; alpha is ignored.
void to_rgb(const std::uint8_t* pixels, PixelFormat format, int width, std::uint8_t* rgb);

/// A copy as RGB. Throws Error{invalid_argument} for a view without pixels.
Image to_image(const ImageView& view);

/// Lays `count` RGBA pixels (alpha not multiplied into the colours) over white.
void over_white(const std::uint8_t* rgba, std::size_t count, std::uint8_t* rgb);

}  // namespace dbnet::image
