#pragma once

#include <dbnet/image.hpp>

#include "synth/texture.hpp"

// What light, lens, sensor and file do to a picture.
namespace dbnet::synth {

struct CameraOptions {
    bool noise = true;  ///< of the sensor
    bool jpeg = true;   ///< artefacts of compression
};

/// Light from a side, warm or cold, dim or bright, with soft shadows; then a lens that is not quite
/// sharp, a sensor with noise, a JPEG of middling quality. Returns the image and the sigma (pixels)
/// of the Gaussian by which the lens blurred it.
double photograph(Image& image, const CameraOptions& options, const Textures& textures,
                  core::Random& random);

}  // namespace dbnet::synth
