#pragma once

#include <array>
#include <vector>

#include <dbnet/image.hpp>

#include "core/random.hpp"
#include "data/colour.hpp"
#include "data/dataset.hpp"
#include "data/targets.hpp"
#include "data/view.hpp"

// Random views of a labelled image (specification, 6.1).
namespace dbnet::data {

/// Which part of the image becomes the sample.
enum class Crop {
    east,    ///< a random rectangle whose sides cut no text, enlarged or reduced to the sample
    window,  ///< the scaled image through a window of the sample's size, with text in it
    whole,   ///< all of the image, fitted into the sample
};

struct AugmentOptions {
    Size size{640, 640};   ///< of the sample, each side 16 ... 16384
    double flip = 0.5;     ///< probability of a horizontal flip
    double rotation = 10;  ///< degrees: the angle is uniform in [-rotation, rotation]
    Crop crop = Crop::east;
    /// Range of the scale, for Crop::window, which goes below it for text that would not fit.
    /// Crop::east enlarges its rectangle to the sample whatever the scale was, so the references'
    /// scale changes nothing there but the sharpness.
    double scale_low = 0.5;
    double scale_high = 3;
    int crop_tries = 10;         ///< rectangles that are tried before the whole image is taken
    double crop_min_side = 0.1;  ///< least side of a rectangle, relative to the image's
    /// Text of which the sample shows less than this share of the area is ignored, [0, 1].
    double visible_share = 0.7;
    ColourOptions colour;
};

/// Throws Error{invalid_argument}, naming the option and its range.
void check(const AugmentOptions& options);

/// Draws the geometry of a sample of an image that enters with the size `resized`. The sample is a
/// function of the arguments and the state of `random` alone.
View draw_view(Size image, Size resized, const std::vector<TextLabel>& labels,
               const AugmentOptions& options, core::Random& random);

}  // namespace dbnet::data
