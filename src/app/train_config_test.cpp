#include "app/train_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <dbnet/error.hpp>

#include "core/file.hpp"
#include "model/onnx.hpp"
#include "support/temp_dir.hpp"
#include "support/tiny_model.hpp"

namespace dbnet::app {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TrainConfigTest : public testing::Test {
protected:
    std::string write(const std::string& text) {
        core::write_file(folder_ / "run.yaml", text);
        return folder_ / "run.yaml";
    }

    TrainConfig read(const std::string& text, const std::vector<std::string>& assignments = {}) {
        return read_train_config(write(text), assignments);
    }

    std::string message(const std::string& text, const std::vector<std::string>& assignments = {}) {
        try {
            read(text, assignments);
        } catch (const Error& error) {
            return error.what();
        }
        return "(no error)";
    }

    test::TempDir folder_;
};

constexpr const char* kEverything = R"(
model: {backbone: mobilenet_v3_large, inner: 128, threshold_branch: false, serial: false}
init: weights.pth
data:
  train:
  - {format: td500, images: a, labels: b, split: train, weight: 2.5, resize: 720x1280, unlabelled: negative}
  - {images: c}
  val: {images: c, split: holdout}
input: {order: bgr, mean: [0.1, 0.2, 0.3], std: [1, 0.5, 0.25], resize_in_float: true}
augment: {size: 320x416, flip: 0.25, rotation: 15, crop: window, scale: [0.75, 2], crop_tries: 5, crop_min_side: 0.2,
          visible_share: 0.6, brightness: 0.1, contrast: 0.2, saturation: 0.3, grey: 0.4, hue: 20, quarter_turns: 0.11,
          turn: {share: 0.12, range: [-90, 45]}, stretch: {share: 0.13, range: [0.7, 1.5]},
          perspective: {share: 0.14, range: [0.01, 0.05]}, motion_blur: {share: 0.15, range: [4, 8]},
          defocus: {share: 0.16, range: [1, 2]}, noise: {share: 0.17, range: [3, 6]},
          jpeg: {share: 0.18, range: [40, 80]}, paste: {share: 0.19, range: [2, 3]}}
targets: {style: mhliao, shrink_ratio: 0.5, min_text_size: 4, threshold_low: 0.2, threshold_high: 0.8}
loss: {probability: 1, threshold: 2, binary: 3, probability_loss: dice, negative_ratio: 4, k: 25}
distill: {model: teacher.onnx, weight: 2.5, size: 640x960, sure: 0.9, cache: maps, cache_mb: 100}
optimizer: {kind: sgd, rate: 0.007, momentum: 0.8, beta1: 0.7, beta2: 0.99, weight_decay: 5e-4, clip_norm: 5,
            rates: {backbone: 0.25, decoder.x: 2}}
schedule: {kind: step, warmup: 2, power: 0.5, milestones: [10, 20.5], gamma: 0.3, final_rate: 0.01}
epochs: 33.5
batch_size: 3
accumulate: 2
ema: 0.999
freeze: {parameters: [backbone, neck.x], epochs: 15}
norm_eval: true
precision: bf16
seed: 18446744073709551615
validation: {every: 0.5, size: 736x1280, threshold: 0.25, unclip_ratio: 1.75, patience: 9}
checkpoint_minutes: 2.5
device: cpu
threads: 5
workers: 6
cache_mb: 250.5
)";

TEST_F(TrainConfigTest, every_key_arrives) {
    const TrainConfig config = read(kEverything);
    const train::TrainOptions& o = config.options;
    EXPECT_EQ(config.name, "run");
    EXPECT_FALSE(o.start.network_of_init);
    EXPECT_EQ(o.start.init, "weights.pth");
    EXPECT_EQ(o.start.network.backbone, model::Backbone::mobilenet_v3_large);
    EXPECT_EQ(o.start.network.inner, 128);
    EXPECT_FALSE(o.start.network.threshold_branch);
    EXPECT_EQ(o.start.network.k, 25);
    EXPECT_EQ(o.start.network.seed, 18446744073709551615u);
    ASSERT_EQ(o.data.size(), 2u);
    EXPECT_EQ(o.data[0].format, "td500");
    EXPECT_EQ(o.data[0].images, "a");
    EXPECT_EQ(o.data[0].labels, "b");
    EXPECT_EQ(o.data[0].split, data::Split::train);
    EXPECT_EQ(o.data[0].weight, 2.5);
    EXPECT_EQ(o.data[0].resize, data::ResizeRule::parse("720x1280"));
    EXPECT_EQ(o.data[0].unlabelled, data::Unlabelled::negative);
    EXPECT_EQ(o.data[1].format, "");  // to be recognised
    EXPECT_EQ(o.data[1].weight, 1);
    ASSERT_EQ(o.validation.data.size(), 1u);
    EXPECT_EQ(o.validation.data[0].split, data::Split::holdout);
    EXPECT_EQ(o.input.order, detect::ChannelOrder::bgr);
    EXPECT_THAT(o.input.mean, ElementsAre(0.1f, 0.2f, 0.3f));
    EXPECT_THAT(o.input.std, ElementsAre(1, 0.5f, 0.25f));
    EXPECT_TRUE(o.input.resize_in_float);
    const data::AugmentOptions& augment = o.sample.augment;
    EXPECT_EQ(augment.size, (data::Size{416, 320}));
    EXPECT_EQ(augment.flip, 0.25);
    EXPECT_EQ(augment.rotation, 15);
    EXPECT_EQ(augment.crop, data::Crop::window);
    EXPECT_EQ(augment.scale_low, 0.75);
    EXPECT_EQ(augment.scale_high, 2);
    EXPECT_EQ(augment.crop_tries, 5);
    EXPECT_EQ(augment.crop_min_side, 0.2);
    EXPECT_EQ(augment.visible_share, 0.6);
    EXPECT_EQ(augment.colour.brightness, 0.1);
    EXPECT_EQ(augment.colour.contrast, 0.2);
    EXPECT_EQ(augment.colour.saturation, 0.3);
    EXPECT_EQ(augment.colour.grey, 0.4);
    EXPECT_EQ(augment.colour.hue, 20);
    EXPECT_EQ(augment.quarter_turns, 0.11);
    EXPECT_EQ(augment.turn.share, 0.12);
    EXPECT_EQ(augment.turn.low, -90);
    EXPECT_EQ(augment.turn.high, 45);
    double share = 0.12;
    const data::AugmentOptions defaults;
    for (const auto& [name, chance, least, most] : data::kAugmentChances) {
        EXPECT_NEAR((augment.*chance).share, share, 1e-9) << name;
        EXPECT_NE((augment.*chance).low, (defaults.*chance).low) << name;
        EXPECT_NE((augment.*chance).high, (defaults.*chance).high) << name;
        share += 0.01;
    }
    EXPECT_EQ(o.sample.targets.style, data::TargetStyle::mhliao);
    EXPECT_EQ(o.sample.targets.shrink_ratio, 0.5);
    EXPECT_EQ(o.sample.targets.min_text_size, 4);
    EXPECT_EQ(o.sample.targets.threshold_low, 0.2f);
    EXPECT_EQ(o.sample.targets.threshold_high, 0.8f);
    EXPECT_EQ(o.loss.probability_weight, 1);
    EXPECT_EQ(o.loss.threshold_weight, 2);
    EXPECT_EQ(o.loss.binary_weight, 3);
    EXPECT_EQ(o.loss.probability_loss, train::ProbabilityLoss::dice);
    EXPECT_EQ(o.loss.negative_ratio, 4);
    EXPECT_EQ(o.loss.k, 25);
    EXPECT_EQ(o.optimizer.kind, train::OptimizerOptions::Kind::sgd);
    EXPECT_EQ(o.optimizer.rate, 0.007);
    EXPECT_EQ(o.optimizer.rates,
              (std::map<std::string, double>{{"backbone", 0.25}, {"decoder.x", 2}}));
    EXPECT_EQ(o.optimizer.momentum, 0.8);
    EXPECT_EQ(o.optimizer.beta1, 0.7);
    EXPECT_EQ(o.optimizer.beta2, 0.99);
    EXPECT_EQ(o.optimizer.weight_decay, 5e-4);
    EXPECT_EQ(o.optimizer.clip_norm, 5);
    EXPECT_EQ(o.schedule.kind, train::ScheduleOptions::Kind::step);
    EXPECT_EQ(o.schedule.warmup, 2);
    EXPECT_EQ(o.schedule.power, 0.5);
    EXPECT_THAT(o.schedule.milestones, ElementsAre(10, 20.5));
    EXPECT_EQ(o.schedule.gamma, 0.3);
    EXPECT_EQ(o.schedule.final_rate, 0.01);
    EXPECT_EQ(o.epochs, 33.5);
    EXPECT_EQ(o.batch_size, 3);
    EXPECT_EQ(o.accumulate, 2);
    EXPECT_EQ(o.ema, 0.999);
    EXPECT_THAT(o.freeze, ElementsAre("backbone", "neck.x"));
    EXPECT_EQ(o.freeze_epochs, 15);
    EXPECT_TRUE(o.norm_eval);
    EXPECT_EQ(o.precision, train::Precision::bf16);
    EXPECT_EQ(o.seed, 18446744073709551615u);
    EXPECT_EQ(o.validation.every, 0.5);
    EXPECT_EQ(o.validation.size, SizeRule::parse("736x1280"));
    EXPECT_EQ(o.validation.threshold, 0.25f);
    EXPECT_EQ(o.validation.unclip_ratio, 1.75f);
    EXPECT_EQ(o.validation.patience, 9);
    EXPECT_EQ(o.checkpoint_minutes, 2.5);
    EXPECT_EQ(o.device, "cpu");
    EXPECT_EQ(o.threads, 5);
    EXPECT_EQ(o.workers, 6);
    EXPECT_EQ(o.cache_mb, 250.5);
}

/// The text that every option above has a value in is also one in which each differs from its
/// default: what the writer forgot would come back as the default.
TEST_F(TrainConfigTest, the_effective_configuration_is_read_the_same) {
    for (const char* const text : {"", kEverything}) {
        const TrainConfig config = read(text);
        const TrainConfig again = read(config.effective);
        EXPECT_EQ(again.effective, config.effective);
        EXPECT_THAT(differences(config.effective, again.effective).refused, IsEmpty());
        EXPECT_EQ(again.options.start.network.k, config.options.start.network.k);
        EXPECT_EQ(again.options.start.network_of_init, config.options.start.network_of_init);
    }
    EXPECT_EQ(read("").effective, read_train_config("", {}).effective);
    EXPECT_THAT(read(kEverything).effective, HasSubstr("weight_decay: 0.0005"));
    EXPECT_THAT(read(kEverything).effective, HasSubstr("mean: [0.1, 0.2, 0.3]"));
}

TEST_F(TrainConfigTest, assignments_lie_over_the_file) {
    const TrainConfig config = read(
        "optimizer: {rate: 1, kind: sgd}\nseed: 1\n",
        {"optimizer.rate=5e-4", "seed=2", "seed=3", "data.train=[{images: a}]", "input=mhliao"});
    EXPECT_EQ(config.options.optimizer.rate, 5e-4);
    EXPECT_EQ(config.options.optimizer.kind, train::OptimizerOptions::Kind::sgd);
    EXPECT_EQ(config.options.seed, 3u);
    EXPECT_EQ(config.options.data.at(0).images, "a");
    EXPECT_EQ(config.options.input.order, detect::ChannelOrder::bgr);
    EXPECT_EQ(config.options.input.std[0], 1);
    EXPECT_EQ(read_train_config("", {}).name, "train");
}

TEST_F(TrainConfigTest, aNetwork_comes_with_aFile_that_has_one) {
    const auto network_of_init = [&](const std::string& text) {
        return read(text).options.start.network_of_init;
    };
    EXPECT_TRUE(network_of_init("init: model.onnx\n"));
    EXPECT_TRUE(network_of_init("init: " + folder_.path() + "\n"));
    EXPECT_FALSE(network_of_init("init: weights.pth\n"));
    EXPECT_FALSE(network_of_init("{init: model.onnx, model: {backbone: resnet18}}\n"));
    EXPECT_TRUE(network_of_init("{init: weights.pth, model: {backbone: init}}\n"));
}

TEST_F(TrainConfigTest, input_is_what_the_detector_of_init_expects) {
    model::Graph detector = test::tiny_model();
    detector.metadata = {
        {"dbnet.color_order", "BGR"}, {"dbnet.mean", "0.1,0.2,0.3"}, {"dbnet.std", "0.2,0.2,0.2"}};
    model::write_onnx(detector, folder_ / "ours.onnx");
    detector.metadata.clear();
    model::write_onnx(detector, folder_ / "silent.onnx");
    const auto input = [&](const std::string& file, const std::string& more = "") {
        return read("init: " + (folder_ / file) + "\n" + more).options.input;
    };
    using detect::ChannelOrder;
    EXPECT_EQ(input("ours.onnx").order, ChannelOrder::bgr);
    EXPECT_THAT(input("ours.onnx").mean, ElementsAre(0.1f, 0.2f, 0.3f));
    EXPECT_EQ(input("silent.onnx").order, ChannelOrder::bgr) << "PaddleOCR's";
    EXPECT_EQ(input("ours.onnx", "input: native\n").order, ChannelOrder::rgb);
    EXPECT_EQ(input("ours.onnx", "input: {order: rgb}\n").order, ChannelOrder::rgb);
    EXPECT_EQ(input("silent.onnx", "model: {backbone: resnet18}\n").order, ChannelOrder::rgb);
    EXPECT_EQ(input("ours.onnx", "model: {backbone: resnet18}\n").order, ChannelOrder::bgr);
    EXPECT_EQ(input("missing.onnx").order, ChannelOrder::rgb);
}

TEST_F(TrainConfigTest, errors_name_place_and_what_is_expected) {
    EXPECT_THAT(message("seed: 1\noptimiser: {}\n"),
                AllOf(HasSubstr("run.yaml:2: "), HasSubstr("unknown key 'optimiser'"),
                      HasSubstr("did you mean 'optimizer'?")));
    EXPECT_THAT(message("optimizer:\n  rat: 1\n"),
                AllOf(HasSubstr("run.yaml:2: optimizer: "), HasSubstr("did you mean 'rate'?")));
    EXPECT_THAT(message("", {"optimizer.rat=1"}),
                AllOf(HasSubstr("'optimizer.rat=1': "), HasSubstr("did you mean 'rate'?")));
    EXPECT_THAT(message("\noptimizer: {rate: fast}\n"),
                HasSubstr("run.yaml:2: optimizer.rate is 'fast', expected a number"));
    EXPECT_THAT(message("optimizer: {rate: -1}\n"),
                HasSubstr("run.yaml:1: optimizer.rate is -1, expected more than 0"));
    EXPECT_THAT(message("optimizer: {rate: 1}\n", {"optimizer.rate=nan"}),
                HasSubstr("'optimizer.rate=nan': optimizer.rate is nan, expected more than 0"));
    EXPECT_THAT(message("optimizer: {rate: [1]}\n"), HasSubstr("is a list, expected a number"));
    EXPECT_THAT(message("optimizer: {rate:}\n"), HasSubstr("is empty, expected a number"));
    EXPECT_THAT(message("optimizer: 3\n"), HasSubstr("optimizer is '3', expected keys"));
    EXPECT_THAT(message("optimizer: {kind: adamx}\n"),
                AllOf(HasSubstr("one of sgd, adam, adamw"), HasSubstr("did you mean 'adam'?")));
    EXPECT_THAT(message("device: gpu\n"), HasSubstr("expected one of auto, cpu, cuda"));
    EXPECT_THAT(message("epochs: 1e999\n"), HasSubstr("expected a number"));
    EXPECT_THAT(message("batch_size: 8.5\n"), HasSubstr("expected a whole number"));
    EXPECT_THAT(message("seed: -1\n"), HasSubstr("expected a whole number"));
    EXPECT_THAT(message("model: {serial: 1}\n"), HasSubstr("expected one of true, false"));
    EXPECT_THAT(message("augment: {size: 640x}\n"), HasSubstr("expected HEIGHTxWIDTH"));
    EXPECT_THAT(message("augment: {size: 8}\n"), HasSubstr("augment.size is 8, expected from 16"));
    EXPECT_THAT(message("augment: {noise: {share: 2}}\n"),
                HasSubstr("augment.noise.share is 2, expected from 0 to 1"));
    EXPECT_THAT(message("augment: {stretch: {range: [0.5, 9]}}\n"),
                HasSubstr("augment.stretch.range is 9, expected from 0.25 to 4"));
    EXPECT_THAT(message("augment: {scale: 2}\n"), HasSubstr("expected [low, high]"));
    EXPECT_THAT(message("validation: {size: big}\n"), HasSubstr("validation.size is 'big'"));
    EXPECT_THAT(message("input: imagenet\n"), HasSubstr("expected one of native, mhliao"));
    EXPECT_THAT(message("input: {mean: [1, 2]}\n"), HasSubstr("input.mean is a list, expected"));
    EXPECT_THAT(message("input: {ordr: 1}\n"), HasSubstr("did you mean 'order'?"));
    EXPECT_THAT(message("data: {train: photos}\n"), HasSubstr("data.train is 'photos', expected"));
    EXPECT_THAT(message("data:\n  train:\n  - {images: a}\n  - {label: b, images: a}\n"),
                AllOf(HasSubstr("run.yaml:4: data.train[1]: "), HasSubstr("'labels'?")));
    EXPECT_THAT(message("data: {train: {split: all}}\n"), HasSubstr("data.train has no images"));
    EXPECT_THAT(message("data: {train: {images: a, format: svg}}\n"),
                AllOf(HasSubstr("unknown format 'svg'"), HasSubstr("icdar")));
    EXPECT_THAT(message("data: {train: [{images: a, resize: 7}]}\n"),
                HasSubstr("data.train[0].resize is '7', expected HEIGHTxWIDTH"));
    EXPECT_THAT(message("data:\n  train:\n  - images: a\n    weight: 0\n"),
                HasSubstr("run.yaml:4: data.train[0].weight is 0, expected more than 0"));
    EXPECT_THAT(message("data: {train: {images: a}, test: {images: a}}\n"),
                HasSubstr("unknown key 'test'"));
}

TEST_F(TrainConfigTest, files_are_malformed_and_assignments_invalid) {
    const auto code = [&](const std::string& text, const std::vector<std::string>& assignments) {
        try {
            read(text, assignments);
        } catch (const Error& error) {
            return error.code();
        }
        return ErrorCode::internal;
    };
    for (const char* bad : {"x: 1", "epochs: 0", "epochs: x", "[", "epochs: &a 1", "input: {x: 1}"})
        EXPECT_EQ(code(bad, {}), ErrorCode::malformed) << bad;
    for (const char* bad :
         {"x=1", "epochs=0", "epochs=x", "epochs=[", "epochs=&a 1", "input={x: 1}"})
        EXPECT_EQ(code("epochs: 1", {bad}), ErrorCode::invalid_argument) << bad;
}

TEST_F(TrainConfigTest, differences_are_those_of_what_is_trained) {
    const std::string before = read("data: {train: {images: a}}\n").effective;
    const auto changed = [&](const std::vector<std::string>& assignments) {
        return differences(before, read("data: {train: {images: a}}\n", assignments).effective);
    };
    EXPECT_THAT(changed({"device=cpu", "precision=bf16", "threads=3", "workers=2", "cache_mb=0",
                         "checkpoint_minutes=1"})
                    .refused,
                IsEmpty());
    EXPECT_THAT(changed({"precision=f32"}).accepted, IsEmpty());
    EXPECT_THAT(changed({"optimizer.rate=0.002", "init=x.pth"}).refused,
                ElementsAre("init: (none) -> x.pth", "optimizer.rate: 0.001 -> 0.002"));
    EXPECT_THAT(changed({"schedule.milestones=[1]"}).refused,
                ElementsAre("schedule.milestones[0]: (none) -> 1"));
    EXPECT_THAT(changed({"data.train=[{images: a}, {images: b}]"}).refused,
                Contains("data.train[1].images: (none) -> b"));
}

TEST_F(TrainConfigTest, aRun_may_go_on_longer_with_otherValidation_and_movedData) {
    std::filesystem::create_directories(folder_ / "there");
    const std::string data = "data: {train: {images: " + (folder_ / "there") + "}}\n";
    const std::string before = read(data).effective;
    const auto changed = [&](const std::vector<std::string>& assignments) {
        return differences(before, read(data, assignments).effective);
    };
    const Differences longer =
        changed({"epochs=200", "validation.every=7", "data.val=[{images: v}]"});
    EXPECT_THAT(longer.refused, IsEmpty());
    EXPECT_THAT(longer.accepted, Contains("epochs: 100 -> 200"));
    EXPECT_THAT(longer.accepted, Contains("validation.every: 1 -> 7"));

    EXPECT_EQ(changed({"data.train=[{images: b}]"}).refused.size(), 1u) << "another data set";
    std::filesystem::remove(folder_ / "there");
    EXPECT_THAT(changed({"data.train=[{images: b}]"}).refused, IsEmpty()) << "moved";

    std::string older = before;  // of a version that had no such option
    older.erase(older.find("  clip_norm"),
                older.find('\n', older.find("  clip_norm")) + 1 - older.find("  clip_norm"));
    const Differences newer = differences(older, before);
    EXPECT_THAT(newer.refused, IsEmpty());
    EXPECT_THAT(newer.accepted, ElementsAre("optimizer.clip_norm: (none) -> 0"));
}

TEST_F(TrainConfigTest, aRun_whose_init_isGone_keeps_what_it_said) {
    model::Graph detector = test::tiny_model();
    detector.metadata = {{"dbnet.color_order", "BGR"}};
    model::write_onnx(detector, folder_ / "ours.onnx");
    const std::string text = "init: " + (folder_ / "ours.onnx") + "\n";
    const TrainConfig before = read(text);
    EXPECT_FALSE(before.misses_init);
    std::filesystem::remove(folder_ / "ours.onnx");
    TrainConfig after = read(text);
    EXPECT_TRUE(after.misses_init);
    EXPECT_EQ(differences(before.effective, after.effective).refused.size(), 1u);
    fill_in_from_run(after, before.effective);
    EXPECT_EQ(after.effective, before.effective);
    EXPECT_EQ(after.options.input.order, detect::ChannelOrder::bgr);
}

std::vector<std::string> shipped() {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(DBNET_CONFIGS))
        if (entry.is_regular_file()) files.push_back(entry.path().string());
    return files;
}

TrainConfig read_shipped(const std::string& name) {
    return read_train_config(std::string(DBNET_CONFIGS) + "/" + name, {"init=weights.pth"});
}

/// A working folder with the photographs that synthetic text of the recipes is written on.
class DataFolder {
public:
    DataFolder() {
        for (const std::string file : {"images/a.jpg", "gts/gt_a.txt"}) {
            const std::filesystem::path path = folder_ / ("data/latin_words/" + file);
            std::filesystem::create_directories(path.parent_path());
            core::write_file(path.string(), "");
        }
        std::filesystem::current_path(folder_.path());
    }
    ~DataFolder() { std::filesystem::current_path(before_); }

private:
    const std::filesystem::path before_ = std::filesystem::current_path();
    const test::TempDir folder_;
};

TEST(ShippedConfigs, can_all_be_read) {
    const DataFolder data;
    ASSERT_GE(shipped().size(), 9u);
    for (const std::string& file : shipped()) {
        const TrainConfig config = read_train_config(file, {"init=weights.onnx"});
        if (config.name == "reference") continue;  // a base without data
        EXPECT_FALSE(config.options.data.empty()) << file;
        EXPECT_FALSE(config.options.validation.data.empty()) << file;
    }
}

TEST(ShippedConfigs, follow_the_reference_recipes) {
    using Optimizer = train::OptimizerOptions::Kind;
    using Schedule = train::ScheduleOptions::Kind;
    const train::TrainOptions r18 = read_shipped("dbnet_r18_icdar2015.yaml").options;
    EXPECT_EQ(r18.start.network.backbone, model::Backbone::resnet18);
    EXPECT_EQ(r18.optimizer.kind, Optimizer::sgd);
    EXPECT_EQ(r18.optimizer.rate, 0.007);
    EXPECT_EQ(r18.optimizer.weight_decay, 1e-4);
    EXPECT_EQ(r18.schedule.kind, Schedule::poly);
    EXPECT_EQ(r18.epochs, 1200);
    EXPECT_EQ(r18.batch_size, 16);
    EXPECT_EQ(r18.sample.augment.size, (data::Size{640, 640}));
    EXPECT_EQ(r18.loss.probability_weight, 5);
    EXPECT_EQ(r18.loss.threshold_weight, 10);
    EXPECT_EQ(r18.loss.binary_weight, 1);
    EXPECT_EQ(r18.data.at(0).split, data::Split::train);
    EXPECT_EQ(r18.validation.data.at(0).split, data::Split::holdout);

    const train::TrainOptions light = read_shipped("dbnet_mobilenetv3_icdar2015.yaml").options;
    EXPECT_EQ(light.start.network.backbone, model::Backbone::mobilenet_v3_large);
    EXPECT_EQ(light.optimizer.kind, Optimizer::adam);
    EXPECT_EQ(light.epochs, 1200);
    EXPECT_EQ(light.data.at(0).images, r18.data.at(0).images);

    const train::TrainOptions lines = read_shipped("dbnet_r18_td500.yaml").options;
    EXPECT_EQ(lines.data.at(0).format, "td500");
    EXPECT_EQ(lines.optimizer.rate, 0.007);

    const train::TrainOptions article = read_shipped("recipes/article.yaml").options;
    EXPECT_EQ(article.sample.augment.rotation, 15);
    EXPECT_GT(article.sample.augment.colour.brightness, 0);
    EXPECT_GT(article.sample.augment.colour.contrast, 0);
    EXPECT_THAT(article.freeze, ElementsAre("backbone"));
    EXPECT_EQ(article.freeze_epochs, 15);
    EXPECT_EQ(article.optimizer.rate, 1e-4);
    EXPECT_EQ(article.schedule.kind, Schedule::cosine);
    EXPECT_EQ(article.loss.probability_weight, 1);
    EXPECT_EQ(article.loss.threshold_weight, 10);
    EXPECT_EQ(article.loss.binary_weight, 1);
}

}  // namespace
}  // namespace dbnet::app
