// Rectification by OpenCV's perspective warp (bilinear). Its coordinates are pixel indices, half a
// pixel less than image coordinates, and no side of its input may exceed 32767: so only the part of
// the image around the quad is handed over, scaled down first where the result is, which also keeps
// fine patterns from aliasing.
#include "image/rectify.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "core/error.hpp"
#include "image/convert.hpp"
#include "image/matrix.hpp"

namespace dbnet::image {
namespace {

constexpr double kMostCoordinate = 1e7;
constexpr int kMargin = 2;  ///< pixels around the quad that interpolation may want

void check_quad(const Quad& quad) {
    for (const Point& point : quad)
        if (!(std::abs(point.x) <= kMostCoordinate && std::abs(point.y) <= kMostCoordinate))
            core::fail(ErrorCode::invalid_argument, "a crop's corner (", point.x, ", ", point.y,
                       ") is not within 10 million pixels of the image");
}

double mean_length(const Point& a, const Point& b, const Point& c, const Point& d) {
    return (std::hypot(a.x - b.x, a.y - b.y) + std::hypot(c.x - d.x, c.y - d.y)) / 2;
}

/// First and last pixel between two coordinates and the margin around them, cut to the image, of
/// which at least the nearest pixel remains.
cv::Range pixels_between(double low, double high, int image_side) {
    const double last = image_side - 1;
    const int first = static_cast<int>(std::clamp(std::floor(low) - kMargin, 0.0, last));
    const int end = static_cast<int>(std::clamp(std::floor(high) + kMargin, 0.0, last)) + 1;
    return {first, end};
}

/// Part of the image around the quad, and where the origin of its coordinates lies.
struct Part {
    Image pixels;
    Point origin;
};

Part part_around(const ImageView& view, const Quad& quad) {
    const auto [left, right] = std::minmax({quad[0].x, quad[1].x, quad[2].x, quad[3].x});
    const auto [top, bottom] = std::minmax({quad[0].y, quad[1].y, quad[2].y, quad[3].y});
    const cv::Range columns = pixels_between(left, right, view.width);
    const cv::Range rows = pixels_between(top, bottom, view.height);
    ImageView part = view;
    part.data = view.row(rows.start) + std::ptrdiff_t{columns.start} * channels(view.format);
    part.width = columns.size();
    part.height = rows.size();
    return {to_image(part), {double(columns.start), double(rows.start)}};
}

int scaled(double side, double scale) {
    return std::max(1, static_cast<int>(std::lround(side * scale)));
}

}  // namespace

Image rectify(const ImageView& view, const Quad& quad) {
    check_view(view);
    check_quad(quad);
    const double width = mean_length(quad[0], quad[1], quad[3], quad[2]);
    const double height = mean_length(quad[0], quad[3], quad[1], quad[2]);
    const double scale = std::min(1.0, kMaxCropSide / std::max({width, height, 1.0}));
    Image crop(scaled(width, scale), scaled(height, scale));
    Part part = part_around(view, quad);
    cv::Mat pixels = matrix_of(part.pixels);
    if (scale < 1)
        cv::resize(pixels, pixels, {scaled(pixels.cols, scale), scaled(pixels.rows, scale)}, 0, 0,
                   cv::INTER_AREA);
    const double scale_x = double(pixels.cols) / part.pixels.width();
    const double scale_y = double(pixels.rows) / part.pixels.height();
    std::array<cv::Point2f, 4> from;
    std::transform(quad.begin(), quad.end(), from.begin(), [&](const Point& point) {
        return cv::Point2f(static_cast<float>((point.x - part.origin.x) * scale_x - 0.5),
                           static_cast<float>((point.y - part.origin.y) * scale_y - 0.5));
    });
    const float right = static_cast<float>(crop.width()) - 0.5f;
    const float bottom = static_cast<float>(crop.height()) - 0.5f;
    const std::array<cv::Point2f, 4> to{
        {{-0.5f, -0.5f}, {right, -0.5f}, {right, bottom}, {-0.5f, bottom}}};
    cv::Mat target = matrix_of(crop);
    cv::warpPerspective(pixels, target, cv::getPerspectiveTransform(to.data(), from.data()),
                        target.size(), cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                        cv::BORDER_REPLICATE);
    return crop;
}

}  // namespace dbnet::image
