#pragma once

#include <opencv2/core.hpp>

#include <dbnet/image.hpp>

namespace dbnet::image {

/// The pixels of an image as OpenCV sees them; valid as long as the image lives and stays in place.
inline cv::Mat matrix_of(Image& image) {
    return {image.height(), image.width(), CV_8UC3, image.row(0)};
}

}  // namespace dbnet::image
