#pragma once

#include <opencv2/core/version.hpp>

namespace dbnet::test {

/// Whether this is the OpenCV that the golden data was made with. Newer ones order contours
/// otherwise and draw the borders of polygons a little differently, so there results are near the
/// recorded ones instead of equal.
constexpr bool kSameOpenCv = CV_VERSION_MAJOR == 4 && CV_VERSION_MINOR == 6;

}  // namespace dbnet::test
