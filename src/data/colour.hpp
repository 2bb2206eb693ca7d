#pragma once

#include <dbnet/image.hpp>

#include "core/random.hpp"
#include "data/dataset.hpp"

// Random colours of a sample.
namespace dbnet::data {

/// The factors are uniform in [1 - value, 1 + value], each value in [0, 1].
struct ColourOptions {
    double brightness = 0;
    double contrast = 0;
    double saturation = 0;
};

/// Throws Error{invalid_argument}, naming the option and its range.
void check(const ColourOptions& options);

/// Draws the factors and changes brightness, contrast (about the mean grey) and saturation, in this
/// order, of the part of the sample that the image may cover; the rest stays black.
void jitter_colours(Image& sample, Size covered, const ColourOptions& options,
                    core::Random& random);

}  // namespace dbnet::data
