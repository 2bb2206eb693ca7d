#pragma once

#include "core/random.hpp"
#include "image/draw.hpp"

namespace dbnet::synth {

using image::Colour;

inline bool is_same(const Colour& a, const Colour& b) {
    return a.red == b.red && a.green == b.green && a.blue == b.blue;
}

/// Brightness as the eye has it, 0 to 255 (Rec. 601).
double brightness(const Colour& colour);

/// From hue [0, 6), saturation and value [0, 1].
Colour from_hsv(double hue, double saturation, double value);

/// The paints of walls, wood, stone: mostly pale or dull.
Colour draw_surface_colour(core::Random& random);

/// The paints of letters and signs: black, white or strong.
Colour draw_sign_colour(core::Random& random);

/// A sign colour that is at least `contrast` brighter or darker than the background; where luck
/// does not help, black or white, whichever is further.
Colour draw_contrasting_colour(const Colour& background, double contrast, core::Random& random);

/// A little brighter or darker.
Colour shaded(const Colour& colour, double factor);

/// t = 0: a, t = 1: b.
Colour mixed(const Colour& a, const Colour& b, double t);

}  // namespace dbnet::synth
