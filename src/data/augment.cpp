// Flip, rotation about the centre, scale and crop become one map from the image to the sample, so
// each pixel is interpolated once and labels move exactly with it. Differences from the references
// (specification, 6.1): positions are real numbers, not columns of pixels; the last gap between
// texts counts as well; images without text are cropped too; what leaves the frame by the rotation
// does not bend a label.
#include "data/augment.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>
#include <utility>

#include "data/augment_range.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::data {
namespace {

/// How much of a window the text that it is drawn for fills at most, in width and in height.
constexpr double kFilled = 0.9;
/// Least scale relative to that at which a large text just fits.
constexpr double kSmallest = 0.5;

struct Interval {
    double low;
    double high;
};

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

/// Lower end of a window of `length` on an axis of `size`, around `target` and never beyond the
/// ends while it fits between them.
double window_begin(double size, double length, Interval target, core::Random& random) {
    const double last = std::max(0.0, size - length);
    const double from = std::clamp(std::min(target.low, target.high - length), 0.0, last);
    const double to = std::clamp(std::max(target.low, target.high - length), 0.0, last);
    return random.uniform(from, to);
}

/// The part of the frame that a window of the sample's size shows, and its scale. A random text
/// lies in it, without texts a random point. Where the text is too large for the highest scale, the
/// range of the scales ends where the text fits, and begins at half of that or lower. `level` in
/// [0, 1) is the place in the range.
std::pair<Rect, double> window_crop(Size frame, const std::vector<Rect>& boxes, double level,
                                    const AugmentOptions& options, core::Random& random) {
    Rect text{random.uniform(0, frame.width), random.uniform(0, frame.height), 0, 0};
    double low = options.scale_low;
    double high = options.scale_high;
    if (!boxes.empty()) {
        text = boxes[random.below(boxes.size())];
        const double fits =
            kFilled * std::min(options.size.width / text.width, options.size.height / text.height);
        low = std::min(low, kSmallest * fits);
        high = std::min(high, fits);
    }
    const double scale = low + (high - low) * level;
    const double width = options.size.width / scale;
    const double height = options.size.height / scale;
    const double left = window_begin(frame.width, width, {text.x, text.x + text.width}, random);
    const double top = window_begin(frame.height, height, {text.y, text.y + text.height}, random);
    return {{left, top, std::min(width, frame.width - left), std::min(height, frame.height - top)},
            scale};
}

/// Boxes of the text to be learnt, clipped to the frame; those outside are left out.
std::vector<Rect> boxes_of(const std::vector<TextLabel>& labels, const View& frame) {
    std::vector<Rect> boxes;
    for (const TextLabel& label : transform(labels, frame))
        if (!label.ignore)
            boxes.push_back(geometry::bounding_rect(clip(label.polygon, frame.covered)));
    return boxes;
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
    check_range("visible_share", options.visible_share, 0, 1);
    check(options.colour);
}

View draw_view(Size image, Size resized, const std::vector<TextLabel>& labels,
               const AugmentOptions& options, core::Random& random) {
    const double width = resized.width;
    const double height = resized.height;
    View frame{scaling(width / image.width, height / image.height), resized};
    if (random.uniform() < options.flip) frame.place = frame.place.then({-1, 0, width, 0, 1, 0});
    const double angle = random.uniform(-options.rotation, options.rotation);
    frame.place =
        frame.place.then(rotation(angle * std::numbers::pi / 180, {width / 2, height / 2}));

    const std::vector<Rect> boxes = boxes_of(labels, frame);
    const double level = random.uniform();
    Rect crop = whole(resized);
    if (options.crop == Crop::east) crop = east_crop(resized, boxes, options, random);
    double scale = std::min(options.size.width / crop.width, options.size.height / crop.height);
    if (options.crop == Crop::window)
        std::tie(crop, scale) = window_crop(resized, boxes, level, options, random);
    const auto covered = [](double side, int most) {
        return std::clamp(static_cast<int>(std::lround(side)), 1, most);
    };
    return {frame.place.then(translation(-crop.x, -crop.y)).then(scaling(scale, scale)),
            {covered(crop.width * scale, options.size.width),
             covered(crop.height * scale, options.size.height)}};
}

}  // namespace dbnet::data
