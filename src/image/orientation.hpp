#pragma once

#include <cstdint>
#include <span>

#include <dbnet/image.hpp>

namespace dbnet::image {

/// The orientation of an EXIF block (TIFF structure, with or without the leading "Exif\0\0"), 1 to
/// 8 as EXIF 2.3 numbers them; 1 (upright) where the block is broken or does not say.
int exif_orientation(std::span<const std::uint8_t> exif);

/// Whether columns of the upright image are rows as they are stored.
bool swaps_sides(int orientation);

/// Turns and mirrors stored pixels so that they stand upright. Orientations other than 2 to 8 leave
/// the image as it is.
Image upright(Image stored, int orientation);

}  // namespace dbnet::image
