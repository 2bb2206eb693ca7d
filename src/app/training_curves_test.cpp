#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "app/training_curves.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::app {
namespace {

TEST(Curve, KeepsAFewPointsAsTheyAre) {
    Curve curve;
    curve.add(1, 5);
    curve.add(2, std::nan(""));
    curve.add(3, 7);
    EXPECT_EQ(curve.points(), (std::vector<Point>{{1, 5}, {3, 7}}));
}

TEST(Curve, AveragesNeighboursOfALongLine) {
    Curve curve;
    constexpr int kCount = 100'001;
    for (int i = 0; i < kCount; ++i) curve.add(i, 2.0 * i + i % 2);
    const std::vector<Point> points = curve.points();
    EXPECT_GE(points.size(), 400);
    EXPECT_LE(points.size(), 1000);
    for (std::size_t i = 0; i + 1 < points.size(); ++i) {
        EXPECT_LT(points[i].x, points[i + 1].x);
        EXPECT_NEAR(points[i].y, 2 * points[i].x + 0.5, 1e-6) << "odd and even are averaged";
    }
    EXPECT_LT(points.front().x, kCount / 400);
    EXPECT_GT(points.back().x, kCount - kCount / 400);
}

TEST(TrainingCurves, WritesPlotsThatCanBeRead) {
    const test::TempDir dir;
    TrainingCurves curves;
    for (std::uint64_t step = 1; step <= 50; ++step)
        curves.add(step, {8.0 / static_cast<double>(step), 0.5, std::nan(""), std::nan("")}, 1e-3);
    curves.write(dir / "plots");
    for (const char* name : {"losses", "learning_rate"}) {
        EXPECT_EQ(Image::read(dir / "plots/" + name + ".png").width(), 640);
        EXPECT_TRUE(std::filesystem::exists(dir / "plots/" + name + ".svg"));
    }
    EXPECT_FALSE(std::filesystem::exists(dir / "plots/hmean.svg")) << "no validation yet";
    curves.add(50, {0.5, 0.5, 0.5});
    curves.write(dir / "plots");
    EXPECT_TRUE(std::filesystem::exists(dir / "plots/hmean.svg"));
}

TEST(TrainingCurves, CanBeWrittenBeforeTheFirstStep) {
    const test::TempDir dir;
    EXPECT_NO_THROW(TrainingCurves().write(dir / "plots"));
}

}  // namespace
}  // namespace dbnet::app
