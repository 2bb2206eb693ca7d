#pragma once

#include <array>
#include <string_view>
#include <vector>

#include <dbnet/image.hpp>

#include "core/random.hpp"
#include "data/chance.hpp"
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
    double quarter_turns = 0;   ///< probability of a turn by 90, 180 or 270 degrees
    Chance turn{0, -180, 180};  ///< degrees clockwise, instead of `rotation`
    Chance stretch{0, 0.5, 2};  ///< of the width relative to the height, uniform in its logarithm
    Chance perspective{0, 0.02, 0.1};  ///< how far corners move at most, relative to the sides
    Chance motion_blur{0, 3, 9};       ///< pixels of the sample
    Chance defocus{0, 0.7, 2.5};       ///< radius, pixels of the sample
    Chance noise{0, 2, 12};            ///< standard deviation, of 255
    Chance jpeg{0, 30, 90};            ///< quality
    Chance paste{0, 1, 4};             ///< words of another picture, pasted where no text is
};

/// What happens by chance: what configurations call it, and what its range must lie in.
struct AugmentChance {
    std::string_view name;
    Chance AugmentOptions::*chance;
    double least;
    double most;
};

inline constexpr std::array<AugmentChance, 8> kAugmentChances{
    {{"turn", &AugmentOptions::turn, -180, 180},
     {"stretch", &AugmentOptions::stretch, 0.25, 4},
     {"perspective", &AugmentOptions::perspective, 0, 0.2},
     {"motion_blur", &AugmentOptions::motion_blur, 1, 50},
     {"defocus", &AugmentOptions::defocus, 0.1, 20},
     {"noise", &AugmentOptions::noise, 0, 100},
     {"jpeg", &AugmentOptions::jpeg, 1, 100},
     {"paste", &AugmentOptions::paste, 1, 50}}};

/// Throws Error{invalid_argument}, naming the option and its range.
void check(const AugmentOptions& options);

bool overlap(const Rect& a, const Rect& b);

/// The scale at which text with this box is shown: in the range of the options, at the place
/// `level` in [0, 1) of it. Where that would take more than the share `filled` of the sample's
/// width or height, the range ends where it does not, and begins at half of that or lower.
double fitting_scale(const Rect& text, Size sample, double filled, double level,
                     const AugmentOptions& options);

/// Draws the geometry of a sample of an image that enters with the size `resized`. The sample is a
/// function of the arguments and the state of `random` alone.
View draw_view(Size image, Size resized, const std::vector<TextLabel>& labels,
               const AugmentOptions& options, core::Random& random);

}  // namespace dbnet::data
