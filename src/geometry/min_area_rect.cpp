#include "geometry/min_area_rect.hpp"

#include <algorithm>

#include <opencv2/imgproc.hpp>

#include "geometry/offset.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::geometry {

TurnedRect min_area_rect(std::span<const Point> points) {
    TurnedRect result;
    if (points.empty() || !is_bounded(points, kLargestCoordinate)) return result;
    cv::AutoBuffer<cv::Point2f, 256> buffer(points.size());
    for (std::size_t i = 0; i < points.size(); ++i)
        buffer[i] = {static_cast<float>(points[i].x), static_cast<float>(points[i].y)};
    const cv::RotatedRect rect =
        cv::minAreaRect(cv::Mat(static_cast<int>(points.size()), 1, CV_32FC2, buffer.data()));
    cv::Point2f corners[4];
    rect.points(corners);
    for (std::size_t i = 0; i < 4; ++i) result.corners[i] = {corners[i].x, corners[i].y};
    result.short_side = std::min(rect.size.width, rect.size.height);
    result.long_side = std::max(rect.size.width, rect.size.height);
    return result;
}

Quad clockwise_from_top_left(const std::array<Point, 4>& corners) {
    Quad sorted = corners;
    std::stable_sort(sorted.begin(), sorted.end(), [](Point a, Point b) { return a.x < b.x; });
    const bool first_left_is_top = sorted[1].y > sorted[0].y;
    const bool first_right_is_top = sorted[3].y > sorted[2].y;
    return {sorted[first_left_is_top ? 0 : 1], sorted[first_right_is_top ? 2 : 3],
            sorted[first_right_is_top ? 3 : 2], sorted[first_left_is_top ? 1 : 0]};
}

}  // namespace dbnet::geometry
