// Drawing with OpenCV's anti-aliased primitives. They take pixel indices in fixed point, where the
// centre of the first pixel is 0: half a pixel less than image coordinates.
#include "image/draw.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "core/error.hpp"
#include "geometry/min_area_rect.hpp"
#include "geometry/polygon.hpp"
#include "image/convert.hpp"
#include "image/matrix.hpp"

namespace dbnet::image {
namespace {

constexpr int kFractionBits = 4;
constexpr int kFont = cv::FONT_HERSHEY_SIMPLEX;
constexpr double kFontHeight = 21;  ///< pixels of a capital at font scale 1
const cv::Scalar kCasing(24, 24, 24);

using FixedPolygon = std::vector<cv::Point>;

/// Sizes in pixels that follow from the height of the text that an outline is about: fine around
/// small letters, visible around large ones, and never coarse for the picture.
struct Sizes {
    int line;        ///< thickness of the outline
    int casing;      ///< thickness of the dark line below it, seen as its border; 0: none
    double letters;  ///< height of the label's letters
};

/// Lower labels cannot be read.
constexpr double kLeastLetters = 7;

Sizes sizes_for(const Polygon& outline, const Image& image) {
    constexpr double kLineShare = 1.0 / 20, kLetterShare = 0.3;       // of the text's height
    constexpr double kMostLine = 1.0 / 250, kMostLetters = 1.0 / 40;  // of the picture's side
    const double side = std::sqrt(static_cast<double>(image.width()) * image.height());
    const double text = geometry::min_area_rect(outline).short_side;
    const int line =
        std::max(1, static_cast<int>(std::lround(std::min(text * kLineShare, side * kMostLine))));
    return {line, line > 1 ? line + 2 * (line / 2) : 0,
            std::min(text * kLetterShare, std::max(side * kMostLetters, 2 * kLeastLetters))};
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

struct Label {
    const std::string* text;
    cv::Rect box;
    double scale;
    int thickness;
    int margin;  ///< between the text and the border of its box
};

/// A box that stands on the topmost vertex of the outline and extends towards its middle, so that
/// neighbours are left free; moved into the image. Nothing where the letters would be too small to
/// be read or the box larger than the image.
std::optional<Label> label_of(const Shape& shape, const Image& image) {
    if (shape.outline.empty() || shape.label.empty()) return std::nullopt;
    const Sizes sizes = sizes_for(shape.outline, image);
    if (sizes.letters < kLeastLetters) return std::nullopt;
    Label label{&shape.label,
                {},
                sizes.letters / kFontHeight,
                std::max(1, static_cast<int>(std::lround(sizes.letters / 14))),
                std::max(2, static_cast<int>(std::lround(sizes.letters / 4)))};
    int baseline = 0;
    const cv::Size text =
        cv::getTextSize(shape.label, kFont, label.scale, label.thickness, &baseline);
    const int width = text.width + 2 * label.margin, height = text.height + 2 * label.margin;
    if (width > image.width() || height > image.height()) return std::nullopt;
    const auto top = std::min_element(shape.outline.begin(), shape.outline.end(),
                                      [](const Point& a, const Point& b) { return a.y < b.y; });
    const Rect extent = geometry::bounding_rect(shape.outline);
    const bool on_the_right = top->x > extent.x + extent.width / 2;
    const double left =
        std::clamp(on_the_right ? top->x - width : top->x, 0.0, double(image.width() - width));
    const double upper =
        std::clamp(top->y - sizes.line - height, 0.0, double(image.height() - height));
    label.box = {static_cast<int>(left), static_cast<int>(upper), width, height};
    return label;
}

/// Whether the label would hide something of another outline: in dense text the picture is worth
/// more than the label.
bool hides_another(const Label& label, const Shape& own, std::span<const Shape> shapes) {
    const double right = label.box.x + label.box.width, bottom = label.box.y + label.box.height;
    return std::ranges::any_of(shapes, [&](const Shape& other) {
        if (&other == &own || other.outline.empty()) return false;
        const Rect r = geometry::bounding_rect(other.outline);
        const double columns = std::min(right, r.x + r.width) - std::max<double>(label.box.x, r.x);
        const double rows = std::min(bottom, r.y + r.height) - std::max<double>(label.box.y, r.y);
        constexpr double kTouching =
            0.2;  // of the label's height: outlines reach beyond their text
        return columns > 0 && rows > kTouching * label.box.height;
    });
}

void draw_label(cv::Mat& pixels, const Label& label, Colour colour) {
    cv::rectangle(pixels, label.box, scalar_of(colour), cv::FILLED);
    cv::putText(pixels, *label.text, {label.box.x + label.margin, label.box.br().y - label.margin},
                kFont, label.scale, text_colour_on(colour), label.thickness, cv::LINE_AA);
}

}  // namespace

void draw(Image& image, std::span<const Shape> shapes, const DrawStyle& style) {
    cv::Mat pixels = matrix_of(image);
    for (const Shape& shape : shapes) {
        const FixedPolygon polygon = to_fixed(shape.outline, image);
        if (polygon.empty()) continue;
        const Sizes sizes = sizes_for(shape.outline, image);
        if (style.fill > 0) fill(pixels, polygon, style);
        if (sizes.casing > 0) stroke(pixels, polygon, kCasing, sizes.casing);
        stroke(pixels, polygon, scalar_of(style.colour), sizes.line);
    }
    for (const Shape& shape : shapes) {
        const std::optional<Label> label = label_of(shape, image);
        if (label && !hides_another(*label, shape, shapes))
            draw_label(pixels, *label, style.colour);
    }
}

Image scaled_down(const ImageView& view, int longest) {
    Image image = to_image(view);
    const int side = std::max(image.width(), image.height());
    if (side <= longest) return image;
    const auto scaled = [&](int length) {
        return std::max(1, static_cast<int>(std::lround(double(length) * longest / side)));
    };
    Image small(scaled(image.width()), scaled(image.height()));
    cv::Mat target = matrix_of(small);
    cv::resize(matrix_of(image), target, target.size(), 0, 0, cv::INTER_AREA);
    return small;
}

}  // namespace dbnet::image
