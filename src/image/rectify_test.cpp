#include "image/rectify.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <dbnet/error.hpp>

#include "support/images.hpp"

namespace dbnet::image {
namespace {

/// A picture whose samples are linear in the coordinates: red is x, green is y at pixel centres, so
/// that bilinear sampling is exact wherever it looks.
Image ramp(int width, int height) {
    Image image(width, height);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            image.row(y)[3 * x] = static_cast<std::uint8_t>(x);
            image.row(y)[3 * x + 1] = static_cast<std::uint8_t>(y);
        }
    return image;
}

Quad box(double left, double top, double width, double height) {
    return {{{left, top}, {left + width, top}, {left + width, top + height}, {left, top + height}}};
}

TEST(Rectify, UprightBoxesAreCopiedExactly) {
    const Image image = test::picture(90, 70);
    const Image crop = rectify(image, box(13, 21, 40, 30));
    ASSERT_EQ(crop.width(), 40);
    ASSERT_EQ(crop.height(), 30);
    for (int y = 0; y < 30; ++y)
        for (int i = 0; i < 3 * 40; ++i) ASSERT_EQ(crop.row(y)[i], image.row(y + 21)[i + 3 * 13]);
}

TEST(Rectify, TheWholeImageIsItself) {
    const Image image = test::picture(33, 17);
    const Image crop = rectify(image, box(0, 0, 33, 17));
    ASSERT_EQ(crop.width(), 33);
    for (int y = 0; y < 17; ++y)
        for (int i = 0; i < 3 * 33; ++i) ASSERT_EQ(crop.row(y)[i], image.row(y)[i]);
}

TEST(Rectify, CornersDecideTheTurn) {
    const Image image = test::picture(40, 20);
    Quad turned = box(0, 0, 40, 20);
    std::rotate(turned.begin(), turned.begin() + 1, turned.end());  // the text runs downwards
    const Image crop = rectify(image, turned);
    const Image expected = test::stored_as(image, 6);
    ASSERT_EQ(crop.width(), 20);
    ASSERT_EQ(crop.height(), 40);
    for (int y = 0; y < 40; ++y)
        for (int i = 0; i < 60; ++i) ASSERT_EQ(crop.row(y)[i], expected.row(y)[i]);
}

TEST(Rectify, SlantedBoxesFollowTheirSides) {
    const Image image = ramp(200, 200);
    const double angle = 25 * std::numbers::pi / 180, c = std::cos(angle), s = std::sin(angle);
    const auto at = [&](double along, double down) {
        return Point{80 + along * c - down * s, 60 + along * s + down * c};
    };
    const Image crop = rectify(image, {at(0, 0), at(60, 0), at(60, 24), at(0, 24)});
    ASSERT_EQ(crop.width(), 60);
    ASSERT_EQ(crop.height(), 24);
    for (int y = 0; y < 24; ++y)
        for (int x = 0; x < 60; ++x) {
            const Point source = at(x + 0.5, y + 0.5);
            ASSERT_NEAR(crop.row(y)[3 * x], source.x - 0.5, 0.75);
            ASSERT_NEAR(crop.row(y)[3 * x + 1], source.y - 0.5, 0.75);
        }
}

TEST(Rectify, PerspectiveKeepsCornersAndDiagonals) {
    const Image image = ramp(200, 150);
    const Quad quad{{{30, 20}, {170, 50}, {160, 110}, {40, 140}}};
    const Image crop = rectify(image, quad);
    EXPECT_EQ(crop.width(), std::lround((std::hypot(140, 30) + std::hypot(120, 30)) / 2));
    EXPECT_EQ(crop.height(), std::lround((std::hypot(10, 120) + std::hypot(10, 60)) / 2));
    EXPECT_NEAR(crop.row(0)[0], 30, 1.5);
    EXPECT_NEAR(crop.row(crop.height() - 1)[3 * (crop.width() - 1)], 159, 1.5);
    // Diagonals meet in the middle of the result: at quad[0] + t * (quad[2] - quad[0]).
    const auto cross = [](Point a, Point b) { return a.x * b.y - a.y * b.x; };
    const auto minus = [](Point a, Point b) { return Point{a.x - b.x, a.y - b.y}; };
    const Point falling = minus(quad[2], quad[0]), rising = minus(quad[3], quad[1]);
    const double t = cross(minus(quad[1], quad[0]), rising) / cross(falling, rising);
    const std::uint8_t* middle = crop.row(crop.height() / 2) + 3 * (crop.width() / 2);
    EXPECT_NEAR(middle[0], quad[0].x + t * falling.x - 0.5, 1.5);
    EXPECT_NEAR(middle[1], quad[0].y + t * falling.y - 0.5, 1.5);
}

TEST(Rectify, OutsideTheImageItsEdgeContinues) {
    const Image image = ramp(50, 40);
    const Image crop = rectify(image, box(-20, -10, 100, 60));
    ASSERT_EQ(crop.width(), 100);
    EXPECT_EQ(crop.row(0)[0], 0);
    EXPECT_EQ(crop.row(30)[0], 0);
    EXPECT_EQ(crop.row(30)[1], 20);
    EXPECT_EQ(crop.row(59)[3 * 99], 49);
    const Image beyond = rectify(image, box(500, 500, 10, 10));
    EXPECT_EQ(beyond.row(5)[15], 49);
    EXPECT_EQ(beyond.row(5)[16], 39);
}

TEST(Rectify, SizesAreBounded) {
    const Image image = ramp(50, 40);
    const Image wide = rectify(image, box(-1e6, 0, 9e6, 40));
    EXPECT_EQ(wide.width(), kMaxCropSide);
    EXPECT_EQ(wide.height(), 1);
    const Image point = rectify(image, box(7, 8, 0, 0));
    EXPECT_EQ(point.width(), 1);
    EXPECT_EQ(point.height(), 1);
    const Quad crossed{{{0, 0}, {5e6, 40}, {0, 40}, {5e6, 0}}};
    EXPECT_LE(rectify(image, crossed).width(), kMaxCropSide);
    for (const double bad :
         {1e8, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
        EXPECT_THROW(rectify(image, box(bad, 0, 1, 1)), Error);
    EXPECT_THROW(rectify(ImageView{}, box(0, 0, 1, 1)), Error);
}

TEST(Rectify, LongImagesAreScaledDown) {
    const Image image = test::picture(40000, 20);
    const Image crop = rectify(image, box(0, 0, 40000, 20));
    ASSERT_EQ(crop.width(), kMaxCropSide);
    ASSERT_EQ(crop.height(), 2);
    for (int x = 0; x < crop.width(); ++x)
        ASSERT_NEAR(crop.row(0)[3 * x], 255.0 * (x + 0.5) / kMaxCropSide, 2);
}

}  // namespace
}  // namespace dbnet::image
