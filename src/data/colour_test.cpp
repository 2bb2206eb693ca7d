#include "data/colour.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace dbnet::data {
namespace {

TEST(Colour, changes_by_the_drawn_factors) {
    ColourOptions options;
    options.saturation = 1;
    Image image(2, 1);
    const std::uint8_t pixels[] = {100, 150, 80, 30, 30, 30};
    double widest = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        std::copy(std::begin(pixels), std::end(pixels), image.row(0));
        core::Random random(seed);
        jitter_colours(image, {2, 1}, options, random);
        const std::uint8_t* now = image.row(0);
        for (int c = 3; c < 6; ++c) EXPECT_EQ(now[c], 30);  // grey has no colour to lose
        const double grey = 0.299 * 100 + 0.587 * 150 + 0.114 * 80;
        EXPECT_NEAR(0.299 * now[0] + 0.587 * now[1] + 0.114 * now[2], grey, 1);
        widest = std::max(widest, std::abs(now[1] - 150.0));
    }
    EXPECT_GT(widest, 15);
    options.saturation = 0;
    options.brightness = 0.5;
    core::Random random(3);
    std::copy(std::begin(pixels), std::end(pixels), image.row(0));
    jitter_colours(image, {2, 1}, options, random);
    const double factor = image.row(0)[1] / 150.0;
    EXPECT_GE(factor, 0.49);
    EXPECT_LE(factor, 1.51);
    EXPECT_NE(image.row(0)[1], 150);
    EXPECT_NEAR(image.row(0)[0], 100 * factor, 1);
    EXPECT_NEAR(image.row(0)[3], 30 * factor, 1);
}

TEST(Colour, changes_only_where_the_image_may_be) {
    ColourOptions options;
    options.brightness = 0.5;
    options.contrast = 0.5;
    Image sample(8, 6);
    const auto fill = [&] {
        for (int y = 0; y < 4; ++y)
            for (int x = 0; x < 5 * 3; ++x)
                sample.row(y)[x] = static_cast<std::uint8_t>(40 * y + x);
    };
    Image alone(5, 4);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        fill();
        for (int y = 0; y < 4; ++y) std::copy_n(sample.row(y), 5 * 3, alone.row(y));
        core::Random random(seed);
        jitter_colours(sample, {5, 4}, options, random);
        core::Random again(seed);
        jitter_colours(alone, {5, 4}, options, again);
        for (int y = 0; y < 6; ++y)
            for (int x = 0; x < 8 * 3; ++x)
                EXPECT_EQ(sample.row(y)[x], y < 4 && x < 5 * 3 ? alone.row(y)[x] : 0);
    }
}

}  // namespace
}  // namespace dbnet::data
