#include "data/paste.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>

#include <opencv2/imgproc.hpp>

#include "geometry/offset.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::data {
namespace {

constexpr double kFilled = 0.5;  ///< how much of the sample's sides a word takes at most
constexpr double kMargin = 0.1;  ///< around a word, relative to its box's shorter side
constexpr int kTries = 10;       ///< places

Rect grown(const Rect& box, double margin) {
    return {box.x - margin, box.y - margin, box.width + 2 * margin, box.height + 2 * margin};
}

double margin_of(const Rect& box) {
    return std::max(2.0, kMargin * std::min(box.width, box.height));
}

bool lies_within(const Rect& box, Size size) {
    return box.x >= 0 && box.y >= 0 && box.x + box.width <= size.width &&
           box.y + box.height <= size.height;
}

/// Words to be learnt that can be cut out with their margin.
std::vector<Polygon> words_of(const WordSource& source) {
    const Size size{source.pixels->width(), source.pixels->height()};
    std::vector<Polygon> words;
    for (const TextLabel& label : source.labels) {
        const Rect box = geometry::bounding_rect(label.polygon);
        if (!label.ignore && geometry::area(label.polygon) >= 1 &&
            lies_within(grown(box, margin_of(box)), size))
            words.push_back(label.polygon);
    }
    return words;
}

Polygon moved(Polygon polygon, const Projection& place) {
    for (Point& point : polygon) point = place(point);
    if (geometry::signed_area(polygon) < 0) std::ranges::reverse(polygon);
    return polygon;
}

/// A place for the box where no text is: its upper left corner.
std::optional<Point> free_place(const Rect& box, Size covered, const std::vector<Rect>& taken,
                                core::Random& random) {
    for (int i = 0; i < kTries; ++i) {
        const Rect place{random.uniform(0, covered.width - box.width),
                         random.uniform(0, covered.height - box.height), box.width, box.height};
        if (std::ranges::none_of(taken, [&](const Rect& text) { return overlap(text, place); }))
            return Point{place.x, place.y};
    }
    return std::nullopt;
}

/// 255 inside the outline, falling to 0 at `margin` beyond it.
cv::Mat faded(const Polygon& outline, double margin, Size size) {
    cv::Mat mask = cv::Mat::zeros(size.height, size.width, CV_8U);
    std::vector<std::vector<cv::Point>> pieces;
    for (const Polygon& piece : geometry::offset(outline, margin / 2)) {
        auto& points = pieces.emplace_back();
        for (const Point& p : piece)
            points.emplace_back(static_cast<int>(std::floor(p.x)),
                                static_cast<int>(std::floor(p.y)));
    }
    if (pieces.empty()) return mask;
    cv::fillPoly(mask, pieces, cv::Scalar(255));
    const int side = 2 * static_cast<int>(margin / 2) + 1;
    cv::blur(mask, mask, {side, side});
    return mask;
}

void blend(const Image& patch, const cv::Mat& opacity, int left, int top, Image& sample) {
    for (int y = 0; y < patch.height(); ++y) {
        const std::uint8_t* from = patch.row(y);
        const auto* alpha = opacity.ptr<std::uint8_t>(y);
        std::uint8_t* to = sample.row(top + y) + std::ptrdiff_t{3} * left;
        for (int x = 0; x < patch.width(); ++x, from += 3, to += 3)
            for (int c = 0; c < 3; ++c)
                to[c] = static_cast<std::uint8_t>(
                    (from[c] * alpha[x] + to[c] * (255 - alpha[x]) + 127) / 255);
    }
}

}  // namespace

void paste_words(const WordSource& source, int count, Size covered, const AugmentOptions& options,
                 core::Random& random, Image& sample, std::vector<TextLabel>& labels) {
    const std::vector<Polygon> words = words_of(source);
    if (words.empty()) return;
    std::vector<Rect> taken;
    for (const TextLabel& label : labels) taken.push_back(geometry::bounding_rect(label.polygon));
    const double turn = std::numbers::pi / 180 * options.rotation;
    const Projection resized =
        scaling(static_cast<double>(source.resized.width) / source.pixels->width(),
                static_cast<double>(source.resized.height) / source.pixels->height());
    std::size_t next = random.below(words.size());
    for (int i = 0; i < count; ++i, ++next) {
        const Polygon& word = words[next % words.size()];
        Projection place = resized.then(rotation(random.uniform(-turn, turn), {0, 0}));
        const double scale = fitting_scale(geometry::bounding_rect(moved(word, place)), covered,
                                           kFilled, random.uniform(), options);
        place = place.then(scaling(scale, scale));
        const Rect box = geometry::bounding_rect(moved(word, place));
        const double margin = margin_of(box);
        const Rect outer = grown(box, margin);
        // A pixel more, as the patch begins and ends with whole pixels.
        if (outer.width + 1 >= covered.width || outer.height + 1 >= covered.height) continue;
        const auto corner =
            free_place(outer, {covered.width - 1, covered.height - 1}, taken, random);
        if (!corner) continue;
        place = place.then(translation(corner->x - outer.x, corner->y - outer.y));

        const int left = static_cast<int>(corner->x);
        const int top = static_cast<int>(corner->y);
        const Size size{std::min(static_cast<int>(outer.width) + 2, covered.width - left),
                        std::min(static_cast<int>(outer.height) + 2, covered.height - top)};
        const View patch{place.then(translation(-left, -top)), size};
        blend(warp(*source.pixels, patch, size), faded(moved(word, patch.place), margin, size),
              left, top, sample);
        labels.push_back({moved(word, place)});
        taken.push_back({corner->x, corner->y, outer.width, outer.height});
    }
}

}  // namespace dbnet::data
