#include "app/report_pictures.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <opencv2/imgproc.hpp>

#include "geometry/polygon.hpp"
#include "image/draw.hpp"
#include "image/matrix.hpp"

namespace dbnet::app {
namespace {

constexpr int kThumbnailWidth = 560;  // about twice as it is shown: fine lines
constexpr int kThumbnailHeight = 640;  // of a tall image
constexpr int kCloseUpWidth = 320;
constexpr int kCloseUpHeight = 240;
constexpr double kSurroundings = 0.5;     // of the error's size, on each side
constexpr double kSmallestCloseUp = 120;  // pixels of the image

// The colours of the page (report_page.cpp).
constexpr image::Colour kRight{46, 160, 67};
constexpr image::Colour kMissed{229, 46, 77};
constexpr image::Colour kFalse{255, 140, 0};
constexpr image::Colour kIgnored{150, 150, 150};

/// Where a picture lies on the image: a pixel at (x, y) of it is `scale` pixels of the picture.
struct View {
    Point origin;
    double scale_x;
    double scale_y;

    Polygon operator()(const Polygon& polygon) const {
        Polygon moved;
        for (const Point& point : polygon)
            moved.push_back({(point.x - origin.x) * scale_x, (point.y - origin.y) * scale_y});
        return moved;
    }
};

template <typename Outlines>
void draw_fate(Image& picture, const Outlines& outlines, const std::vector<eval::Fate>& fates,
               eval::Fate fate, const View& view, image::Colour colour) {
    std::vector<image::Shape> shapes;
    for (std::size_t i = 0; i < outlines.size(); ++i)
        if (fates[i] == fate && geometry::is_bounded(outlines[i].polygon, 1e6))
            shapes.push_back({view(outlines[i].polygon), ""});
    image::draw(picture, shapes, {colour, 0});
}

/// Right ones first, so that errors lie on top.
void draw_all(Image& picture, const JudgedImage& judged, const View& view) {
    const auto& [truths, findings] = std::tie(judged.sample.truths, judged.sample.findings);
    const auto& truth_fates = judged.result.truth_fates;
    const auto& finding_fates = judged.result.finding_fates;
    draw_fate(picture, truths, truth_fates, eval::Fate::ignored, view, kIgnored);
    draw_fate(picture, findings, finding_fates, eval::Fate::ignored, view, kIgnored);
    draw_fate(picture, truths, truth_fates, eval::Fate::matched, view, kRight);
    draw_fate(picture, findings, finding_fates, eval::Fate::matched, view, kRight);
    draw_fate(picture, truths, truth_fates, eval::Fate::unmatched, view, kMissed);
    draw_fate(picture, findings, finding_fates, eval::Fate::unmatched, view, kFalse);
}

Image scaled(const cv::Mat& source, int width, int height) {
    Image result(width, height);
    cv::Mat target = image::matrix_of(result);
    const bool smaller = width < source.cols;
    cv::resize(source, target, target.size(), 0, 0, smaller ? cv::INTER_AREA : cv::INTER_CUBIC);
    return result;
}

Rect bounds_of(const JudgedImage& judged, const eval::DetectionError& error) {
    Polygon points;
    const auto add = [&](const Polygon& polygon) {
        points.insert(points.end(), polygon.begin(), polygon.end());
    };
    for (const std::int32_t i : error.truths)
        add(judged.sample.truths[static_cast<std::size_t>(i)].polygon);
    for (const std::int32_t i : error.findings)
        add(judged.sample.findings[static_cast<std::size_t>(i)].polygon);
    return geometry::bounding_rect(points);
}

/// The part of the image that is shown: with surroundings, in the proportions of the picture where
/// the image is large enough.
cv::Rect window_of(const Rect& bounds, int width, int height) {
    constexpr double kAspect = double{kCloseUpWidth} / kCloseUpHeight;
    const double grown = 1 + 2 * kSurroundings;
    const double wanted = std::max({bounds.width * grown, bounds.height * grown * kAspect,
                                    std::min(kSmallestCloseUp, static_cast<double>(width))});
    const int w = static_cast<int>(std::min<double>(width, wanted));
    const int h = static_cast<int>(std::clamp<double>(wanted / kAspect, 1, height));
    const double x = std::clamp<double>(bounds.x + (bounds.width - w) / 2, 0, width - w);
    const double y = std::clamp<double>(bounds.y + (bounds.height - h) / 2, 0, height - h);
    return {static_cast<int>(x), static_cast<int>(y), w, h};
}

}  // namespace

Image thumbnail(Image& image, const JudgedImage& judged) {
    const double scale = std::min(double{kThumbnailWidth} / image.width(),
                                  double{kThumbnailHeight} / image.height());
    const auto side = [scale](int length) {
        return std::max(1, static_cast<int>(std::lround(scale * length)));
    };
    Image small = scaled(image::matrix_of(image), side(image.width()), side(image.height()));
    draw_all(small, judged, {{0, 0}, scale, scale});
    return small;
}

Image close_up(Image& image, const JudgedImage& judged, const eval::DetectionError& error) {
    const cv::Rect window = window_of(bounds_of(judged, error), image.width(), image.height());
    const double scale =
        std::min(double{kCloseUpWidth} / window.width, double{kCloseUpHeight} / window.height);
    const auto side = [scale](int length) {
        return std::max(1, static_cast<int>(std::lround(scale * length)));
    };
    Image picture =
        scaled(image::matrix_of(image)(window), side(window.width), side(window.height));
    draw_all(picture, judged,
             {{static_cast<double>(window.x), static_cast<double>(window.y)}, scale, scale});
    return picture;
}

}  // namespace dbnet::app
