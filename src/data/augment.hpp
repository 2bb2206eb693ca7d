#pragma once

#include <array>
#include <vector>

#include <dbnet/image.hpp>

#include "core/random.hpp"
#include "data/colour.hpp"
#include "data/dataset.hpp"
#include "data/targets.hpp"

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
    /// Range of the scale, for Crop::window. Crop::east enlarges its rectangle to the sample
    /// whatever the scale was, so the references' scale changes nothing there but the sharpness.
    double scale_low = 0.5;
    double scale_high = 3;
    int crop_tries = 10;         ///< rectangles that are tried before the whole image is taken
    double crop_min_side = 0.1;  ///< least side of a rectangle, relative to the image's
    ColourOptions colour;
};

/// Throws Error{invalid_argument}, naming the option and its range.
void check(const AugmentOptions& options);

/// (x, y) -> (xx * x + xy * y + x0, yx * x + yy * y + y0), in continuous coordinates.
struct Affine {
    double xx = 1, xy = 0, x0 = 0;
    double yx = 0, yy = 1, y0 = 0;

    Point operator()(const Point& p) const {
        return {xx * p.x + xy * p.y + x0, yx * p.x + yy * p.y + y0};
    }
    /// First this one, then `next`.
    Affine then(const Affine& next) const;
};

/// How an image lies in a sample: the part of the sample from its top-left corner that the image
/// may cover (the rest is black), and where its points go.
struct View {
    Affine place;
    Size covered;
};

/// Draws the geometry of a sample of an image that enters with the size `resized`. The sample is a
/// function of the arguments and the state of `random` alone.
View draw_view(Size image, Size resized, const std::vector<TextLabel>& labels,
               const AugmentOptions& options, core::Random& random);

/// The image as the view shows it: one bilinear warp on the calling thread, black outside.
Image warp(const ImageView& image, const View& view, Size size);

/// The labels as the view shows them, clipped to what it covers; those outside are left out.
std::vector<TextLabel> transform(const std::vector<TextLabel>& labels, const View& view);

}  // namespace dbnet::data
