#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <dbnet/image.hpp>

namespace dbnet::image {

/// Throws Error{invalid_argument} unless the view has pixels, a known format and rows that fit
/// its stride.
void check_view(const ImageView& view);

/// `width` pixels of a row as RGB; alpha is ignored.
void to_rgb(const std::uint8_t* pixels, PixelFormat format, int width, std::uint8_t* rgb);

/// A copy as RGB. Throws Error{invalid_argument} for a view without pixels.
Image to_image(const ImageView& view);

/// The grey level of a ground on which the visible ones of RGBA pixels (alpha not multiplied into
/// the colours) stand out: white, unless much of what is visible is nearly white itself, as white
/// letters are that only alpha shows.
std::uint8_t ground_for(std::span<const std::uint8_t> rgba);

/// Lays `count` such pixels over a grey ground.
void over(std::uint8_t ground, const std::uint8_t* rgba, std::size_t count, std::uint8_t* rgb);

}  // namespace dbnet::image
