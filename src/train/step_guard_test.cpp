#include "train/step_guard.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "model/networks/network.hpp"

namespace dbnet::train {
namespace {

TEST(StepGuard, ALossFarAboveTheMedianIsBad) {
    StepHistory history;
    StepGuard guard(history);
    for (int i = 0; i < 19; ++i) guard.accept(i % 2 == 0 ? 1.9 : 2.1);
    EXPECT_GT(guard.limit(), 1e300);  // too few to know
    guard.accept(2);
    EXPECT_NEAR(guard.limit(), 20, 1);  // ten times the median
    for (int i = 0; i < 200; ++i) guard.accept(i % 3 == 0 ? 0.1 : i % 3 == 1 ? 2 : 4);
    EXPECT_NEAR(guard.limit(), 2 + 20 * 1.9, 3);  // where they differ much, that counts
    EXPECT_EQ(history.losses.size(), 100u);
}

TEST(StepGuard, TheRuleDoesNotGrowWithOneOutlier) {
    StepHistory history;
    StepGuard guard(history);
    for (int i = 0; i < 40; ++i) guard.accept(2);
    guard.accept(19);
    EXPECT_EQ(guard.limit(), 20);
}

TEST(StepGuard, ManyInARowAskForAReturn) {
    StepHistory history;
    StepGuard guard(history);
    for (int round = 0; round < StepGuard::kMostReturns; ++round) {
        for (int i = 1; i < StepGuard::kMostInARow; ++i) guard.skip();
        EXPECT_FALSE(guard.must_return());
        guard.accept(1);
        for (int i = 0; i < StepGuard::kMostInARow; ++i) guard.skip();
        EXPECT_TRUE(guard.must_return());
        EXPECT_FALSE(guard.is_hopeless());
        guard.has_returned();
        EXPECT_EQ(guard.rate_factor(), std::pow(0.5, round + 1));
        EXPECT_TRUE(history.losses.empty());
    }
    for (int i = 0; i < StepGuard::kMostInARow; ++i) guard.skip();
    EXPECT_TRUE(guard.is_hopeless());
    EXPECT_EQ(history.skipped, StepGuard::kMostReturns * 19 + 10);
}

TEST(StepGuard, StatisticsAreWatchedAndRestored) {
    model::NetworkOptions network;
    network.backbone = model::Backbone::mobilenet_v3_large_half;
    network.inner = 16;
    GraphModule module(model::build_network(network));
    StatisticsCopy copy(module);
    const auto& [name, statistic] = *std::next(module.statistics().begin(), 7);
    statistic.fill_(3);
    copy.keep();
    EXPECT_EQ(bad_statistic(module), "");
    statistic[0] = INFINITY;
    EXPECT_EQ(bad_statistic(module), name);
    copy.restore();
    EXPECT_EQ(statistic[0].item<double>(), 3);
    EXPECT_EQ(bad_statistic(module), "");
}

}  // namespace
}  // namespace dbnet::train
