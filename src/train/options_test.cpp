#include "train/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include <dbnet/error.hpp>

namespace dbnet::train {
namespace {

TEST(TrainOptions, defaults_are_fine) { EXPECT_TRUE(problems({}).empty()); }

struct Case {
    const char* key;
    const char* text;
    std::function<void(TrainOptions&)> spoil;
};

TEST(TrainOptions, each_problem_names_its_key) {
    const std::vector<Case> cases{
        {"optimizer.rate", "more than 0", [](auto& o) { o.optimizer.rate = 0; }},
        {"optimizer.rate", "nan", [](auto& o) { o.optimizer.rate = std::nan(""); }},
        {"optimizer.rates.neck", "from 0 to 1000",
         [](auto& o) {
             o.optimizer.rates = {{"neck", -1}};
         }},
        {"loss.k", "inf", [](auto& o) { o.loss.k = INFINITY; }},
        {"ema", "less than 1", [](auto& o) { o.ema = 1; }},
        {"batch_size", "from 1 to 4096", [](auto& o) { o.batch_size = 0; }},
        {"augment.size", "from 16", [](auto& o) { o.sample.augment.size.height = 8; }},
        {"augment.scale", "above its end", [](auto& o) { o.sample.augment.scale_low = 4; }},
        {"data.train[1].weight", "more than 0",
         [](auto& o) {
             o.data = {{"icdar", "a"}, {"icdar", "b", "", {}, -1}};
         }},
        {"input.std", "more than 0", [](auto& o) { o.input.std[1] = 0; }},
        {"schedule.milestones", "ascend",
         [](auto& o) {
             o.schedule.milestones = {20, 10};
         }},
        {"schedule.milestones", "empty",
         [](auto& o) { o.schedule.kind = ScheduleOptions::Kind::step; }},
        {"schedule.warmup", "less than epochs", [](auto& o) { o.schedule.warmup = o.epochs; }},
        {"model.backbone", "no file", [](auto& o) { o.start.network_of_init = true; }},
        {"model.inner", "multiple of 4", [](auto& o) { o.start.network.inner = 66; }},
        {"model.serial", "threshold branch",
         [](auto& o) {
             o.start.network.serial = true;
             o.start.network.threshold_branch = false;
         }},
        {"targets.threshold_low", "threshold_high",
         [](auto& o) { o.sample.targets.threshold_low = 0.9; }},
        {"precision", "cuda",
         [](auto& o) {
             o.precision = Precision::f16;
             o.device = "cpu";
         }},
        {"device", "tpu", [](auto& o) { o.device = "tpu"; }},
    };
    for (const Case& one : cases) {
        TrainOptions options;
        one.spoil(options);
        const std::vector<OptionProblem> found = problems(options);
        ASSERT_EQ(found.size(), 1u) << one.key;
        EXPECT_EQ(found[0].key, one.key);
        EXPECT_THAT(found[0].text, testing::HasSubstr(one.text));
        EXPECT_THROW(check(options), Error) << one.key;
    }
}

}  // namespace
}  // namespace dbnet::train
