#include "app/text_picture.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include <opencv2/imgproc.hpp>

#include "core/random.hpp"

namespace dbnet::app {
namespace {

constexpr double kFontHeight = 22;  ///< of a capital at scale 1, in pixels
constexpr double kNoise = 6;        ///< standard deviation, in grey levels

using Colour = cv::Scalar;

Colour random_colour(core::Random& random) {
    return {random.uniform(0, 255), random.uniform(0, 255), random.uniform(0, 255)};
}

std::string random_word(core::Random& random) {
    static constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPRSTUVWabcdefghiklmnoprstu0123456789";
    std::string word;
    for (std::uint64_t i = 2 + random.below(7); i > 0; --i)
        word += kLetters[random.below(kLetters.size())];
    return word;
}

/// Two colours that run into each other from the top to the bottom, under noise.
void paint_background(cv::Mat& pixels, core::Random& random) {
    const Colour top = random_colour(random);
    const Colour bottom = random_colour(random);
    for (int y = 0; y < pixels.rows; ++y) {
        const double share = y / static_cast<double>(pixels.rows);
        for (int x = 0; x < pixels.cols; ++x)
            for (int c = 0; c < 3; ++c)
                pixels.at<cv::Vec3b>(y, x)[c] =
                    cv::saturate_cast<std::uint8_t>(top[c] * (1 - share) + bottom[c] * share +
                                                    kNoise * static_cast<double>(random.normal()));
    }
}

/// Black or white: what stands out.
Colour ink_on(const cv::Mat& pixels, int y) {
    const cv::Scalar mean = cv::mean(pixels.row(std::clamp(y, 0, pixels.rows - 1)));
    return mean[0] + mean[1] + mean[2] > 3 * 127 ? Colour(0, 0, 0) : Colour(255, 255, 255);
}

}  // namespace

Image text_picture(int width, int height, std::uint64_t seed) {
    Image image(width, height);
    cv::Mat pixels(height, width, CV_8UC3, image.row(0));
    core::Random random(seed, "text picture");
    paint_background(pixels, random);
    for (double y = 0; y < height;) {
        const double letters = random.uniform(8, std::clamp(height / 5.0, 9.0, 60.0));
        y += 1.6 * letters;
        const Colour ink = ink_on(pixels, static_cast<int>(y));
        const int stroke = std::max(1, static_cast<int>(std::lround(letters / 9)));
        for (double x = random.uniform(0, 40); x < width;) {
            const std::string word = random_word(random);
            cv::putText(pixels, word, {static_cast<int>(x), static_cast<int>(y)},
                        cv::FONT_HERSHEY_SIMPLEX, letters / kFontHeight, ink, stroke, cv::LINE_AA);
            x += letters * (static_cast<double>(word.size()) + random.uniform(1, 6));
        }
    }
    return image;
}

}  // namespace dbnet::app
