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
/// lies in it, without texts a random point. `level`: see fitting_scale().
std::pair<Rect, double> window_crop(Size frame, const std::vector<Rect>& boxes, double level,
                                    const AugmentOptions& options, core::Random& random) {
    Rect text{random.uniform(0, frame.width), random.uniform(0, frame.height), 0, 0};
    if (!boxes.empty()) text = boxes[random.below(boxes.size())];
    const double scale = fitting_scale(text, options.size, kFilled, level, options);
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

/// Moves what the frame shows; the frame becomes the box around that.
void move(View& frame, const Projection& map) {
    const double width = frame.covered.width;
    const double height = frame.covered.height;
    const Polygon corners{map({0, 0}), map({width, 0}), map({width, height}), map({0, height})};
    const Rect box = geometry::bounding_rect(corners);
    const auto side = [](double length) {
        return std::max(1, static_cast<int>(std::lround(length)));
    };
    frame = {frame.place.then(map).then(translation(-box.x, -box.y)),
             {side(box.width), side(box.height)}};
}

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

/// Each corner of the frame goes up to `strength` of the sides to either side.
Projection draw_perspective(Size frame, double strength, core::Random& random) {
    const double width = frame.width;
    const double height = frame.height;
    Quad corners{{{0, 0}, {width, 0}, {width, height}, {0, height}}};
    for (Point& corner : corners)
        corner = {corner.x + width * random.uniform(-strength, strength),
                  corner.y + height * random.uniform(-strength, strength)};
    return projection(frame, corners);
}

/// The frame that a crop is taken from.
View draw_frame(Size image, Size resized, const AugmentOptions& options, core::Random& random) {
    const double width = resized.width;
    const double height = resized.height;
    View frame{scaling(width / image.width, height / image.height), resized};
    if (random.uniform() < options.flip) frame.place = frame.place.then({-1, 0, width, 0, 1, 0});
    if (options.quarter_turns > 0 && random.uniform() < options.quarter_turns)
        move(frame, rotation(radians(90 * static_cast<double>(1 + random.below(3))), {0, 0}));
    if (const auto turn = draw(options.turn, random)) {
        move(frame, rotation(radians(*turn), {0, 0}));
    } else {
        // What a small turn takes out of the frame is not shown.
        const double angle = random.uniform(-options.rotation, options.rotation);
        frame.place = frame.place.then(
            rotation(radians(angle), {frame.covered.width / 2.0, frame.covered.height / 2.0}));
    }
    const Chance& stretch = options.stretch;
    if (const auto logarithm =
            draw({stretch.share, std::log(stretch.low), std::log(stretch.high)}, random)) {
        const double root = std::exp(*logarithm / 2);
        move(frame, scaling(root, 1 / root));
    }
    if (const auto strength = draw(options.perspective, random))
        move(frame, draw_perspective(frame.covered, *strength, random));
    return frame;
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
    check_range("quarter_turns", options.quarter_turns, 0, 1);
    for (const auto& [name, chance, least, most] : kAugmentChances) {
        const Chance& one = options.*chance;
        check_range(core::concat(name, ".share"), one.share, 0, 1);
        check_range(core::concat(name, ".range"), one.low, least, most);
        check_range(core::concat(name, ".range"), one.high, one.low, most);
    }
}

bool overlap(const Rect& a, const Rect& b) {
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height &&
           b.y < a.y + a.height;
}

double fitting_scale(const Rect& text, Size sample, double filled, double level,
                     const AugmentOptions& options) {
    // Without a size it fits at any scale.
    const double fits = filled * std::min(sample.width / text.width, sample.height / text.height);
    const double low = std::min(options.scale_low, kSmallest * fits);
    const double high = std::min(options.scale_high, fits);
    return low + (high - low) * level;
}

View draw_view(Size image, Size resized, const std::vector<TextLabel>& labels,
               const AugmentOptions& options, core::Random& random) {
    const View frame = draw_frame(image, resized, options, random);
    const std::vector<Rect> boxes = boxes_of(labels, frame);
    const double level = random.uniform();
    Rect crop = whole(frame.covered);
    if (options.crop == Crop::east) crop = east_crop(frame.covered, boxes, options, random);
    double scale = std::min(options.size.width / crop.width, options.size.height / crop.height);
    if (options.crop == Crop::window)
        std::tie(crop, scale) = window_crop(frame.covered, boxes, level, options, random);
    const auto covered = [](double side, int most) {
        return std::clamp(static_cast<int>(std::lround(side)), 1, most);
    };
    return {frame.place.then(translation(-crop.x, -crop.y)).then(scaling(scale, scale)),
            {covered(crop.width * scale, options.size.width),
             covered(crop.height * scale, options.size.height)}};
}

}  // namespace dbnet::data
