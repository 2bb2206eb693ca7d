#pragma once

#include <cstddef>
#include <cstdint>

#include "detect/preprocess.hpp"

namespace dbnet::data {

/// From RGB pixels to the network's input, as detect::preprocess() does where nothing is resized:
/// 3 x pixels floats. They go past the caches, which hold better things than a batch that is read
/// much later.
void normalise(const std::uint8_t* rgb, std::size_t pixels, const detect::InputSpec& spec,
               float* planes);

}  // namespace dbnet::data
