#include "synth/paint.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include <opencv2/imgproc.hpp>

namespace dbnet::synth {
namespace {

constexpr double kLargestRadius = 32;
constexpr double kLeastVariance = 0.04;  // of a blur that is worth it
constexpr double kMostVariance = 0.6;    // of one pass of three taps
constexpr int kFewPasses = 3;            // cheaper than a large kernel
constexpr int kLeastKept = 110;          // of 256: what is worn stays legible

cv::Mat matrix_of(Mask& mask) { return {mask.height, mask.width, CV_8UC1, mask.coverage.data()}; }

/// Fixed point: shares are in 1/128, so that their products with differences of bytes fit 16 bits
/// and a processor does eight at once.
constexpr int kWhole = 128;

std::int16_t share(double value) {
    return static_cast<std::int16_t>(std::lround(kWhole * std::clamp(value, 0.0, 1.0)));
}

/// A value per sample of a row.
using Row = std::vector<std::int16_t>;

void fill_row(Row& row, const Colour& colour) {
    for (std::size_t i = 0; i + 2 < row.size(); i += 3)
        row[i] = colour.red, row[i + 1] = colour.green, row[i + 2] = colour.blue;
}

/// `alpha`, `colour` and `ground` have a value per sample.
void blend_row(std::uint8_t* samples, int count, const std::int16_t* alpha,
               const std::int16_t* colour, const std::int16_t* ground, std::int16_t through) {
    for (int i = 0; i < count; ++i) {
        const auto below = static_cast<std::int16_t>(samples[i]);
        const auto difference = static_cast<std::int16_t>(through * (below - ground[i]));
        auto wanted = static_cast<std::int16_t>(colour[i] + (difference >> 7));
        wanted = std::clamp<std::int16_t>(wanted, 0, 255);
        const auto change = static_cast<std::int16_t>(alpha[i] * (wanted - below));
        samples[i] = static_cast<std::uint8_t>(below + ((change + kWhole / 2) >> 7));
    }
}

/// Weights of a filter are in 1/256, so that sums fit 16 bits.
constexpr int kBlurWhole = 256;

/// A symmetric filter of three taps with this variance, at most 2/3, down and across.
void blur_once(Mask& mask, double variance) {
    const auto side = static_cast<std::uint16_t>(std::lround(kBlurWhole * variance / 2));
    const auto middle = static_cast<std::uint16_t>(kBlurWhole - 2 * side);
    const auto mixed_of = [&](std::uint8_t a, std::uint8_t b, std::uint8_t c) {
        const auto sum = static_cast<std::uint16_t>(side * (a + c) + middle * b + kBlurWhole / 2);
        return static_cast<std::uint8_t>(sum >> 8);
    };
    const auto width = static_cast<std::size_t>(mask.width);
    std::vector<std::uint8_t> above(width);
    std::vector<std::uint8_t> padded(width + 2);
    const std::vector<std::uint8_t> nothing(width);
    for (int y = 0; y < mask.height; ++y) {
        std::uint8_t* const row = mask.row(y);
        const std::uint8_t* const below = y + 1 < mask.height ? mask.row(y + 1) : nothing.data();
        for (std::size_t x = 0; x < width; ++x)
            padded[x + 1] = mixed_of(above[x], row[x], below[x]);
        std::copy_n(row, width, above.begin());
        for (std::size_t x = 0; x < width; ++x)
            row[x] = mixed_of(padded[x], padded[x + 1], padded[x + 2]);
    }
}

}  // namespace

void blend(Image& image, const Mask& mask, const Paint& paint) {
    const int left = std::max(mask.x, 0);
    const int right = std::min(mask.x + mask.width, image.width());
    const int top = std::max(mask.y, 0);
    const int bottom = std::min(mask.y + mask.height, image.height());
    if (left >= right) return;
    const std::int16_t opacity = share(paint.opacity);
    Row colour(3 * static_cast<std::size_t>(right - left));
    Row ground(colour.size());
    Row alpha(colour.size());
    fill_row(colour, paint.top);
    fill_row(ground, paint.ground);
    const bool plain = is_same(paint.top, paint.bottom);
    for (int y = top; y < bottom; ++y) {
        const std::uint8_t* const coverage = mask.row(y - mask.y);
        int from = left;
        int to = right;
        while (from < to && coverage[from - mask.x] == 0) ++from;
        while (from < to && coverage[to - 1 - mask.x] == 0) --to;
        if (from == to) continue;
        for (int x = from; x < to; ++x) {
            const auto value =
                static_cast<std::int16_t>((coverage[x - mask.x] * opacity + 129) >> 8);
            std::fill_n(&alpha[3 * static_cast<std::size_t>(x - left)], 3, value);
        }
        if (!plain)
            fill_row(colour, mixed(paint.top, paint.bottom, (y - mask.y + 0.5) / mask.height));
        const std::size_t offset = 3 * static_cast<std::size_t>(from - left);
        blend_row(image.row(y) + 3 * from, 3 * (to - from), &alpha[offset], &colour[offset],
                  &ground[offset], share(paint.shows_through));
    }
}

void blur(Mask& mask, double sigma) {
    const double variance = sigma * sigma;
    if (variance < kLeastVariance) return;
    if (variance <= kFewPasses * kMostVariance) {
        const double passes = std::ceil(variance / kMostVariance);
        for (int i = 0; i < static_cast<int>(passes); ++i) blur_once(mask, variance / passes);
        return;
    }
    const int side = 2 * static_cast<int>(std::ceil(2.5 * sigma)) + 1;
    const cv::Mat kernel = cv::getGaussianKernel(side, sigma, CV_32F);
    cv::Mat pixels = matrix_of(mask);
    cv::sepFilter2D(pixels, pixels, CV_8U, kernel, kernel, {-1, -1}, 0, cv::BORDER_CONSTANT);
}

Mask dilated(const Mask& mask, double radius) {
    Mask result = mask;
    const int side = 2 * static_cast<int>(std::lround(std::clamp(radius, 1.0, kLargestRadius))) + 1;
    const cv::Mat element = cv::getStructuringElement(cv::MORPH_ELLIPSE, {side, side});
    const cv::Mat source(mask.height, mask.width, CV_8UC1,
                         const_cast<std::uint8_t*>(mask.coverage.data()));
    cv::Mat target = matrix_of(result);
    cv::dilate(source, target, element);
    return result;
}

void wear(Mask& mask, const Texture& stains, double amount, core::Random& random) {
    const int x0 = static_cast<int>(random.below(Texture::kSide));
    const int y0 = static_cast<int>(random.below(Texture::kSide));
    const int level = static_cast<int>(std::lround(70 * (1 - amount)));
    for (int y = 0; y < mask.height; ++y) {
        const int count = std::min(mask.width, Texture::kSide);
        const std::int8_t* const noise = stains.row(y0 + y, x0);
        std::uint8_t* const coverage = mask.row(y);
        for (int x = 0; x < count; ++x) {
            const int kept = std::clamp(256 - 8 * (noise[3 * x] - level), kLeastKept, 256);
            coverage[x] = static_cast<std::uint8_t>((coverage[x] * kept) >> 8);
        }
    }
}

}  // namespace dbnet::synth
