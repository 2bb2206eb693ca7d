#include "train/schedule.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace dbnet::train {
namespace {

using Kind = ScheduleOptions::Kind;

TEST(Schedule, FollowsTheFormulas) {
    ScheduleOptions options;
    options.kind = Kind::constant;
    EXPECT_EQ(relative_rate(options, 7, 0.5, 10), 1);
    options.kind = Kind::poly;  // (1 - 300/1200)^0.9
    EXPECT_NEAR(relative_rate(options, 300, 0.5, 1200), 0.77189, 1e-5);
    options.kind = Kind::cosine;
    EXPECT_NEAR(relative_rate(options, 0, 0.5, 8), 1, 1e-12);
    EXPECT_NEAR(relative_rate(options, 2, 0.5, 8), 0.853553, 1e-6);
    EXPECT_NEAR(relative_rate(options, 4, 0.5, 8), 0.5, 1e-12);
    EXPECT_NEAR(relative_rate(options, 8, 0.5, 8), 0, 1e-12);
    options.final_rate = 0.1;
    EXPECT_NEAR(relative_rate(options, 4, 0.5, 8), 0.55, 1e-12);
    EXPECT_NEAR(relative_rate(options, 8, 0.5, 8), 0.1, 1e-12);
    options.kind = Kind::step;
    options.milestones = {3, 6};
    EXPECT_EQ(relative_rate(options, 2.9, 0.5, 8), 1);
    EXPECT_NEAR(relative_rate(options, 3, 0.5, 8), 0.1, 1e-12);
    EXPECT_NEAR(relative_rate(options, 7, 0.5, 8), 0.01, 1e-12);
}

TEST(Schedule, WarmsUpLinearly) {
    ScheduleOptions options;
    options.kind = Kind::constant;
    options.warmup = 4;
    EXPECT_EQ(relative_rate(options, 0, 0.5, 10), 0.125);  // not 0: nothing would be learnt
    EXPECT_EQ(relative_rate(options, 1.5, 0.5, 10), 0.5);
    EXPECT_EQ(relative_rate(options, 3.5, 0.5, 10), 1);
    EXPECT_EQ(relative_rate(options, 4, 0.5, 10), 1);
    EXPECT_EQ(relative_rate(options, 0, 8, 10), 1);  // a step longer than the warm-up
}

}  // namespace
}  // namespace dbnet::train
