#pragma once

#include <dbnet/image.hpp>

#include "core/random.hpp"
#include "data/augment.hpp"

namespace dbnet::data {

/// What a moving hand, a lens, a sensor and a file do to a photograph, in this order, each by its
/// chance in the options (motion_blur, defocus, noise, jpeg), to the part of the sample that the
/// image may cover. Nothing moves: labels stay right.
void degrade(Image& sample, Size covered, const AugmentOptions& options, core::Random& random);

}  // namespace dbnet::data
