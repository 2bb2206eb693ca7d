#pragma once

#include <dbnet/image.hpp>
#include <dbnet/region.hpp>

#include "core/random.hpp"

// Random colours of a sample.
namespace dbnet::data {

struct ColourOptions {
    /// The factors are uniform in [1 - value, 1 + value], each value in [0, 1].
    double brightness = 0;
    double contrast = 0;  ///< about the mean grey
    double saturation = 0;
    double grey = 0;  ///< probability of a sample without colours
    double hue = 0;   ///< degrees, 0 to 180: the turn is uniform in [-hue, hue]
};

/// Throws Error{invalid_argument}, naming the option and its range.
void check(const ColourOptions& options);

/// Draws the changes and makes them, all in one, with a rounding error of at most one grey level:
/// with w the weights of grey (0.299, 0.587, 0.114), g = w . rgb, H the turn about the axis of
/// greys in YIQ, which keeps g, and m the mean of g,
///     rgb' = brightness (contrast (g + saturation (H rgb - g)) + (1 - contrast) m).
/// Only pixels whose centres lie in the convex polygon `shown` change: the rest is no part of the
/// picture and stays black.
void jitter_colours(Image& sample, const Polygon& shown, const ColourOptions& options,
                    core::Random& random);

}  // namespace dbnet::data
