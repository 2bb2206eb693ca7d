#include "data/view.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "geometry/polygon.hpp"

namespace dbnet::data {
namespace {

void expect_near(Point a, Point b) {
    EXPECT_NEAR(a.x, b.x, 1e-9);
    EXPECT_NEAR(a.y, b.y, 1e-9);
}

Polygon rectangle(double x, double y, double w, double h) {
    return {{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}};
}

constexpr Quad kCorners{{{3, 5}, {90, -4}, {110, 70}, {-8, 61}}};

TEST(Projection, takes_the_corners_of_a_rectangle_to_those_of_a_quad) {
    const Projection map = projection({200, 100}, kCorners);
    EXPECT_FALSE(map.is_affine());
    expect_near(map({0, 0}), kCorners[0]);
    expect_near(map({200, 0}), kCorners[1]);
    expect_near(map({200, 100}), kCorners[2]);
    expect_near(map({0, 100}), kCorners[3]);
    // A line stays a line: the diagonals meet where the centre goes.
    const Point centre = map({100, 50});
    for (std::size_t i = 0; i < 2; ++i) {
        const Point a = kCorners[i];
        const Point b = kCorners[i + 2];
        EXPECT_NEAR((b.x - a.x) * (centre.y - a.y) - (b.y - a.y) * (centre.x - a.x), 0, 1e-6);
    }
    EXPECT_TRUE(projection({200, 100}, {{{5, 5}, {25, 5}, {25, 30}, {5, 30}}}).is_affine());
}

TEST(Projection, then_is_one_after_the_other) {
    const Projection first = projection({200, 100}, kCorners);
    const Projection second = rotation(0.3, {20, 30}).then(scaling(2, 0.5));
    for (const Point p : {Point{10, 20}, {150, 90}, {-20, 40}}) {
        expect_near(first.then(second)(p), second(first(p)));
        expect_near(second.then(first)(p), first(second(p)));
    }
    expect_near(rotation(std::numbers::pi / 2, {10, 10})({12, 10}), {10, 12});
}

TEST(Projection, knows_how_much_it_enlarges) {
    EXPECT_NEAR(enlargement(scaling(0.5, 3).then(rotation(0.7, {5, 5})), {20, 10}), 3, 1e-9);
    const Projection map = projection({200, 100}, kCorners);
    const double largest = enlargement(map, {200, 100});
    double measured = 0;
    for (int y = 0; y <= 100; y += 10)
        for (int x = 0; x <= 200; x += 10)
            for (int i = 0; i < 32; ++i) {
                const Point from{static_cast<double>(x), static_cast<double>(y)};
                const Point to{x + 1e-4 * std::cos(i * 0.1), y + 1e-4 * std::sin(i * 0.1)};
                const Point a = map(from), b = map(to);
                measured = std::max(measured, std::hypot(a.x - b.x, a.y - b.y) / 1e-4);
            }
    EXPECT_NEAR(largest, measured, 0.01 * measured);
    EXPECT_GE(largest, measured - 1e-6);
}

TEST(View, moves_maps_like_the_image) {
    Image image(64, 40);
    std::vector<std::uint8_t> bytes;
    std::vector<float> floats;
    for (int y = 0; y < 40; ++y)
        for (int x = 0; x < 64; ++x) {
            const auto value = static_cast<std::uint8_t>(x / 8 * 20 + y / 10 * 5);
            for (int c = 0; c < 3; ++c) image.row(y)[3 * x + c] = value;
            bytes.push_back(value);
            floats.push_back(value);
        }
    // The same values on a grid of half the size.
    std::vector<float> coarse;
    for (int y = 0; y < 40; y += 2)
        for (int x = 0; x < 64; x += 2)
            coarse.push_back(floats[static_cast<std::size_t>(y * 64 + x)]);
    const Projection wide = projection({64, 40}, {{{2, 3}, {60, 0}, {66, 44}, {-2, 40}}});
    for (const Projection& place : {rotation(0.2, {32, 20}), wide}) {
        const View view{place, {60, 44}};
        const Size size{70, 50};
        const Image expected = warp(image, view, size);
        const auto of_bytes = warp(ImageMap<std::uint8_t>{bytes, {64, 40}}, {64, 40}, view, size);
        const auto of_floats = warp(ImageMap<float>{floats, {64, 40}}, {64, 40}, view, size);
        const auto of_coarse = warp(ImageMap<float>{coarse, {32, 20}}, {64, 40}, view, size);
        double difference = 0;
        for (int y = 0; y < 50; ++y)
            for (int x = 0; x < 70; ++x) {
                const auto at = static_cast<std::size_t>(y * 70 + x);
                ASSERT_EQ(of_bytes[at], expected.row(y)[3 * x]);
                ASSERT_NEAR(of_floats[at], expected.row(y)[3 * x], 0.6);
                difference += std::abs(of_coarse[at] - of_floats[at]);
                if (x >= 60 || y >= 44) {
                    ASSERT_EQ(of_coarse[at], 0);
                }
            }
        EXPECT_LT(difference / (60 * 44), 5);
    }
}

TEST(View, keeps_the_outline_of_text_that_is_cut_a_little) {
    const View view{translation(-10, 0), {100, 50}};
    const std::vector<TextLabel> labels{{rectangle(0, 10, 40, 10)},        // 3/4 is seen
                                        {rectangle(95, 10, 40, 10)},       // 15 of 40
                                        {rectangle(0, 30, 40, 10), true},  // ignored anyway
                                        {rectangle(200, 10, 40, 10)},      // outside
                                        {rectangle(20, 40, 40, 10)}};      // inside
    const std::vector<TextLabel> seen = transform(labels, view, 0.7);
    ASSERT_EQ(seen.size(), 4u);
    EXPECT_EQ(seen[0].polygon, rectangle(-10, 10, 40, 10));
    EXPECT_FALSE(seen[0].ignore);
    EXPECT_EQ(geometry::bounding_rect(seen[1].polygon), (Rect{85, 10, 15, 10}));
    EXPECT_TRUE(seen[1].ignore);
    EXPECT_EQ(geometry::bounding_rect(seen[2].polygon), (Rect{0, 30, 30, 10}));
    EXPECT_TRUE(seen[2].ignore);
    EXPECT_EQ(seen[3].polygon, rectangle(10, 40, 40, 10));
    EXPECT_FALSE(transform(labels, view, 0)[1].ignore);
    EXPECT_TRUE(transform(labels, view, 0.8)[0].ignore);
}

TEST(View, text_runs_clockwise_after_a_flip) {
    const View view{{-1, 0, 100, 0, 1, 0}, {100, 50}};
    const std::vector<TextLabel> seen = transform({{rectangle(10, 10, 20, 10)}}, view);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_GT(geometry::signed_area(seen[0].polygon), 0);
}

TEST(View, cuts_off_what_lies_behind_the_horizon) {
    // The weight is 1 - x / 100.
    const View view{{1, 0, 0, 0, 1, 0, -0.01, 0, 1}, {400, 200}};
    const std::vector<TextLabel> seen =
        transform({{rectangle(20, 10, 1e6, 10)}, {rectangle(150, 10, 50, 10)}}, view);
    ASSERT_EQ(seen.size(), 1u);
    const Rect box = geometry::bounding_rect(seen[0].polygon);
    EXPECT_NEAR(box.x, 25, 1e-9);
    EXPECT_GT(box.width, 400);
    EXPECT_GE(box.y, 10);
}

}  // namespace
}  // namespace dbnet::data
