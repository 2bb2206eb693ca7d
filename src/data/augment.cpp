// Flip, rotation about the centre, scale and crop become one affine map from the image to the
// sample, so each pixel is interpolated once and labels move exactly with it. Differences from the
// references (specification, 6.1): positions are real numbers, not columns of pixels; the last gap
// between texts counts as well; images without text are cropped too; what leaves the frame by the
// rotation is clipped off a label instead of bending it.
#include "data/augment.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <utility>

#include <opencv2/imgproc.hpp>

#include "data/augment_range.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::data {
namespace {

/// OpenCV divides larger outputs among its own threads.
constexpr int kSerialPixels = 1 << 16;
constexpr double kLeastArea = 1e-6;

struct Interval {
    double low;
    double high;
};

Affine translation(double x, double y) { return {1, 0, x, 0, 1, y}; }
Affine scaling(double x, double y) { return {x, 0, 0, 0, y, 0}; }

Affine rotation(double radians, Point centre) {
    const double c = std::cos(radians);
    const double s = std::sin(radians);
    return translation(-centre.x, -centre.y)
        .then({c, -s, 0, s, c, 0})
        .then(translation(centre.x, centre.y));
}

/// What of [0, size] no interval covers.
std::vector<Interval> gaps(std::vector<Interval> covered, double size) {
    std::ranges::sort(covered, {}, &Interval::low);
    std::vector<Interval> free;
    double end = 0;
    for (const Interval& interval : covered) {
        if (interval.low > end) free.push_back({end, std::min(interval.low, size)});
        end = std::max(end, interval.high);
        if (end >= size) return free;
    }
    free.push_back({end, size});
    return free;
}

/// Two positions, each in a random gap.
Interval pick_sides(const std::vector<Interval>& gaps, core::Random& random) {
    const auto position = [&] {
        const Interval& gap = gaps[random.below(gaps.size())];
        return random.uniform(gap.low, gap.high);
    };
    const double first = position();
    const double second = position();
    return {std::min(first, second), std::max(first, second)};
}

bool overlap(const Rect& a, const Rect& b) {
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height &&
           b.y < a.y + a.height;
}

Rect whole(Size frame) {
    return {0, 0, static_cast<double>(frame.width), static_cast<double>(frame.height)};
}

/// `boxes`: of the text to be learnt, in the frame.
Rect east_crop(Size frame, const std::vector<Rect>& boxes, const AugmentOptions& options,
               core::Random& random) {
    std::vector<Interval> columns;
    std::vector<Interval> rows;
    for (const Rect& box : boxes) {
        columns.push_back({box.x, box.x + box.width});
        rows.push_back({box.y, box.y + box.height});
    }
    const std::vector<Interval> x_gaps = gaps(std::move(columns), frame.width);
    const std::vector<Interval> y_gaps = gaps(std::move(rows), frame.height);
    if (x_gaps.empty() || y_gaps.empty()) return whole(frame);
    for (int i = 0; i < options.crop_tries; ++i) {
        const Interval x = pick_sides(x_gaps, random);
        const Interval y = pick_sides(y_gaps, random);
        const Rect crop{x.low, y.low, x.high - x.low, y.high - y.low};
        // A pixel at least: a crop is enlarged to the sample.
        if (crop.width < std::max(1.0, options.crop_min_side * frame.width) ||
            crop.height < std::max(1.0, options.crop_min_side * frame.height))
            continue;
        if (boxes.empty() ||
            std::ranges::any_of(boxes, [&](const Rect& box) { return overlap(box, crop); }))
            return crop;
    }
    return whole(frame);
}

/// Lower end of a window of `length` on an axis of `size`: around `target` if there is one, and
/// never beyond the ends while it fits between them.
double window_begin(double size, double length, std::optional<Interval> target,
                    core::Random& random) {
    const double last = std::max(0.0, size - length);
    if (!target) return random.uniform(0, last);
    const double from = std::clamp(std::min(target->low, target->high - length), 0.0, last);
    const double to = std::clamp(std::max(target->low, target->high - length), 0.0, last);
    return random.uniform(from, to);
}

/// The part of the frame that the sample shows at this scale; a random text lies in it, or it lies
/// in the text.
Rect window_crop(Size frame, const std::vector<Rect>& boxes, double scale,
                 const AugmentOptions& options, core::Random& random) {
    const double width = options.size.width / scale;
    const double height = options.size.height / scale;
    std::optional<Interval> x;
    std::optional<Interval> y;
    if (!boxes.empty()) {
        const Rect& box = boxes[random.below(boxes.size())];
        x = {box.x, box.x + box.width};
        y = {box.y, box.y + box.height};
    }
    const double left = window_begin(frame.width, width, x, random);
    const double top = window_begin(frame.height, height, y, random);
    return {left, top, std::min(width, frame.width - left), std::min(height, frame.height - top)};
}

/// Boxes of the text to be learnt, clipped to the frame; those outside are left out.
std::vector<Rect> boxes_of(const std::vector<TextLabel>& labels, const Affine& to_frame,
                           Size frame) {
    std::vector<Rect> boxes;
    for (const TextLabel& label : transform(labels, {to_frame, frame}))
        if (!label.ignore) boxes.push_back(geometry::bounding_rect(label.polygon));
    return boxes;
}

/// One side of clip(): keeps where a * x + b * y <= limit.
Polygon keep_half(const Polygon& polygon, double a, double b, double limit) {
    Polygon kept;
    for (std::size_t i = 0; i < polygon.size(); ++i) {
        const Point& from = polygon[i];
        const Point& to = polygon[(i + 1) % polygon.size()];
        const double from_excess = a * from.x + b * from.y - limit;
        const double to_excess = a * to.x + b * to.y - limit;
        if (from_excess <= 0) kept.push_back(from);
        if ((from_excess < 0 && to_excess > 0) || (from_excess > 0 && to_excess < 0)) {
            const double t = from_excess / (from_excess - to_excess);
            kept.push_back({from.x + t * (to.x - from.x), from.y + t * (to.y - from.y)});
        }
    }
    return kept;
}

/// Sutherland and Hodgman's clipping to [0, width] x [0, height].
Polygon clip(Polygon polygon, Size size) {
    polygon = keep_half(polygon, -1, 0, 0);
    polygon = keep_half(polygon, 1, 0, size.width);
    polygon = keep_half(polygon, 0, -1, 0);
    return keep_half(polygon, 0, 1, size.height);
}

}  // namespace

void check(const AugmentOptions& options) {
    check_range("width", options.size.width, 16, 16384);
    check_range("height", options.size.height, 16, 16384);
    check_range("flip", options.flip, 0, 1);
    check_range("rotation", options.rotation, 0, 180);
    check_range("scale_low", options.scale_low, 0.01, 100);
    check_range("scale_high", options.scale_high, options.scale_low, 100);
    check_range("crop_tries", options.crop_tries, 1, 1000);
    check_range("crop_min_side", options.crop_min_side, 0, 1);
    check(options.colour);
}

Affine Affine::then(const Affine& next) const {
    return {next.xx * xx + next.xy * yx,           next.xx * xy + next.xy * yy,
            next.xx * x0 + next.xy * y0 + next.x0, next.yx * xx + next.yy * yx,
            next.yx * xy + next.yy * yy,           next.yx * x0 + next.yy * y0 + next.y0};
}

View draw_view(Size image, Size resized, const std::vector<TextLabel>& labels,
               const AugmentOptions& options, core::Random& random) {
    const double width = resized.width;
    const double height = resized.height;
    Affine to_frame = scaling(width / image.width, height / image.height);
    if (random.uniform() < options.flip) to_frame = to_frame.then({-1, 0, width, 0, 1, 0});
    const double angle = random.uniform(-options.rotation, options.rotation);
    to_frame = to_frame.then(rotation(angle * std::numbers::pi / 180, {width / 2, height / 2}));

    const std::vector<Rect> boxes = boxes_of(labels, to_frame, resized);
    double scale = random.uniform(options.scale_low, options.scale_high);
    Rect crop = whole(resized);
    if (options.crop == Crop::east) crop = east_crop(resized, boxes, options, random);
    if (options.crop == Crop::window) crop = window_crop(resized, boxes, scale, options, random);
    if (options.crop != Crop::window)
        scale = std::min(options.size.width / crop.width, options.size.height / crop.height);
    const auto covered = [](double side, int most) {
        return std::clamp(static_cast<int>(std::lround(side)), 1, most);
    };
    return {to_frame.then(translation(-crop.x, -crop.y)).then(scaling(scale, scale)),
            {covered(crop.width * scale, options.size.width),
             covered(crop.height * scale, options.size.height)}};
}

Image warp(const ImageView& image, const View& view, Size size) {
    Image result(size.width, size.height);
    const cv::Mat source(image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.data),
                         static_cast<std::size_t>(image.stride));
    const int band = std::max(1, kSerialPixels / view.covered.width);
    for (int y = 0; y < view.covered.height; y += band) {
        const int rows = std::min(band, view.covered.height - y);
        cv::Mat part(rows, view.covered.width, CV_8UC3, result.row(y),
                     static_cast<std::size_t>(size.width) * 3);
        // Between pixel numbers, whose centres lie half a pixel further.
        const Affine map = translation(0.5, 0.5).then(view.place).then(translation(-0.5, -0.5 - y));
        const cv::Matx23d matrix(map.xx, map.xy, map.x0, map.yx, map.yy, map.y0);
        cv::warpAffine(source, part, matrix, part.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT);
    }
    return result;
}

std::vector<TextLabel> transform(const std::vector<TextLabel>& labels, const View& view) {
    std::vector<TextLabel> seen;
    for (const TextLabel& label : labels) {
        TextLabel moved{{}, label.ignore};
        for (const Point& point : label.polygon) moved.polygon.push_back(view.place(point));
        moved.polygon = clip(std::move(moved.polygon), view.covered);
        if (geometry::area(moved.polygon) <= kLeastArea) continue;
        // A flip reverses the direction.
        if (geometry::signed_area(moved.polygon) < 0) std::ranges::reverse(moved.polygon);
        seen.push_back(std::move(moved));
    }
    return seen;
}

}  // namespace dbnet::data
