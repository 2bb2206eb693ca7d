#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "app/training_progress.hpp"

namespace dbnet::app {
namespace {

using testing::HasSubstr;
using testing::Not;

train::StepReport step_report(std::uint64_t step, double loss, double seconds) {
    train::StepReport report;
    report.at = {step, 12'500, step * 8, static_cast<double>(step) / 125};
    report.losses = {loss, 0.28, 0.09, 0.61};
    report.times = {0, seconds, 0, 0};
    report.rate = 9.8e-4;
    report.samples = 8;
    return report;
}

TEST(TrainingProgress, SaysHowFarTheRunIs) {
    TrainingProgress progress;
    for (std::uint64_t step = 1; step <= 410; ++step) progress.add(step_report(step, 2.31, 0.5));
    EXPECT_EQ(progress.text(),
              "epoch 3.3/100  step 410/12500  1:40:45 left  0.5 s/step  16 samples/s  data ready  "
              "lr 9.8e-04  loss 2.31 (prob 0.28 thr 0.09 bin 0.61)");
}

TEST(TrainingProgress, SaysWhatTheNetworkWaitsFor) {
    const auto text = [](double data) {
        TrainingProgress progress;
        train::StepReport report = step_report(1, 1, 1);
        report.times = {data, 0.6, 0.3, 0.1};
        progress.add(report);
        return progress.text();
    };
    EXPECT_THAT(text(0), HasSubstr("1 s/step  8 samples/s  data ready  lr"));
    EXPECT_THAT(text(0.01), HasSubstr("data ready"));
    EXPECT_THAT(text(1), HasSubstr("2 s/step  4 samples/s  waits for data 50 %  lr"));
    train::StepReport nothing;
    TrainingProgress progress;
    progress.add(nothing);
    EXPECT_THAT(progress.text(), HasSubstr("data ready"));
}

TEST(TrainingProgress, ForgetsEarlyStepsSlowly) {
    TrainingProgress progress;
    progress.add(step_report(1, 10, 30));  // the first step is slow
    for (std::uint64_t step = 2; step <= 20; ++step) progress.add(step_report(step, 1, 1));
    EXPECT_THAT(progress.text(), Not(HasSubstr("loss 1 "))) << "the first step still counts";
    for (std::uint64_t step = 21; step <= 400; ++step) progress.add(step_report(step, 1, 1));
    EXPECT_THAT(progress.text(), HasSubstr("loss 1 "));
    EXPECT_THAT(progress.text(), HasSubstr("3:21:40 left  1 s/step  8 samples/s"));
}

TEST(TrainingProgress, LeavesOutTheBranchThatIsNotThere) {
    TrainingProgress progress;
    train::StepReport report = step_report(1, 1, 1);
    report.losses.threshold = report.losses.binary = std::numeric_limits<double>::quiet_NaN();
    progress.add(report);
    EXPECT_THAT(progress.text(), testing::EndsWith("loss 1 (prob 0.28)"));
}

}  // namespace
}  // namespace dbnet::app
