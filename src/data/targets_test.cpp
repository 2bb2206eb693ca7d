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
                double nearest = 1e9;
                for (std::size_t i = 0; i < drawn.size(); ++i)
                    nearest = std::min(nearest, distance_to_segment({x + 0.5, y + 0.5}, drawn[i],
                                                                    drawn[(i + 1) % drawn.size()]));
                const double expected = 0.3 + 0.4 * std::max(0.0, 1 - nearest / reach);
                ASSERT_NEAR(maps.threshold[static_cast<std::size_t>(y * 120 + x)], expected, 1e-4)
                    << x << ' ' << y;
            }
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
