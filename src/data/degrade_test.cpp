#include "data/degrade.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "support/images.hpp"

namespace dbnet::data {
namespace {

constexpr int kSide = 61;

Image grey(int width, int height, std::uint8_t value) {
    Image image(width, height);
    std::fill_n(image.row(0), std::ptrdiff_t{3} * width * height, value);
    return image;
}

/// A bright square of 9 pixels in the middle of black.
Image spot() {
    Image image(kSide, kSide);
    for (int y = 26; y < 35; ++y) std::fill_n(image.row(y) + 3 * 26, 3 * 9, std::uint8_t{240});
    return image;
}

/// Of the brightness.
struct Moments {
    double mass = 0, x = 0, y = 0, xx = 0, yy = 0, xy = 0;
};

Moments moments(const Image& image) {
    Moments m;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x) {
            const double value = image.row(y)[3 * x];
            m.mass += value;
            m.x += value * x;
            m.y += value * y;
            m.xx += value * x * x;
            m.yy += value * y * y;
            m.xy += value * x * y;
        }
    m.x /= m.mass;
    m.y /= m.mass;
    m.xx = m.xx / m.mass - m.x * m.x;
    m.yy = m.yy / m.mass - m.y * m.y;
    m.xy = m.xy / m.mass - m.x * m.y;
    return m;
}

Image degraded(Image image, const AugmentOptions& options, std::uint64_t seed) {
    core::Random random(seed);
    degrade(image, {image.width(), image.height()}, options, random);
    return image;
}

TEST(Degrade, does_nothing_unless_told) {
    const Image image = test::picture(40, 30);
    EXPECT_EQ(test::largest_difference(degraded(image, {}, 1), image), 0);
}

/// The variance of a box along the line, or of a disc, is added to that of the spot.
TEST(Degrade, blurs_about_the_place) {
    AugmentOptions moving;
    moving.motion_blur = {1, 11, 11};
    AugmentOptions unsharp;
    unsharp.defocus = {1, 5, 5};
    const Moments before = moments(spot());
    for (std::uint64_t seed = 0; seed < 20; ++seed)
        for (const bool motion : {true, false}) {
            const Moments after = moments(degraded(spot(), motion ? moving : unsharp, seed));
            EXPECT_NEAR(after.mass, before.mass, 0.03 * before.mass);
            EXPECT_NEAR(after.x, before.x, 0.05);
            EXPECT_NEAR(after.y, before.y, 0.05);
            const double added = after.xx + after.yy - before.xx - before.yy;
            EXPECT_NEAR(added, motion ? 11 * 11 / 12.0 : 5 * 5 / 2.0, 1.2) << motion;
            // A line has one direction, a disc none.
            const double xx = after.xx - before.xx;
            const double yy = after.yy - before.yy;
            const double round = std::hypot(xx - yy, 2 * after.xy);
            EXPECT_NEAR(round, motion ? added : 0, 1.2) << motion;
        }
}

TEST(Degrade, noise_has_its_deviation_and_no_pattern) {
    AugmentOptions options;
    options.noise = {1, 10, 10};
    const Image noisy = degraded(grey(200, 100, 128), options, 5);
    double sum = 0, squares = 0, neighbours = 0, rows = 0;
    const auto at = [&](int x, int y) { return noisy.row(y)[x] - 128.0; };
    for (int y = 0; y + 1 < 100; ++y)
        for (int x = 0; x + 1 < 600; ++x) {
            sum += at(x, y);
            squares += at(x, y) * at(x, y);
            neighbours += at(x, y) * at(x + 1, y);
            rows += at(x, y) * at(x, y + 1);
        }
    const double count = 99.0 * 599;
    EXPECT_NEAR(sum / count, 0, 0.3);
    EXPECT_NEAR(std::sqrt(squares / count), 10, 0.3);
    EXPECT_NEAR(neighbours / squares, 0, 0.03);
    EXPECT_NEAR(rows / squares, 0, 0.03);
    EXPECT_NE(test::largest_difference(degraded(grey(200, 100, 128), options, 6), noisy), 0);
    EXPECT_EQ(test::largest_difference(degraded(grey(200, 100, 128), options, 5), noisy), 0);
}

TEST(Degrade, lower_quality_differs_more) {
    const Image image = test::picture(64, 48);
    int before = 0;
    for (const double quality : {95, 40, 5}) {
        AugmentOptions options;
        options.jpeg = {1, quality, quality};
        const int difference = test::largest_difference(degraded(image, options, 1), image);
        EXPECT_GT(difference, before);
        EXPECT_LT(difference, 200);
        before = difference;
    }
}

TEST(Degrade, touches_only_what_the_image_covers) {
    AugmentOptions options;
    options.motion_blur = {1, 9, 9};
    options.defocus = {1, 2, 2};
    options.noise = {1, 30, 30};
    options.jpeg = {1, 30, 30};
    Image image = grey(50, 40, 0);
    for (int y = 0; y < 25; ++y) std::fill_n(image.row(y), 3 * 30, std::uint8_t{200});
    core::Random random(3);
    degrade(image, {30, 25}, options, random);
    for (int y = 0; y < 40; ++y)
        for (int x = 0; x < 50; ++x) {
            const int value = image.row(y)[3 * x];
            if (x < 30 && y < 25)
                EXPECT_GT(value, 60) << "no black comes in at " << x << ' ' << y;
            else
                EXPECT_EQ(value, 0);
        }
}

TEST(Degrade, extremes_are_harmless) {
    AugmentOptions options;
    options.motion_blur = {1, 50, 50};
    options.defocus = {1, 20, 20};
    options.noise = {1, 100, 100};
    options.jpeg = {1, 1, 1};
    for (const Size size : {Size{16, 16}, {1, 1}, {300, 2}}) {
        Image image = grey(300, 16, 90);
        core::Random random(1);
        degrade(image, size, options, random);
    }
}

}  // namespace
}  // namespace dbnet::data
