#include "synth/paint.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <opencv2/imgproc.hpp>

namespace dbnet::synth {
namespace {

constexpr double kLargestRadius = 32;
constexpr int kLeastKept = 110;  // of 256: what is worn stays legible

cv::Mat matrix_of(Mask& mask) { return {mask.height, mask.width, CV_8UC1, mask.coverage.data()}; }

/// One row of `count` pixels. Fixed point: opacity and the share that shows through in 1/256.
void blend_row(std::uint8_t* pixels, const std::uint8_t* coverage, int count,
               const std::array<int, 3>& colour, const std::array<int, 3>& ground, int opacity,
               int through) {
    for (int i = 0; i < count; ++i) {
        const int alpha = (coverage[i] * opacity * 258) >> 16;
        if (alpha == 0) continue;
        for (int c = 0; c < 3; ++c) {
            const int below = pixels[3 * i + c];
            const int wanted =
                std::clamp(colour[static_cast<std::size_t>(c)] +
                               ((through * (below - ground[static_cast<std::size_t>(c)])) >> 8),
                           0, 255);
            pixels[3 * i + c] =
                static_cast<std::uint8_t>(below + ((alpha * (wanted - below) + 128) >> 8));
        }
    }
}

std::array<int, 3> channels_of(const Colour& colour) {
    return {colour.red, colour.green, colour.blue};
}

}  // namespace

void blend(Image& image, const Mask& mask, const Paint& paint) {
    const int left = std::max(mask.x, 0);
    const int right = std::min(mask.x + mask.width, image.width());
    const int top = std::max(mask.y, 0);
    const int bottom = std::min(mask.y + mask.height, image.height());
    if (left >= right) return;
    const int opacity = static_cast<int>(std::lround(256 * std::clamp(paint.opacity, 0.0, 1.0)));
    const int through =
        static_cast<int>(std::lround(256 * std::clamp(paint.shows_through, 0.0, 1.0)));
    for (int y = top; y < bottom; ++y) {
        const double t = (y - mask.y + 0.5) / mask.height;
        blend_row(image.row(y) + 3 * left, mask.row(y - mask.y) + (left - mask.x), right - left,
                  channels_of(mixed(paint.top, paint.bottom, t)), channels_of(paint.ground),
                  opacity, through);
    }
}

void blur(Mask& mask, double sigma) {
    if (sigma < 0.2) return;
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
