#pragma once

#include <dbnet/image.hpp>

#include "synth/colour.hpp"
#include "synth/raster.hpp"
#include "synth/texture.hpp"

// Colour on a picture through masks. Only the pixels of the mask are touched.
namespace dbnet::synth {

struct Paint {
    Colour top;                ///< colour at the upper edge of the mask
    Colour bottom;             ///< and at the lower one
    double opacity = 1;        ///< [0, 1]
    double shows_through = 0;  ///< how much of what differs from `ground` stays visible, [0, 1]
    Colour ground{};           ///< mean colour below
};

void blend(Image& image, const Mask& mask, const Paint& paint);

/// A bell of this sigma (pixels); what leaves the mask is lost.
void blur(Mask& mask, double sigma);

/// What lies within `radius` pixels, at most 32, of what is covered.
Mask dilated(const Mask& mask, double radius);

/// Takes colour off in stains: `amount` in [0, 1] of the place, about.
void wear(Mask& mask, const Texture& stains, double amount, core::Random& random);

}  // namespace dbnet::synth
