#include "app/training_pictures.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <map>

#include <opencv2/imgproc.hpp>

#include "app/sample_picture.hpp"
#include "core/error.hpp"
#include "image/draw.hpp"
#include "image/matrix.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;

constexpr int kMostSamples = 8;
constexpr int kMostImages = 6;
constexpr int kImageSide = 800;  ///< of the longer side of an image in a grid
constexpr int kColumns = 2;
constexpr int kGap = 6;
constexpr int kBackground = 32;
constexpr std::size_t kKept = 6;  ///< pictures of a kind: the first, and the last ones

constexpr image::Colour kAnnotated{0, 230, 118};
constexpr image::Colour kIgnored{160, 160, 160};
constexpr image::Colour kFound{255, 150, 0};
constexpr double kOpacity = 0.35;  ///< of annotated text, seen also below what was found

Image picture_of(const data::Batch& batch, int sample, const detect::InputSpec& input) {
    Image image(batch.size.width, batch.size.height);
    const std::size_t pixels =
        static_cast<std::size_t>(image.width()) * static_cast<std::size_t>(image.height());
    const float* const planes = batch.images.data() + static_cast<std::size_t>(sample) * 3 * pixels;
    std::uint8_t* const target = image.row(0);
    for (std::size_t channel = 0; channel < 3; ++channel) {
        const std::size_t colour = input.order == detect::ChannelOrder::rgb ? channel : 2 - channel;
        for (std::size_t i = 0; i < pixels; ++i)
            target[3 * i + colour] = cv::saturate_cast<std::uint8_t>(
                255 * (planes[channel * pixels + i] * input.std[channel] + input.mean[channel]));
    }
    return image;
}

/// The part of a batch's array that belongs to a sample.
template <typename T>
std::span<const T> part(const std::vector<T>& values, const data::Batch& batch, int sample) {
    const std::size_t size = values.size() / static_cast<std::size_t>(batch.samples);
    return std::span(values).subspan(static_cast<std::size_t>(sample) * size, size);
}

Polygon scaled(Polygon polygon, double x, double y) {
    for (Point& point : polygon) point = {point.x * x, point.y * y};
    return polygon;
}

/// An image reduced to the grid, with what was annotated and found.
Image drawn(const train::ValidatedImage& validated) {
    const Image full = Image::read(validated.path);
    Image image = reduced(full, kImageSide);
    const double x = static_cast<double>(image.width()) / full.width();
    const double y = static_cast<double>(image.height()) / full.height();
    std::vector<image::Shape> annotated, ignored, found;
    for (const eval::Truth& truth : validated.truths)
        (truth.ignore ? ignored : annotated).push_back({scaled(truth.polygon, x, y), ""});
    for (const eval::Finding& finding : validated.findings) {
        char score[16];
        std::snprintf(score, sizeof score, "%.2f", static_cast<double>(finding.score));
        found.push_back({scaled(finding.polygon, x, y), score});
    }
    image::draw(image, ignored, {kIgnored, kOpacity});
    image::draw(image, annotated, {kAnnotated, kOpacity});
    image::draw(image, found, {kFound, 0});
    return image;
}

Image grid_of(std::vector<Image>& images) {
    int width = 0, height = 0;
    for (const Image& image : images) {
        width = std::max(width, image.width());
        height = std::max(height, image.height());
    }
    const int count = static_cast<int>(images.size());
    const int columns = std::min(kColumns, count);
    const int rows = (count + columns - 1) / columns;
    Image grid(columns * (width + kGap) + kGap, rows * (height + kGap) + kGap);
    cv::Mat canvas = image::matrix_of(grid);
    canvas.setTo(cv::Scalar::all(kBackground));
    for (int i = 0; i < count; ++i) {
        cv::Mat pixels = image::matrix_of(images[static_cast<std::size_t>(i)]);
        pixels.copyTo(canvas(
            cv::Rect({i % columns * (width + kGap) + kGap, i / columns * (height + kGap) + kGap},
                     pixels.size())));
    }
    return grid;
}

/// The pictures of a kind by step.
std::map<std::uint64_t, fs::path> pictures_in(const std::string& folder, const std::string& kind) {
    std::map<std::uint64_t, fs::path> pictures;
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
        const std::string name = entry.path().stem().string();
        std::uint64_t step = 0;
        if (name.starts_with(kind) &&
            std::from_chars(name.data() + kind.size(), name.data() + name.size(), step).ptr ==
                name.data() + name.size())
            pictures.emplace(step, entry.path());
    }
    return pictures;
}

}  // namespace

Image reduced(Image image, int longest_side) {
    const int longest = std::max(image.width(), image.height());
    if (longest <= longest_side) return image;
    const double scale = static_cast<double>(longest_side) / longest;
    Image result(std::max(1, cvRound(image.width() * scale)),
                 std::max(1, cvRound(image.height() * scale)));
    cv::Mat target = image::matrix_of(result);
    cv::resize(image::matrix_of(image), target, target.size(), 0, 0, cv::INTER_AREA);
    return result;
}

Image draw_batch(const data::Batch& batch, const detect::InputSpec& input) {
    std::vector<SampleView> views;
    for (int i = 0; i < std::min(batch.samples, kMostSamples); ++i)
        views.push_back({picture_of(batch, i, input), batch.labels[static_cast<std::size_t>(i)],
                         part(batch.probability, batch, i), part(batch.probability_mask, batch, i),
                         part(batch.threshold, batch, i), part(batch.threshold_mask, batch, i)});
    return draw_samples(views);
}

std::optional<Image> draw_findings(std::span<const train::ValidatedImage> images) {
    std::vector<Image> tiles;
    for (const train::ValidatedImage& image : images) {
        if (tiles.size() == kMostImages) break;
        try {
            tiles.push_back(drawn(image));
        } catch (const Error&) {
            continue;  // the validation has said so
        }
    }
    if (tiles.empty()) return std::nullopt;
    return grid_of(tiles);
}

PictureFolder::PictureFolder(std::string folder, std::uint64_t last_step)
    : folder_(std::move(folder)) {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) core::fail(ErrorCode::io, folder_, ": cannot make the folder: ", error.message());
    for (const char* const kind : {"batch_", "val_"})
        for (const auto& [step, path] : pictures_in(folder_, kind))
            if (step > last_step) fs::remove(path, error);
}

void PictureFolder::write_batch(std::uint64_t step, const Image& image) const {
    write("batch_", step, ".png", image);
}

void PictureFolder::write_findings(std::uint64_t step, const Image& image) const {
    write("val_", step, ".jpg", image);
}

void PictureFolder::write(const std::string& kind, std::uint64_t step, const std::string& suffix,
                          const Image& image) const {
    char digits[24];
    std::snprintf(digits, sizeof digits, "%09llu", static_cast<unsigned long long>(step));
    image.write(core::concat(folder_, "/", kind, digits, suffix));
    std::map<std::uint64_t, fs::path> pictures = pictures_in(folder_, kind);
    while (pictures.size() > kKept) {
        const auto second = std::next(pictures.begin());
        std::error_code ignored;
        fs::remove(second->second, ignored);
        pictures.erase(second);
    }
}

}  // namespace dbnet::app
