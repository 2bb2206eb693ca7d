// Tiles are drawn at the sample's own size, so that maps and outlines keep their pixels, and
// reduced to the grid's.
#include "app/sample_picture.hpp"

#include <algorithm>
#include <array>

#include <opencv2/imgproc.hpp>

#include "core/error.hpp"
#include "image/draw.hpp"
#include "image/matrix.hpp"

namespace dbnet::app {
namespace {

constexpr int kTileSide = 320;
constexpr int kGap = 6;
constexpr int kTilesPerRow = 6;
constexpr int kCaptionHeight = 16;
constexpr int kLetterWidth = 7;
constexpr int kBackground = 32;
constexpr double kDarkened = 0.4;
constexpr double kFill = 0.3;  ///< opacity of a label's interior

constexpr image::Colour kText{0, 230, 118};
constexpr image::Colour kIgnored{160, 160, 160};
const cv::Vec3b kInside(255, 255, 255);
const cv::Vec3b kNotCounted(200, 40, 40);
const cv::Vec3f kLowThreshold(90, 0, 130);
const cv::Vec3f kHighThreshold(255, 230, 60);

cv::Mat labelled(const SampleView& sample) {
    Image image = sample.picture;
    for (const bool ignored : {true, false}) {
        std::vector<image::Shape> shapes;
        for (const data::TextLabel& label : sample.labels)
            if (label.ignore == ignored) shapes.push_back({label.polygon, ""});
        image::draw(image, shapes, {ignored ? kIgnored : kText, kFill});
    }
    return image::matrix_of(image).clone();
}

cv::Mat darkened(const SampleView& sample) {
    Image image = sample.picture;
    cv::Mat grey;
    cv::cvtColor(image::matrix_of(image), grey, cv::COLOR_RGB2GRAY);
    grey.convertTo(grey, CV_8U, kDarkened);
    cv::Mat tile;
    cv::cvtColor(grey, tile, cv::COLOR_GRAY2RGB);
    return tile;
}

cv::Mat probability_tile(const SampleView& sample) {
    cv::Mat tile = darkened(sample);
    auto* pixel = tile.ptr<cv::Vec3b>();
    for (std::size_t i = 0; i < sample.probability.size(); ++i, ++pixel) {
        if (sample.probability_mask[i] == 0)
            *pixel = *pixel / 2 + kNotCounted / 2;
        else if (sample.probability[i] != 0)
            *pixel = kInside;
    }
    return tile;
}

cv::Mat threshold_tile(const SampleView& sample) {
    cv::Mat tile = darkened(sample);
    const auto [low, high] = std::ranges::minmax(sample.threshold);
    const float range = std::max(high - low, 1e-6f);
    auto* pixel = tile.ptr<cv::Vec3b>();
    for (std::size_t i = 0; i < sample.threshold.size(); ++i, ++pixel)
        if (sample.threshold_mask[i] != 0)
            *pixel = kLowThreshold +
                     (kHighThreshold - kLowThreshold) * ((sample.threshold[i] - low) / range);
    return tile;
}

void check(const SampleView& sample) {
    const auto pixels = static_cast<std::size_t>(sample.picture.width()) *
                        static_cast<std::size_t>(sample.picture.height());
    for (const std::size_t size : {sample.probability.size(), sample.probability_mask.size(),
                                   sample.threshold.size(), sample.threshold_mask.size()})
        if (size != pixels || pixels == 0)
            core::fail(ErrorCode::invalid_argument, "a sample of ", sample.picture.width(), "x",
                       sample.picture.height(), " pixels has a map of ", size, " values");
}

/// The largest size up to kTileSide with the picture's proportions.
cv::Size tile_size(const Image& picture) {
    const double scale =
        static_cast<double>(kTileSide) / std::max({picture.width(), picture.height(), kTileSide});
    return {std::max(1, static_cast<int>(picture.width() * scale)),
            std::max(1, static_cast<int>(picture.height() * scale))};
}

void write_caption(cv::Mat line, const std::string& caption) {
    const auto letters = static_cast<std::size_t>(line.cols / kLetterWidth);
    const std::string text =
        caption.size() <= letters ? caption : ".." + caption.substr(caption.size() - letters + 2);
    cv::putText(line, text, {0, line.rows - 4}, cv::FONT_HERSHEY_SIMPLEX, 0.4, cv::Scalar::all(220),
                1, cv::LINE_AA);
}

using DrawTile = cv::Mat (*)(const SampleView&);

Image draw_grid(std::span<const SampleView> samples, std::span<const DrawTile> tiles) {
    if (samples.empty()) core::fail(ErrorCode::invalid_argument, "no samples to draw");
    cv::Size tile(1, 1);
    for (const SampleView& sample : samples) {
        check(sample);
        const cv::Size size = tile_size(sample.picture);
        tile = {std::max(tile.width, size.width), std::max(tile.height, size.height)};
    }
    const bool has_captions = std::ranges::any_of(
        samples, [](const SampleView& sample) { return !sample.caption.empty(); });
    const int caption = has_captions ? kCaptionHeight : 0;
    const int tiles_each = static_cast<int>(tiles.size());
    const int columns = std::min<int>(kTilesPerRow / tiles_each, static_cast<int>(samples.size()));
    const int rows = (static_cast<int>(samples.size()) + columns - 1) / columns;
    // Samples lie three gaps apart, so that one sees which tiles belong together.
    const cv::Size cell(tiles_each * (tile.width + kGap) + 2 * kGap,
                        tile.height + caption + 2 * kGap);

    Image grid(columns * cell.width, rows * cell.height);
    cv::Mat canvas = image::matrix_of(grid);
    canvas.setTo(cv::Scalar::all(kBackground));
    int place = 0;
    for (const SampleView& sample : samples) {
        const cv::Size size = tile_size(sample.picture);
        cv::Point at(place % columns * cell.width + kGap, place / columns * cell.height + kGap);
        ++place;
        if (has_captions)
            write_caption(canvas({at, cv::Size(tiles_each * tile.width, caption)}), sample.caption);
        at.y += caption;
        for (const DrawTile draw : tiles) {
            cv::Mat target = canvas(cv::Rect(at, size));
            cv::resize(draw(sample), target, size, 0, 0, cv::INTER_AREA);
            at.x += tile.width + kGap;
        }
    }
    return grid;
}

}  // namespace

Image draw_labelled(std::span<const SampleView> samples) {
    return draw_grid(samples, std::array<DrawTile, 1>{labelled});
}

Image draw_samples(std::span<const SampleView> samples) {
    return draw_grid(samples, std::array<DrawTile, 3>{labelled, probability_tile, threshold_tile});
}

}  // namespace dbnet::app
