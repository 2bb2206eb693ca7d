#include "data/targets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "geometry/polygon.hpp"

namespace dbnet::data {
namespace {

double distance_to_segment(Point p, Point a, Point b) {
    const double length = (b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y);
    double t = length > 0 ? ((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / length : 0;
    t = std::clamp(t, 0.0, 1.0);
    return std::hypot(p.x - a.x - t * (b.x - a.x), p.y - a.y - t * (b.y - a.y));
}

double distance_to_outline(Point p, const Polygon& polygon) {
    double nearest = 1e9;
    for (std::size_t i = 0; i < polygon.size(); ++i)
        nearest = std::min(nearest,
                           distance_to_segment(p, polygon[i], polygon[(i + 1) % polygon.size()]));
    return nearest;
}

Polygon rectangle(double x, double y, double w, double h) {
    return {{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}};
}

TEST(Targets, NativeThresholdMapIsTheDistanceToTheOutline) {
    std::mt19937 random(5);
    const auto coordinate = [&](double size) {
        return size * static_cast<double>(random()) / 4294967296.0;
    };
    for (int round = 0; round < 20; ++round) {
        Polygon polygon;
        const Point centre{40 + coordinate(40), 40 + coordinate(20)};
        for (int i = 0; i < 7; ++i) {
            const double angle = i * 0.8975979;
            const double radius = 15 + coordinate(20);
            polygon.push_back(
                {centre.x + radius * std::cos(angle), centre.y + radius * std::sin(angle)});
        }
        std::vector<TextLabel> labels{{polygon}};
        const TargetMaps maps = make_targets(120, 96, labels, {});
        const Polygon& drawn = labels[0].polygon;
        const double reach = geometry::area(drawn) * 0.84 / geometry::perimeter(drawn);
        for (int y = 0; y < 96; ++y)
            for (int x = 0; x < 120; ++x) {
                const double nearest = distance_to_outline({x + 0.5, y + 0.5}, drawn);
                const double expected = 0.3 + 0.4 * std::max(0.0, 1 - nearest / reach);
                ASSERT_NEAR(maps.threshold[static_cast<std::size_t>(y * 120 + x)], expected, 1e-4)
                    << x << ' ' << y;
            }
    }
}

/// What each pixel says follows from its distance to the outline of the whole text, however little
/// of that the image shows.
TEST(Targets, MapsOfCutTextAreThoseOfTheWholeText) {
    std::mt19937 random(7);
    const auto between = [&](double low, double high) {
        return low + (high - low) * static_cast<double>(random()) / 4294967296.0;
    };
    constexpr int kWidth = 90, kHeight = 70;
    int cut = 0;
    for (int round = 0; round < 60; ++round) {
        const double angle = between(0, 6.3);
        const double c = std::cos(angle), s = std::sin(angle);
        const Point centre{between(-10, kWidth + 10), between(-10, kHeight + 10)};
        const double half_width = between(12, 60), half_height = between(10, 25);
        Polygon polygon;
        for (const auto& [x, y] : {std::pair{-1, -1}, {1, -1}, {1, 1}, {-1, 1}})
            polygon.push_back({centre.x + c * x * half_width - s * y * half_height,
                               centre.y + s * x * half_width + c * y * half_height});
        const Rect box = geometry::bounding_rect(polygon);
        cut += box.x < 0 || box.y < 0 || box.x + box.width > kWidth || box.y + box.height > kHeight;
        const double reach = geometry::area(polygon) * 0.84 / geometry::perimeter(polygon);
        std::vector<TextLabel> labels{{polygon}};
        const TargetMaps maps = make_targets(kWidth, kHeight, labels, {});
        ASSERT_FALSE(labels[0].ignore);
        EXPECT_EQ(std::count(maps.probability_mask.begin(), maps.probability_mask.end(), 0), 0);
        for (int y = 0; y < kHeight; ++y)
            for (int x = 0; x < kWidth; ++x) {
                const Point pixel{x + 0.5, y + 0.5};
                const auto at = static_cast<std::size_t>(y * kWidth + x);
                const double distance = distance_to_outline(pixel, polygon);
                const double inside = geometry::contains(polygon, pixel) ? distance : -distance;
                ASSERT_NEAR(maps.threshold[at], 0.3 + 0.4 * std::max(0.0, 1 - distance / reach),
                            1e-4);
                // Pixels that an outline touches count as inside, and OpenCV's lines touch some
                // more.
                if (std::abs(inside - reach) > 2) {
                    ASSERT_EQ(maps.probability[at], inside > reach) << x << ' ' << y;
                }
                if (std::abs(inside + reach) > 2) {
                    ASSERT_EQ(maps.threshold_mask[at], inside > -reach) << x << ' ' << y;
                }
            }
    }
    EXPECT_GT(cut, 30);
}

TEST(Targets, WhatLiesBeyondIsBackground) {
    std::vector<TextLabel> labels{{rectangle(5, 5, 40, 20)}, {rectangle(5, 30, 40, 12), true}};
    const TargetMaps whole = make_targets(48, 48, labels, {});
    TargetMaps maps = whole;
    clear_beyond(maps, 30, 36, {});
    for (int y = 0; y < 48; ++y)
        for (int x = 0; x < 48; ++x) {
            const auto at = static_cast<std::size_t>(y * 48 + x);
            const bool kept = x < 30 && y < 36;
            EXPECT_EQ(maps.probability[at], kept ? whole.probability[at] : 0);
            EXPECT_EQ(maps.probability_mask[at], kept ? whole.probability_mask[at] : 1);
            EXPECT_EQ(maps.threshold[at], kept ? whole.threshold[at] : 0.3f);
            EXPECT_EQ(maps.threshold_mask[at], kept ? whole.threshold_mask[at] : 0);
        }
}

TEST(Targets, ShrunkRectangleHasTheShrunkSize) {
    std::vector<TextLabel> labels{{rectangle(20, 20, 100, 30)}};
    const TargetMaps maps = make_targets(140, 70, labels, {});
    const double d = 100 * 30 * 0.84 / 260;
    const auto row = [&](int y, int x) {
        return maps.probability[static_cast<std::size_t>(y * 140 + x)];
    };
    int width = 0;
    int height = 0;
    for (int x = 0; x < 140; ++x) width += row(35, x);
    for (int y = 0; y < 70; ++y) height += row(y, 70);
    EXPECT_NEAR(width, 100 - 2 * d, 1.5);
    EXPECT_NEAR(height, 30 - 2 * d, 1.5);
}

TEST(Targets, AllPiecesOfASplitPolygonAreDrawnNatively) {
    // Two 40x40 squares joined by a bar 4 pixels high, which vanishes when shrunk.
    const Polygon dumbbell{{10, 10},  {50, 10}, {50, 28}, {90, 28}, {90, 10}, {130, 10},
                           {130, 50}, {90, 50}, {90, 32}, {50, 32}, {50, 50}, {10, 50}};
    std::vector<TextLabel> labels{{dumbbell}};
    const TargetMaps native = make_targets(140, 60, labels, {});
    EXPECT_EQ(native.probability[30 * 140 + 30], 1);
    EXPECT_EQ(native.probability[30 * 140 + 110], 1);
    EXPECT_EQ(native.probability[30 * 140 + 70], 0);
}

TEST(Targets, IgnoredTextIsMaskedAndNotLearnt) {
    std::vector<TextLabel> labels{
        {rectangle(10, 10, 40, 20), true}, {rectangle(10, 40, 40, 5)}, {{{1, 1}, {5, 5}}}};
    const TargetMaps maps = make_targets(64, 64, labels, {});
    EXPECT_TRUE(labels[1].ignore) << "too low";
    EXPECT_TRUE(labels[2].ignore) << "no area";
    EXPECT_EQ(maps.probability_mask[20 * 64 + 30], 0);
    EXPECT_EQ(maps.probability_mask[42 * 64 + 30], 0);
    EXPECT_EQ(maps.probability_mask[60 * 64 + 60], 1);
    EXPECT_EQ(std::count(maps.probability.begin(), maps.probability.end(), 1), 0);
    EXPECT_EQ(std::count(maps.threshold_mask.begin(), maps.threshold_mask.end(), 1), 0);
    EXPECT_TRUE(std::all_of(maps.threshold.begin(), maps.threshold.end(),
                            [](float v) { return v == 0.3f; }));
}

TEST(Targets, SurvivesHostilePolygons) {
    for (const TargetStyle style : {TargetStyle::native, TargetStyle::mhliao})
        for (const bool clip : {false, true}) {
            std::vector<TextLabel> labels{{{}},
                                          {{{5, 5}}},
                                          {{{5, 5}, {5, 5}, {5, 5}, {5, 5}}},
                                          {{{0, 0}, {60, 60}, {60, 0}, {0, 60}}},
                                          {rectangle(-500, -500, 2000, 2000)},
                                          {rectangle(1e9, 1e9, 50, 50)},
                                          {{{NAN, 1}, {2, 3}, {40, 50}}},
                                          {{{INFINITY, 1}, {2, -INFINITY}, {40, 50}}}};
            TargetOptions options;
            options.style = style;
            options.clip = clip;
            const TargetMaps maps = make_targets(64, 64, labels, options);
            for (const float value : maps.threshold) {
                ASSERT_GE(value, 0.299f);
                ASSERT_LE(value, 0.701f);
            }
        }
}

}  // namespace
}  // namespace dbnet::data
