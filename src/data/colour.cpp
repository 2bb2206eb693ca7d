#include "data/colour.hpp"

#include <algorithm>
#include <cstdint>

#include "data/augment_range.hpp"

namespace dbnet::data {
namespace {

std::uint8_t to_byte(float value) {
    return static_cast<std::uint8_t>(std::clamp(value + 0.5f, 0.f, 255.f));
}

float grey_of(const std::uint8_t* rgb) {
    return 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
}

float mean_grey(const Image& image, Size part) {
    double sum = 0;
    for (int y = 0; y < part.height; ++y) {
        float row = 0;
        for (int x = 0; x < part.width; ++x) row += grey_of(image.row(y) + 3 * x);
        sum += row;
    }
    return static_cast<float>(sum / part.height / part.width);
}

}  // namespace

void check(const ColourOptions& options) {
    check_range("brightness", options.brightness, 0, 1);
    check_range("contrast", options.contrast, 0, 1);
    check_range("saturation", options.saturation, 0, 1);
}

void jitter_colours(Image& sample, Size covered, const ColourOptions& options,
                    core::Random& random) {
    const auto factor = [&](double range) {
        return static_cast<float>(random.uniform(1 - range, 1 + range));
    };
    const float brightness = factor(options.brightness);
    const float contrast = factor(options.contrast);
    const float saturation = factor(options.saturation);
    if (brightness == 1 && contrast == 1 && saturation == 1) return;
    const float gain = brightness * contrast;
    const float offset = brightness * mean_grey(sample, covered) * (1 - contrast);
    for (int y = 0; y < covered.height; ++y) {
        std::uint8_t* pixel = sample.row(y);
        for (int x = 0; x < covered.width; ++x, pixel += 3) {
            const float grey = grey_of(pixel);
            for (int c = 0; c < 3; ++c)
                pixel[c] = to_byte((grey + (pixel[c] - grey) * saturation) * gain + offset);
        }
    }
}

}  // namespace dbnet::data
