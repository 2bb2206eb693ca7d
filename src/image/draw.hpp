#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <dbnet/image.hpp>
#include <dbnet/region.hpp>

namespace dbnet::image {

struct Colour {
    std::uint8_t red;
    std::uint8_t green;
    std::uint8_t blue;
};

/// One thing to draw: a closed outline in image coordinates and a short ASCII label above it (""
/// for none).
struct Shape {
    Polygon outline;
    std::string label;
};

struct DrawStyle {
    Colour colour{0, 230, 118};
    double fill = 0.12;  ///< opacity of the interior, [0, 1]; 0 leaves it as it is
};

/// Draws anti-aliased outlines on the image, then the labels on boxes of their own, so that no
/// outline crosses a label. Line and letter sizes follow the height of each outline. Parts outside
/// the image are clipped; a label that would be too small to be read, larger than the image or
/// hide another shape is left out. Throws Error{invalid_argument} for coordinates that are not
/// finite.
void draw(Image& image, std::span<const Shape> shapes, const DrawStyle& style = {});

/// A copy whose longer side has at most so many pixels.
Image scaled_down(const ImageView& view, int longest);

}  // namespace dbnet::image
