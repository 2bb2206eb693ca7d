#pragma once

#include <dbnet/image.hpp>
#include <dbnet/region.hpp>

namespace dbnet::image {

/// No side of a rectified crop is longer (pixels).
inline constexpr int kMaxCropSide = 4096;

/// The inside of a quad, rectified by the perspective that maps its corners (top-left, top-right,
/// bottom-right, bottom-left) to those of the result. Its size is the mean length of opposite
/// sides, at least 1x1, scaled down to kMaxCropSide. Outside the image its nearest pixel continues.
/// Throws Error{invalid_argument} for an empty view or corners that are not within +-10 million.
Image rectify(const ImageView& view, const Quad& quad);

}  // namespace dbnet::image
