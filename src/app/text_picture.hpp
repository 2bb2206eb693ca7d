#pragma once

#include <cstdint>

#include <dbnet/image.hpp>

namespace dbnet::app {

/// A picture for comparing models where there are no photographs: lines of words and numbers in
/// several sizes and grey levels on an uneven, noisy background. The same arguments give the same
/// picture. Sides of at least 1.
Image text_picture(int width, int height, std::uint64_t seed);

}  // namespace dbnet::app
