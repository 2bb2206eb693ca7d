// Drawing with OpenCV's anti-aliased primitives. They take pixel indices in fixed point, where the
// centre of the first pixel is 0: half a pixel less than image coordinates.
#include "image/draw.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "core/error.hpp"
#include "geometry/polygon.hpp"
#include "image/matrix.hpp"

namespace dbnet::image {
namespace {

constexpr int kFractionBits = 4;
constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kFontHeight = 21;  ///< pixels of a capital at font scale 1
const cv::Scalar kCasing(24, 24, 24);

using FixedPolygon = std::vector<cv::Point>;

/// Sizes in pixels that follow from the image's: fine on a small image, visible on a large one.
struct Sizes {
    int line;        ///< thickness of an outline
    int casing;      ///< thickness of the dark line below it, seen as its border
    double letters;  ///< height of the largest letters
};

Sizes sizes_for(const Image& image) {
    const double side = std::sqrt(static_cast<double>(image.width()) * image.height());
    const int line = std::max(1, static_cast<int>(std::lround(side / 450)));
    return {line, line + 2 * std::max(1, line / 2), std::max(9.0, side / 70)};
}

struct Lettering {
    double scale;
    int thickness;
    int margin;  ///< between the text and the border of its box
};

/// Letters are smaller on low outlines, so that the labels of dense text do not hide it.
Lettering lettering_for(const Shape& shape, const Sizes& sizes) {
    constexpr double kShareOfOutline = 0.4, kLeast = 7;
    const double outline_height = geometry::bounding_rect(shape.outline).height;
    const double letters = std::clamp(kShareOfOutline * outline_height, kLeast, sizes.letters);
    return {letters / kFontHeight, std::max(1, static_cast<int>(std::lround(letters / 10))),
            std::max(2, static_cast<int>(std::lround(letters / 4)))};
}

cv::Scalar scalar_of(Colour colour) {
    return {double(colour.red), double(colour.green), double(colour.blue)};
}

/// Far outside the image a coordinate is cut, so that the fixed-point number cannot overflow.
int to_fixed(double value, int image_side) {
    if (!std::isfinite(value))
        core::fail(ErrorCode::invalid_argument, "an outline's coordinate is not a finite number");
    const double cut = std::clamp(value, -2.0 * image_side, 3.0 * image_side);
    return static_cast<int>(std::lround((cut - 0.5) * (1 << kFractionBits)));
}

FixedPolygon to_fixed(const Polygon& outline, const Image& image) {
    FixedPolygon fixed;
    for (const Point& point : outline)
        fixed.emplace_back(to_fixed(point.x, image.width()), to_fixed(point.y, image.height()));
    return fixed;
}

/// The pixels that a filled polygon touches, cut to the image.
cv::Rect touched_pixels(const FixedPolygon& polygon, const cv::Mat& pixels) {
    const cv::Rect box = cv::boundingRect(polygon);
    const int left = (box.x >> kFractionBits) - 1, top = (box.y >> kFractionBits) - 1;
    const int right = (box.br().x >> kFractionBits) + 2;
    const int bottom = (box.br().y >> kFractionBits) + 2;
    return cv::Rect(cv::Point(left, top), cv::Point(right, bottom)) &
           cv::Rect(0, 0, pixels.cols, pixels.rows);
}

void blend(cv::Mat pixels, const cv::Mat& coverage, Colour colour, double opacity) {
    const std::array<double, 3> target{double(colour.red), double(colour.green),
                                       double(colour.blue)};
    for (int y = 0; y < pixels.rows; ++y) {
        auto* row = pixels.ptr<cv::Vec3b>(y);
        const std::uint8_t* covered = coverage.ptr(y);
        for (int x = 0; x < pixels.cols; ++x)
            for (int c = 0; c < 3; ++c)
                row[x][c] = cv::saturate_cast<std::uint8_t>(
                    row[x][c] + (target[c] - row[x][c]) * opacity * covered[x] / 255);
    }
}

void fill(cv::Mat& pixels, const FixedPolygon& polygon, const DrawStyle& style) {
    const cv::Rect area = touched_pixels(polygon, pixels);
    if (area.empty()) return;
    cv::Mat coverage(area.size(), CV_8UC1, cv::Scalar(0));
    FixedPolygon shifted;
    for (const cv::Point& point : polygon)
        shifted.push_back(point - area.tl() * (1 << kFractionBits));
    cv::fillPoly(coverage, std::vector{shifted}, cv::Scalar(255), cv::LINE_AA, kFractionBits);
    blend(pixels(area), coverage, style.colour, style.fill);
}

void stroke(cv::Mat& pixels, const FixedPolygon& polygon, const cv::Scalar& colour, int thickness) {
    cv::polylines(pixels, polygon, true, colour, thickness, cv::LINE_AA, kFractionBits);
}

/// Black or white, whichever is easier to read on the colour (Rec. 601 luma).
cv::Scalar text_colour_on(Colour colour) {
    const int luma = 299 * colour.red + 587 * colour.green + 114 * colour.blue;
    return luma > 128'000 ? cv::Scalar(0, 0, 0) : cv::Scalar(255, 255, 255);
}

/// A box that stands on the topmost vertex of the outline and extends towards its middle, so that
/// neighbours are left free; moved into the image.
void draw_label(cv::Mat& pixels, const Shape& shape, const Sizes& sizes, Colour colour) {
    const auto top = std::min_element(shape.outline.begin(), shape.outline.end(),
                                      [](const Point& a, const Point& b) { return a.y < b.y; });
    const auto [scale, thickness, margin] = lettering_for(shape, sizes);
    int baseline = 0;
    const cv::Size text = cv::getTextSize(shape.label, kFont, scale, thickness, &baseline);
    const int width = text.width + 2 * margin, height = text.height + 2 * margin;
    if (width > pixels.cols || height > pixels.rows) return;
    const Rect extent = geometry::bounding_rect(shape.outline);
    const bool on_the_right = top->x > extent.x + extent.width / 2;
    const double left =
        std::clamp(on_the_right ? top->x - width : top->x, 0.0, double(pixels.cols - width));
    const double upper =
        std::clamp(top->y - sizes.line - height, 0.0, double(pixels.rows - height));
    const cv::Rect box(static_cast<int>(left), static_cast<int>(upper), width, height);
    cv::rectangle(pixels, box, scalar_of(colour), cv::FILLED);
    cv::putText(pixels, shape.label, {box.x + margin, box.br().y - margin}, kFont, scale,
                text_colour_on(colour), thickness, cv::LINE_AA);
}

}  // namespace

void draw(Image& image, std::span<const Shape> shapes, const DrawStyle& style) {
    const Sizes sizes = sizes_for(image);
    cv::Mat pixels = matrix_of(image);
    for (const Shape& shape : shapes) {
        const FixedPolygon polygon = to_fixed(shape.outline, image);
        if (polygon.empty()) continue;
        if (style.fill > 0) fill(pixels, polygon, style);
        stroke(pixels, polygon, kCasing, sizes.casing);
        stroke(pixels, polygon, scalar_of(style.colour), sizes.line);
    }
    for (const Shape& shape : shapes)
        if (!shape.outline.empty() && !shape.label.empty())
            draw_label(pixels, shape, sizes, style.colour);
}

}  // namespace dbnet::image
