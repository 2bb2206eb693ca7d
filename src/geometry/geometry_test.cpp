#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <sstream>

#include "core/random.hpp"
#include "geometry/min_area_rect.hpp"
#include "geometry/offset.hpp"
#include "geometry/overlap.hpp"
#include "geometry/polygon.hpp"
#include "geometry/simplify.hpp"

namespace dbnet::geometry {
namespace {

const Polygon kSquare{{0, 0}, {10, 0}, {10, 10}, {0, 10}};
const Polygon kBowTie{{0, 0}, {10, 10}, {10, 0}, {0, 10}};
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

Polygon reversed(Polygon polygon) {
    std::reverse(polygon.begin(), polygon.end());
    return polygon;
}

Polygon random_polygon(core::Random& random, std::size_t vertices, double extent) {
    Polygon polygon(vertices);
    for (Point& point : polygon) point = {random.uniform(0, extent), random.uniform(0, extent)};
    return polygon;
}

/// A rectangle around `centre`, turned by `angle`, clockwise on screen.
Polygon turned_rectangle(Point centre, double width, double height, double angle) {
    Polygon corners;
    for (const auto& [x, y] : {std::pair{-0.5, -0.5}, {0.5, -0.5}, {0.5, 0.5}, {-0.5, 0.5}})
        corners.push_back({centre.x + x * width * std::cos(angle) - y * height * std::sin(angle),
                           centre.y + x * width * std::sin(angle) + y * height * std::cos(angle)});
    return corners;
}

std::vector<Polygon> hostile_polygons() {
    return {{},
            {{1, 1}},
            {{1, 1}, {5, 1}},
            {{1, 1}, {1, 1}, {1, 1}, {1, 1}},
            {{0, 0}, {5, 5}, {10, 10}},
            {{kNan, 0}, {10, 0}, {10, 10}},
            {{kInfinity, 0}, {10, -kInfinity}, {10, 10}},
            {{1e300, 0}, {-1e300, 0}, {0, 1e300}},
            {{0, 0}, {1e-300, 0}, {0, 1e-300}}};
}

TEST(Polygon, MeasuresOfASquare) {
    EXPECT_EQ(signed_area(kSquare), 100);
    EXPECT_EQ(signed_area(reversed(kSquare)), -100);
    EXPECT_EQ(area(reversed(kSquare)), 100);
    EXPECT_EQ(perimeter(kSquare), 40);
    EXPECT_EQ(bounding_rect(kSquare), (Rect{0, 0, 10, 10}));
    EXPECT_EQ(bounding_rect({}), Rect{});
    EXPECT_EQ(signed_area(kBowTie), 0);
}

TEST(Polygon, AreaKeepsItsDigitsFarFromTheOrigin) {
    Polygon far = kSquare;
    for (Point& point : far) point = {point.x + 1e8, point.y + 1e8};
    EXPECT_EQ(signed_area(far), 100);
}

TEST(Polygon, SimpleMeansThatEdgesDoNotMeet) {
    EXPECT_TRUE(is_simple(kSquare));
    EXPECT_TRUE(is_simple(Polygon{{0, 0}, {10, 0}, {10, 10}, {5, 2}, {0, 10}}));
    EXPECT_TRUE(is_simple(Polygon{{0, 0}, {5, 0}, {10, 0}, {10, 10}})) << "straight angle";
    EXPECT_FALSE(is_simple(kBowTie));
    EXPECT_FALSE(is_simple(Polygon{{0, 0}, {10, 0}, {10, 10}, {5, 0}, {0, 10}})) << "touches";
    EXPECT_FALSE(is_simple(Polygon{{0, 0}, {0, 0}, {10, 0}, {10, 10}})) << "repeated vertex";
    EXPECT_FALSE(is_simple(Polygon{{0, 0}, {10, 0}, {5, 0}, {5, 5}})) << "folds back";
    EXPECT_FALSE(is_simple(Polygon{{0, 0}, {10, 0}}));
}

TEST(Polygon, ConvexMeansOneTurnAround) {
    EXPECT_TRUE(is_convex(kSquare));
    EXPECT_TRUE(is_convex(reversed(kSquare)));
    EXPECT_TRUE(is_convex(Polygon{{0, 0}, {5, 0}, {10, 0}, {10, 10}}));
    EXPECT_FALSE(is_convex(kBowTie));
    EXPECT_FALSE(is_convex(Polygon{{0, 0}, {10, 0}, {10, 10}, {5, 2}}));
    EXPECT_FALSE(is_convex(Polygon{{0, 0}, {5, 5}, {10, 10}}));
    Polygon pentagram;
    for (int i = 0; i < 5; ++i)
        pentagram.push_back(
            {std::cos(i * 0.8 * std::numbers::pi), std::sin(i * 0.8 * std::numbers::pi)});
    EXPECT_FALSE(is_convex(pentagram)) << "turns one way, but runs around twice";
}

TEST(Polygon, ContainsByWinding) {
    EXPECT_TRUE(contains(kSquare, {5, 5}));
    EXPECT_TRUE(contains(reversed(kSquare), {5, 5}));
    EXPECT_FALSE(contains(kSquare, {15, 5}));
    EXPECT_FALSE(contains(kSquare, {5, -1}));
    EXPECT_TRUE(contains(kBowTie, {9, 5}));
    EXPECT_FALSE(contains(kBowTie, {5, 9}));
}

TEST(Polygon, HullIsConvexAndHoldsEveryPoint) {
    core::Random random(1);
    for (int round = 0; round < 200; ++round) {
        Polygon points = random_polygon(random, 3 + random.below(30), 20);
        for (Point& point : points) point = {std::floor(point.x), std::floor(point.y)};
        const Polygon hull = convex_hull(points);
        if (hull.size() < 3) continue;
        EXPECT_TRUE(is_convex(hull));
        EXPECT_GT(signed_area(hull), 0);
        for (std::size_t i = 0; i < hull.size(); ++i)
            for (const Point point : points) {
                const Polygon corner{hull[i], hull[(i + 1) % hull.size()], point};
                EXPECT_GE(signed_area(corner), 0);
            }
    }
    EXPECT_EQ(convex_hull(Polygon{{0, 0}, {1, 1}, {2, 2}}).size(), 2u);
}

TEST(Polygon, PrintsWithTwoDecimals) {
    std::ostringstream out;
    out << Polygon{{1.005, -0.001}, {1234567.891, 2}};
    EXPECT_EQ(out.str(), "(1 0, 1234567.89 2)");
}

TEST(Offset, OfARectangleHasTheAreaOfTheFormula) {
    const double d = 7.3;
    const Polygon rectangle = turned_rectangle({50, 40}, 30, 12, 0.3);
    const auto round = offset(rectangle, d, Join::round);
    ASSERT_EQ(round.size(), 1u);
    const double straight = 30 * 12 + 84 * d;
    EXPECT_NEAR(signed_area(round[0]), straight + std::numbers::pi * d * d,
                2 * std::numbers::pi * d * 0.25);
    const auto mitre = offset(rectangle, d, Join::mitre);
    ASSERT_EQ(mitre.size(), 1u);
    EXPECT_NEAR(signed_area(mitre[0]), straight + 4 * d * d, 0.5);
    const auto back = offset(mitre[0], -d, Join::mitre);
    ASSERT_EQ(back.size(), 1u);
    EXPECT_NEAR(iou(back[0], rectangle), 1, 1e-3);
}

TEST(Offset, DirectionDoesNotMatterAndNothingMayRemain) {
    EXPECT_NEAR(area(offset(reversed(kSquare), 2).at(0)), area(offset(kSquare, 2).at(0)), 1e-6);
    EXPECT_TRUE(offset(kSquare, -5.1).empty());
    const Polygon dumbbell{{0, 0},   {10, 0},  {10, 4}, {20, 4}, {20, 0},  {30, 0},
                           {30, 10}, {20, 10}, {20, 6}, {10, 6}, {10, 10}, {0, 10}};
    EXPECT_EQ(offset(dumbbell, -2).size(), 2u);
}

TEST(Offset, IntegerFormTruncatesItsInput) {
    const Polygon fractional{{0.9, 0.9}, {10.9, -0.9}, {10.2, 10.7}, {-0.7, 10.3}};
    EXPECT_EQ(integer_offset(fractional, 3), integer_offset(kSquare, 3));
    EXPECT_NE(integer_offset(kSquare, 4), integer_offset(kSquare, 3));
}

TEST(Offset, HostileInputGivesNothing) {
    for (const Polygon& polygon : hostile_polygons())
        for (const double distance : {3.0, -3.0, 0.0}) {
            if (is_bounded(polygon, kLargestCoordinate)) continue;
            EXPECT_TRUE(offset(polygon, distance).empty());
            EXPECT_TRUE(integer_offset(polygon, distance).empty());
        }
    for (const double distance : {kNan, kInfinity, 1e200, -1e200}) {
        EXPECT_TRUE(offset(kSquare, distance).empty());
        EXPECT_TRUE(integer_offset(kSquare, distance).empty());
    }
    EXPECT_TRUE(offset({}, 3).empty());
}

TEST(MinAreaRect, RecoversTurnedRectangles) {
    core::Random random(2);
    for (int round = 0; round < 200; ++round) {
        const double width = random.uniform(5, 300);
        const double height = random.uniform(2, 100);
        const Polygon rectangle =
            turned_rectangle({random.uniform(0, 1000), random.uniform(0, 1000)}, width, height,
                             random.uniform(0, 2 * std::numbers::pi));
        const TurnedRect rect = min_area_rect(rectangle);
        EXPECT_NEAR(rect.short_side, std::min(width, height), 2e-3);
        EXPECT_NEAR(rect.long_side, std::max(width, height), 2e-3);
        const Quad quad = clockwise_from_top_left(rect.corners);
        EXPECT_NEAR(signed_area(quad), width * height, 1e-3 * width * height) << "clockwise";
        EXPECT_GT(iou(quad, rectangle), 0.998);
        EXPECT_LE(quad[0].y, quad[3].y);
        EXPECT_LE(quad[1].y, quad[2].y);
        EXPECT_LE(std::max(quad[0].x, quad[3].x), std::min(quad[1].x, quad[2].x) + 1e-4);
    }
}

TEST(MinAreaRect, HostileInput) {
    for (const Polygon& polygon : hostile_polygons()) {
        const TurnedRect rect = min_area_rect(polygon);
        EXPECT_NEAR(rect.short_side, 0, 1e-5);
        EXPECT_TRUE(is_bounded(rect.corners, kLargestCoordinate));
    }
}

/// Areas by counting the points of a grid.
struct Counted {
    double common = 0;
    double either = 0;
};

Counted count(const Polygon& a, const Polygon& b, double extent) {
    constexpr int kPoints = 200;
    const double cell = extent / kPoints;
    Counted counted;
    for (int j = 0; j < kPoints; ++j)
        for (int i = 0; i < kPoints; ++i) {
            const Point point{(i + 0.5) * cell, (j + 0.5) * cell};
            const bool in_a = contains(a, point);
            const bool in_b = contains(b, point);
            counted.common += in_a && in_b ? cell * cell : 0;
            counted.either += in_a || in_b ? cell * cell : 0;
        }
    return counted;
}

TEST(Overlap, AgreesWithCountingForAnyPolygons) {
    core::Random random(3);
    for (int round = 0; round < 60; ++round) {
        // Up to 5 vertices, so that most cross themselves and some are convex.
        const Polygon a = random_polygon(random, 3 + random.below(6), 100);
        const Polygon b = random_polygon(random, 3 + random.below(3), 100);
        const Counted counted = count(a, b, 100);
        EXPECT_NEAR(intersection_area(a, b), counted.common, 60) << a << " and " << b;
        EXPECT_NEAR(covered_area(a) + covered_area(b) - intersection_area(a, b), counted.either, 60)
            << a << " and " << b;
        EXPECT_NEAR(iou(a, b), iou(b, a), 1e-9);
        EXPECT_NEAR(iou(reversed(a), b), iou(a, b), 1e-9);
    }
}

TEST(Overlap, IsExactForConvexPolygons) {
    const Polygon shifted{{2.5, 0}, {12.5, 0}, {12.5, 10}, {2.5, 10}};
    EXPECT_DOUBLE_EQ(intersection_area(kSquare, shifted), 75);
    EXPECT_DOUBLE_EQ(iou(kSquare, shifted), 75.0 / 125);
    EXPECT_DOUBLE_EQ(iou(kSquare, reversed(kSquare)), 1);
    const Polygon diamond{{5, -5}, {15, 5}, {5, 15}, {-5, 5}};
    EXPECT_DOUBLE_EQ(intersection_area(kSquare, diamond), 100);
    EXPECT_DOUBLE_EQ(intersection_area(kSquare, Polygon{{10, 0}, {20, 0}, {20, 10}}), 0);
}

TEST(Overlap, OfSelfCrossingPolygonsByTheNonZeroRule) {
    EXPECT_NEAR(covered_area(kBowTie), 50, 1e-6);
    EXPECT_NEAR(intersection_area(kBowTie, kSquare), 50, 1e-6);
    EXPECT_NEAR(iou(kBowTie, kBowTie), 1, 1e-6);
}

TEST(Overlap, HostileInputCoversNothing) {
    for (const Polygon& polygon : hostile_polygons()) {
        EXPECT_NEAR(covered_area(polygon), 0, 1e-6) << polygon.size();
        EXPECT_NEAR(intersection_area(polygon, kSquare), 0, 1e-6) << polygon.size();
        EXPECT_NEAR(iou(kSquare, polygon), 0, 1e-6) << polygon.size();
    }
}

/// Distance of a point from the outline of a polygon, by walking along it.
double distance_to_outline(Point p, const Polygon& polygon) {
    double least = kInfinity;
    for (std::size_t i = 0; i < polygon.size(); ++i) {
        const Point a = polygon[i], b = polygon[(i + 1) % polygon.size()];
        for (int step = 0; step <= 200; ++step) {
            const double t = step / 200.0;
            least = std::min(least,
                             std::hypot(a.x + (b.x - a.x) * t - p.x, a.y + (b.y - a.y) * t - p.y));
        }
    }
    return least;
}

TEST(Simplify, StaysWithinTheToleranceWithFewPointsForAStraightWord) {
    core::Random random(8);
    for (int round = 0; round < 60; ++round) {
        const double height = random.uniform(4, 10), width = height * random.uniform(1, 9);
        const Polygon core = turned_rectangle({500, 400}, width, height, random.uniform(0, 3));
        const Polygon grown = offset(core, height * 0.6, Join::round).at(0);
        const Polygon simple = simplify(grown, 0.5);
        EXPECT_LE(simple.size(), 12u) << height;
        EXPECT_GE(simple.size(), 4u);
        for (const Point point : grown) EXPECT_LE(distance_to_outline(point, simple), 0.51);
        for (const Point point : simple) EXPECT_LE(distance_to_outline(point, grown), 0.51);
        EXPECT_TRUE(is_simple(simple));
    }
}

TEST(Simplify, HostileInputStaysAsItIs) {
    EXPECT_EQ(simplify(kSquare, 0), kSquare);
    EXPECT_EQ(simplify(kSquare, kNan), kSquare);
    EXPECT_EQ(simplify(kSquare, 1000), kSquare) << "nothing would be left";
    EXPECT_EQ(simplify({}, 1), Polygon());
    EXPECT_EQ(simplify({{1, 1}, {2, 2}}, 1).size(), 2u);
}

}  // namespace
}  // namespace dbnet::geometry
