#include "image/draw.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include <opencv2/core.hpp>

#include <dbnet/error.hpp>

namespace dbnet::image {
namespace {

constexpr Colour kRed{255, 0, 0};

Image grey(int width, int height) {
    Image image(width, height);
    std::fill_n(image.row(0), std::ptrdiff_t{3} * width * height, 128);
    return image;
}

bool changed(const Image& image, int x, int y) {
    const std::uint8_t* p = image.row(y) + 3 * x;
    return p[0] != 128 || p[1] != 128 || p[2] != 128;
}

int changed_pixels(const Image& image) {
    int count = 0;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x) count += changed(image, x, y);
    return count;
}

/// Width of the saturated part of the left line around text of that height.
int line_width(int side, double text) {
    Image image = grey(side, side);
    const double middle = side / 2.0;
    draw(image,
         {{Shape{{{20, middle - text / 2},
                  {side - 20.0, middle - text / 2},
                  {side - 20.0, middle + text / 2},
                  {20, middle + text / 2}},
                 ""}}},
         {kRed, 0});
    int width = 0;
    for (int x = 0; x < side / 2; ++x) width += image.row(side / 2)[3 * x] > 200;
    return width;
}

TEST(Draw, OutlineIsCentredOnTheCoordinates) {
    Image image = grey(60, 60);
    // The line at x = 20 runs between pixels 19 and 20, which must look alike.
    draw(image, {{Shape{{{20, 20}, {40, 20}, {40, 40}, {20, 40}}, ""}}}, {kRed, 0});
    const auto red = [&](int x, int y) { return int(image.row(y)[3 * x]); };
    for (int distance = 0; distance < 4; ++distance) {
        EXPECT_NEAR(red(19 - distance, 30), red(20 + distance, 30), 40) << distance;
        EXPECT_NEAR(red(30, 19 - distance), red(30, 20 + distance), 40) << distance;
    }
    EXPECT_GT(red(19, 30), 150);
    EXPECT_FALSE(changed(image, 30, 30));
    EXPECT_FALSE(changed(image, 10, 30));
}

TEST(Draw, LinesGrowWithTheTextNotWithTheImage) {
    EXPECT_LT(line_width(2000, 30), line_width(2000, 200));
    EXPECT_EQ(line_width(600, 30), line_width(4000, 30));
    EXPECT_LE(line_width(4000, 40), 3) << "a scan";
    EXPECT_LE(line_width(300, 200), 3) << "large letters on a small picture";
}

TEST(Draw, LabelsOfDenseTextAreLeftOut) {
    const auto word = [](double x, double y, double height) {
        return Shape{{{x, y}, {x + 150, y}, {x + 150, y + height}, {x, y + height}}, "0.93"};
    };
    const auto label_is_drawn = [](std::vector<Shape> shapes, int x, int y) {
        Image image = grey(400, 300);
        draw(image, shapes, {kRed, 0});
        return changed(image, x, y);
    };
    EXPECT_TRUE(label_is_drawn({word(100, 150, 40)}, 110, 140));
    EXPECT_FALSE(label_is_drawn({word(100, 150, 40), word(100, 90, 54)}, 110, 132));
    EXPECT_TRUE(label_is_drawn({word(100, 150, 40), word(260, 90, 54)}, 110, 140));
    EXPECT_FALSE(label_is_drawn({word(100, 150, 14)}, 110, 144)) << "nobody could read it";
}

TEST(Draw, PreviewsKeepTheirShape) {
    const Image image = grey(1000, 300);
    const Image small = scaled_down(image, 100);
    EXPECT_EQ(small.width(), 100);
    EXPECT_EQ(small.height(), 30);
    EXPECT_EQ(scaled_down(image, 1000).width(), 1000);
    EXPECT_EQ(scaled_down(grey(20'000, 1), 100).height(), 1);
}

TEST(Draw, FillIsTranslucentAndStaysInside) {
    Image image = grey(100, 100);
    draw(image, {{Shape{{{20, 20}, {80, 20}, {80, 80}, {20, 80}}, ""}}}, {kRed, 0.5});
    EXPECT_NEAR(image.row(50)[150], 191, 1);
    EXPECT_NEAR(image.row(50)[151], 64, 1);
    EXPECT_FALSE(changed(image, 10, 50));
    EXPECT_FALSE(changed(image, 90, 50));
}

TEST(Draw, LabelsStandAboveTheOutlineAndInsideTheImage) {
    Image image = grey(300, 200);
    draw(image, {{Shape{{{100, 100}, {200, 100}, {200, 150}, {100, 150}}, "0.93"}}}, {kRed, 0});
    EXPECT_TRUE(changed(image, 105, 92));
    Image corner = grey(300, 200);
    draw(corner, {{Shape{{{270, 1}, {299, 1}, {299, 40}, {270, 40}}, "0.93"}}}, {kRed, 0});
    EXPECT_TRUE(changed(corner, 285, 8)) << "the label is moved to where there is room";
    Image tiny = grey(4, 4);
    EXPECT_NO_THROW(draw(tiny, {{Shape{{{0, 0}, {4, 0}, {4, 4}, {0, 4}}, "0.93"}}}));
}

TEST(Draw, HostileOutlinesAreHarmless) {
    for (const double far : {1e3, 1e9, 1e300}) {
        Image image = grey(50, 40);
        draw(image, {{Shape{{{-far, -far}, {far, -far}, {far, far}, {-far, far}}, "1"},
                      Shape{{{0, 0}, {far, far}}, ""}, Shape{{{5, 5}}, "2"}, Shape{{}, "3"}}});
        EXPECT_GT(changed_pixels(image), 0);
    }
    Image image = grey(50, 40);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_THROW(draw(image, {{Shape{{{nan, 0}, {1, 1}, {2, 0}}, ""}}}), Error);
}

TEST(Draw, KeepsOpenCvSettings) {
    const int threads = cv::getNumThreads();
    Image image = grey(50, 40);
    draw(image, {{Shape{{{5, 5}, {20, 5}, {20, 20}}, "0.5"}}});
    EXPECT_EQ(cv::getNumThreads(), threads);
}

}  // namespace
}  // namespace dbnet::image
