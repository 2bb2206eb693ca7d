#include "data/colour.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>

#include <dbnet/error.hpp>

namespace dbnet::data {
namespace {

using Colour = std::array<double, 3>;

Polygon rectangle(double left, double top, double right, double bottom) {
    return {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
}

Image random_image(int width, int height, std::uint64_t seed) {
    Image image(width, height);
    core::Random random(seed);
    for (int i = 0; i < 3 * width * height; ++i)
        image.row(0)[i] = static_cast<std::uint8_t>(random.below(256));
    return image;
}

double grey_of(const Colour& rgb) { return 0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]; }

/// The turn about the axis of greys: by components along I and Q of the colour's difference to its
/// grey, which the textbook's inverse brings back.
Colour turned(const Colour& rgb, double degrees) {
    const double y = grey_of(rgb);
    const double i = 0.595716 * rgb[0] - 0.274453 * rgb[1] - 0.321263 * rgb[2];
    const double q = 0.211456 * rgb[0] - 0.522591 * rgb[1] + 0.311135 * rgb[2];
    const double angle = degrees * std::numbers::pi / 180;
    const double a = i * std::cos(angle) - q * std::sin(angle);
    const double b = i * std::sin(angle) + q * std::cos(angle);
    return {y + 0.9563 * a + 0.6210 * b, y - 0.2721 * a - 0.6474 * b, y - 1.1070 * a + 1.7046 * b};
}

/// One change after the other, in floating point, clipped at the end.
Image naive(const Image& image, const ColourOptions& options, core::Random random) {
    const double brightness = random.uniform(1 - options.brightness, 1 + options.brightness);
    const double contrast = random.uniform(1 - options.contrast, 1 + options.contrast);
    double saturation = random.uniform(1 - options.saturation, 1 + options.saturation);
    const double hue = random.uniform(-options.hue, options.hue);
    if (random.uniform() < options.grey) saturation = 0;
    const int pixels = image.width() * image.height();
    const std::uint8_t* from = image.row(0);
    double mean = 0;
    for (int i = 0; i < pixels; ++i)
        mean += grey_of({static_cast<double>(from[3 * i]), static_cast<double>(from[3 * i + 1]),
                         static_cast<double>(from[3 * i + 2])}) /
                pixels;
    Image result(image.width(), image.height());
    for (int i = 0; i < pixels; ++i) {
        Colour rgb{static_cast<double>(from[3 * i]), static_cast<double>(from[3 * i + 1]),
                   static_cast<double>(from[3 * i + 2])};
        rgb = turned(rgb, hue);
        const double grey = grey_of(rgb);
        for (int c = 0; c < 3; ++c) {
            double value = grey + saturation * (rgb[c] - grey);
            value = mean + contrast * (value - mean);
            value *= brightness;
            result.row(0)[3 * i + c] =
                static_cast<std::uint8_t>(std::clamp(std::round(value), 0.0, 255.0));
        }
    }
    return result;
}

int largest_difference(const Image& a, const Image& b) {
    int largest = 0;
    for (int i = 0; i < 3 * a.width() * a.height(); ++i)
        largest = std::max(largest, std::abs(a.row(0)[i] - b.row(0)[i]));
    return largest;
}

TEST(Colour, is_what_one_change_after_the_other_gives) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        ColourOptions options;
        if (seed % 2 != 0) options.brightness = 0.5;
        if (seed / 2 % 2 != 0) options.contrast = 0.8;
        if (seed / 4 % 2 != 0) options.saturation = 1;
        if (seed / 8 % 2 != 0) options.hue = 180;
        if (seed / 16 % 2 != 0) options.grey = 0.5;
        const Image image = random_image(37, 11, seed);
        Image changed = image;
        core::Random random(seed);
        jitter_colours(changed, rectangle(0, 0, 37, 11), options, random);
        EXPECT_LE(largest_difference(changed, naive(image, options, core::Random(seed))), 1)
            << seed;
    }
}

TEST(Colour, changes_only_what_is_picture) {
    ColourOptions options;
    options.brightness = 0.5;
    options.contrast = 0.9;
    // A turned square whose corners leave the sample, and a part of it from its corner.
    for (const Polygon& shown :
         {Polygon{{30, -8}, {70, 20}, {42, 60}, {2, 32}}, rectangle(0, 0, 41.4, 33.6)}) {
        const auto inside = [&](int x, int y) {
            for (std::size_t i = 0; i < 4; ++i) {
                const Point& a = shown[i];
                const Point& b = shown[(i + 1) % 4];
                if ((b.x - a.x) * (y + 0.5 - a.y) - (b.y - a.y) * (x + 0.5 - a.x) < 0) return false;
            }
            return true;
        };
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const Image before = random_image(64, 48, seed);
            // The same picture, with other padding.
            Image other = before;
            int pixels = 0;
            for (int y = 0; y < 48; ++y)
                for (int x = 0; x < 64; ++x) {
                    pixels += inside(x, y);
                    if (!inside(x, y)) std::fill_n(other.row(y) + 3 * x, 3, std::uint8_t{0});
                }
            ASSERT_GT(pixels, 1000);
            Image after = before;
            core::Random random(seed);
            jitter_colours(after, shown, options, random);
            core::Random again(seed);
            jitter_colours(other, shown, options, again);
            int changed = 0;
            for (int y = 0; y < 48; ++y)
                for (int x = 0; x < 64; ++x)
                    for (int c = 0; c < 3; ++c) {
                        const int value = after.row(y)[3 * x + c];
                        if (inside(x, y)) {
                            ASSERT_EQ(other.row(y)[3 * x + c], value) << "the mean has padding";
                            changed += value != before.row(y)[3 * x + c];
                        } else {
                            ASSERT_EQ(value, before.row(y)[3 * x + c]) << x << ' ' << y;
                            ASSERT_EQ(other.row(y)[3 * x + c], 0);
                        }
                    }
            EXPECT_GT(changed, 1000);
        }
    }
}

TEST(Colour, a_share_of_the_samples_is_grey) {
    ColourOptions options;
    options.grey = 0.25;
    options.hue = 30;
    int grey = 0;
    constexpr int kSamples = 2000;
    for (std::uint64_t seed = 0; seed < kSamples; ++seed) {
        Image image(1, 1);
        std::copy_n(std::array<std::uint8_t, 3>{150, 120, 100}.begin(), 3, image.row(0));
        core::Random random(seed);
        jitter_colours(image, rectangle(0, 0, 1, 1), options, random);
        const std::uint8_t* now = image.row(0);
        EXPECT_NEAR(grey_of({1.0 * now[0], 1.0 * now[1], 1.0 * now[2]}), grey_of({150, 120, 100}),
                    1.5);  // neither changes how bright it is
        grey += now[0] == now[1] && now[1] == now[2];
    }
    EXPECT_NEAR(grey, kSamples / 4, 100);
}

TEST(Colour, nothing_asked_changes_nothing_and_draws_the_same) {
    const Image image = random_image(9, 7, 1);
    Image changed = image;
    core::Random random(1);
    jitter_colours(changed, rectangle(0, 0, 9, 7), {}, random);
    EXPECT_EQ(largest_difference(image, changed), 0);
    ColourOptions options;
    options.brightness = 0.3;
    core::Random other(1);
    jitter_colours(changed, rectangle(0, 0, 9, 7), options, other);
    EXPECT_EQ(random.next(), other.next());
    EXPECT_NO_THROW(jitter_colours(changed, {}, options, other));
}

TEST(Colour, options_out_of_range_are_named) {
    for (const auto& [name, option, most] :
         {std::tuple{"brightness", &ColourOptions::brightness, 1.0},
          {"contrast", &ColourOptions::contrast, 1.0},
          {"saturation", &ColourOptions::saturation, 1.0},
          {"grey", &ColourOptions::grey, 1.0},
          {"hue", &ColourOptions::hue, 180.0}})
        for (const double bad : {-0.1, most + 0.1, std::nan("")}) {
            ColourOptions options;
            options.*option = most;
            EXPECT_NO_THROW(check(options));
            options.*option = bad;
            try {
                check(options);
                ADD_FAILURE() << name;
            } catch (const Error& error) {
                EXPECT_NE(std::string(error.what()).find(name), std::string::npos);
            }
        }
}

}  // namespace
}  // namespace dbnet::data
