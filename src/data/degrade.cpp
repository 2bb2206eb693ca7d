#include "data/degrade.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "image/encode.hpp"

namespace dbnet::data {
namespace {

constexpr int kSubsteps = 8;  ///< per pixel, of what kernels are made of

cv::Mat normalised(const cv::Mat& kernel) { return kernel / cv::sum(kernel)[0]; }

/// A line of this length (pixels) about the middle.
cv::Mat line_kernel(double length, double angle) {
    const int half = static_cast<int>(length / 2) + 1;
    cv::Mat kernel = cv::Mat::zeros(2 * half + 1, 2 * half + 1, CV_32F);
    const int steps = static_cast<int>(std::ceil(length * kSubsteps));
    for (int i = 0; i <= steps; ++i) {
        const double along = length * (static_cast<double>(i) / steps - 0.5);
        const double x = half + along * std::cos(angle);
        const double y = half + along * std::sin(angle);
        const int left = static_cast<int>(x);
        const int top = static_cast<int>(y);
        for (int row = top; row <= top + 1; ++row)
            for (int column = left; column <= left + 1; ++column)
                kernel.at<float>(row, column) +=
                    static_cast<float>((1 - std::abs(x - column)) * (1 - std::abs(y - row)));
    }
    return normalised(kernel);
}

/// A disc of this radius (pixels): each tap is the share of its pixel inside.
cv::Mat disc_kernel(double radius) {
    const int half = static_cast<int>(std::ceil(radius));
    cv::Mat kernel = cv::Mat::zeros(2 * half + 1, 2 * half + 1, CV_32F);
    const auto offset = [&](int i) { return (i + 0.5) / kSubsteps - 0.5 - half; };
    for (int y = 0; y < kernel.rows * kSubsteps; ++y)
        for (int x = 0; x < kernel.cols * kSubsteps; ++x)
            if (std::hypot(offset(x), offset(y)) <= radius)
                kernel.at<float>(y / kSubsteps, x / kSubsteps) += 1;
    return normalised(kernel);
}

void blur(cv::Mat part, const cv::Mat& kernel) {
    cv::filter2D(part, part, CV_8U, kernel, {-1, -1}, 0,
                 cv::BORDER_REPLICATE | cv::BORDER_ISOLATED);
}

/// Normal numbers, made once: a row takes them from a place of its own.
class Grain {
public:
    static constexpr int kDeviation = 32;

    static const Grain& instance() {
        static const Grain grain;
        return grain;
    }

    const std::int8_t* row(std::size_t length, core::Random& random) const {
        return values_.data() + random.below(values_.size() - length + 1);
    }

private:
    Grain() : values_(1 << 16) {
        core::Random random(0, "grain");
        for (std::int8_t& value : values_)
            value = static_cast<std::int8_t>(
                std::lround(std::clamp(random.normal() * kDeviation, -127.f, 127.f)));
    }

    std::vector<std::int8_t> values_;  ///< longer than a row of the largest sample
};

void add_noise(cv::Mat part, double deviation, core::Random& random) {
    constexpr int kBits = 8;
    const int gain = static_cast<int>(std::lround(deviation / Grain::kDeviation * (1 << kBits)));
    const int samples = 3 * part.cols;
    for (int y = 0; y < part.rows; ++y) {
        const std::int8_t* const noise =
            Grain::instance().row(static_cast<std::size_t>(samples), random);
        auto* const pixels = part.ptr<std::uint8_t>(y);
        for (int i = 0; i < samples; ++i) {
            const int value = pixels[i] + ((noise[i] * gain + (1 << (kBits - 1))) >> kBits);
            pixels[i] = static_cast<std::uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
        }
    }
}

void compress(cv::Mat part, int quality) {
    Image decoded = Image::decode(
        image::encode_jpeg({part.data, part.cols, part.rows, static_cast<std::ptrdiff_t>(part.step),
                            PixelFormat::rgb8},
                           quality));
    cv::Mat(part.rows, part.cols, CV_8UC3, decoded.row(0)).copyTo(part);
}

}  // namespace

void degrade(Image& sample, Size covered, const AugmentOptions& options, core::Random& random) {
    const cv::Mat part(covered.height, covered.width, CV_8UC3, sample.row(0),
                       static_cast<std::size_t>(sample.width()) * 3);
    if (const auto length = draw(options.motion_blur, random))
        blur(part, line_kernel(*length, random.uniform(0, std::numbers::pi)));
    if (const auto radius = draw(options.defocus, random)) blur(part, disc_kernel(*radius));
    if (const auto deviation = draw(options.noise, random)) add_noise(part, *deviation, random);
    if (const auto quality = draw(options.jpeg, random))
        compress(part, static_cast<int>(std::lround(*quality)));
}

}  // namespace dbnet::data
