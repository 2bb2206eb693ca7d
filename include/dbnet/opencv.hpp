#pragma once

// Adapters between dbnet and OpenCV, for programs that use both. Header-only: dbnet itself does not
// need OpenCV's headers.

#include <opencv2/core/mat.hpp>

#include <dbnet/error.hpp>
#include <dbnet/image.hpp>
#include <dbnet/region.hpp>

namespace dbnet {

/// Looks at a CV_8UC1, CV_8UC3 (BGR) or CV_8UC4 (BGRA) matrix without copying; it must outlive the
/// view. Throws Error{invalid_argument} for other types and for an empty matrix.
inline ImageView view(const cv::Mat& image) {
    if (image.dims != 2 || image.empty() || image.depth() != CV_8U || image.channels() == 2 ||
        image.channels() > 4)
        throw Error(ErrorCode::invalid_argument,
                    "a cv::Mat must be CV_8UC1, CV_8UC3 or CV_8UC4 and not empty");
    const PixelFormat format = image.channels() == 1   ? PixelFormat::grey8
                               : image.channels() == 3 ? PixelFormat::bgr8
                                                       : PixelFormat::bgra8;
    return {image.data, image.cols, image.rows, static_cast<std::ptrdiff_t>(image.step[0]), format};
}

/// The outline as OpenCV's pixel-centred coordinates, which lie half a pixel to the top left of
/// dbnet's.
inline std::vector<cv::Point2f> points(const Polygon& polygon) {
    std::vector<cv::Point2f> result;
    for (const Point& point : polygon)
        result.emplace_back(static_cast<float>(point.x - 0.5), static_cast<float>(point.y - 0.5));
    return result;
}

}  // namespace dbnet
