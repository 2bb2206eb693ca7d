#pragma once

#include <array>
#include <limits>
#include <string_view>
#include <type_traits>

#include "train/options.hpp"

// The options of a training run one by one, as configuration files name and order them
// (docs/training.md). Whoever reads, writes or checks them goes through here.
namespace dbnet::train {

/// Finite numbers from low to high.
struct Range {
    double low;
    double high;
    bool above_low = false;   ///< low itself is outside
    bool below_high = false;  ///< high itself is outside
};

/// What `model.backbone` says.
enum class Architecture { resnet18, mobilenet_v3_large, mobilenet_v3_large_half, of_init };

inline Architecture architecture_of(const StartOptions& start) {
    if (start.network_of_init) return Architecture::of_init;
    switch (start.network.backbone) {
        case model::Backbone::resnet18: return Architecture::resnet18;
        case model::Backbone::mobilenet_v3_large: return Architecture::mobilenet_v3_large;
        case model::Backbone::mobilenet_v3_large_half: break;
    }
    return Architecture::mobilenet_v3_large_half;
}

inline void choose(Architecture architecture, StartOptions& start) {
    start.network_of_init = architecture == Architecture::of_init;
    switch (architecture) {
        case Architecture::resnet18: start.network.backbone = model::Backbone::resnet18; break;
        case Architecture::mobilenet_v3_large:
            start.network.backbone = model::Backbone::mobilenet_v3_large;
            break;
        case Architecture::mobilenet_v3_large_half:
            start.network.backbone = model::Backbone::mobilenet_v3_large_half;
            break;
        case Architecture::of_init: start.network.backbone = model::Backbone::resnet18; break;
    }
}

inline constexpr std::array<std::string_view, 3> kDevices{"auto", "cpu", "cuda"};

inline constexpr double kMostEpochs = 1e6;

/// Calls for each option
/// * `visitor.section(name, f)` where f(visitor) visits the options below `name`,
/// * `visitor.number(name, value, range)` for a number or a list of numbers,
/// * `visitor.numbers(name, values, range)` for numbers by texts of the user's,
/// * `visitor.interval(name, low, high, range)` for two numbers, low <= high,
/// * `visitor.word(name, text, words)` for a text that is one of some words,
/// * `visitor.value(name, value)` for everything else.
/// `Options` is TrainOptions, const or not.
template <typename Visitor, typename Options>
void visit_options(Visitor& visitor, Options& o) {
    visitor.section("model", [&](auto& v) {
        Architecture architecture = architecture_of(o.start);
        v.value("backbone", architecture);
        if constexpr (!std::is_const_v<Options>) choose(architecture, o.start);
        v.number("inner", o.start.network.inner, Range{4, 4096});
        v.value("threshold_branch", o.start.network.threshold_branch);
        v.value("serial", o.start.network.serial);
    });
    visitor.value("init", o.start.init);
    visitor.section("data", [&](auto& v) {
        v.value("train", o.data);
        v.value("val", o.validation.data);
    });
    visitor.value("input", o.input);
    visitor.section("augment", [&](auto& v) {
        auto& augment = o.sample.augment;
        v.value("size", augment.size);
        v.number("flip", augment.flip, Range{0, 1});
        v.number("rotation", augment.rotation, Range{0, 180});
        v.value("crop", augment.crop);
        v.interval("scale", augment.scale_low, augment.scale_high, Range{0.01, 100});
        v.number("crop_tries", augment.crop_tries, Range{1, 1000});
        v.number("crop_min_side", augment.crop_min_side, Range{0, 1});
        v.number("visible_share", augment.visible_share, Range{0, 1});
        v.number("brightness", augment.colour.brightness, Range{0, 1});
        v.number("contrast", augment.colour.contrast, Range{0, 1});
        v.number("saturation", augment.colour.saturation, Range{0, 1});
        v.number("grey", augment.colour.grey, Range{0, 1});
        v.number("hue", augment.colour.hue, Range{0, 180});
        v.number("quarter_turns", augment.quarter_turns, Range{0, 1});
        for (const auto& [name, chance, least, most] : data::kAugmentChances) {
            auto& one = augment.*chance;
            const Range range{least, most};
            v.section(name, [&](auto& inner) {
                inner.number("share", one.share, Range{0, 1});
                inner.interval("range", one.low, one.high, range);
            });
        }
    });
    visitor.section("targets", [&](auto& v) {
        auto& targets = o.sample.targets;
        v.value("style", targets.style);
        v.number("shrink_ratio", targets.shrink_ratio, Range{0.01, 0.99});
        v.number("min_text_size", targets.min_text_size, Range{0, 1000});
        v.number("threshold_low", targets.threshold_low, Range{0, 1});
        v.number("threshold_high", targets.threshold_high, Range{0, 1});
    });
    visitor.section("loss", [&](auto& v) {
        v.number("probability", o.loss.probability_weight, Range{0, 1e4, true});
        v.number("threshold", o.loss.threshold_weight, Range{0, 1e4});
        v.number("binary", o.loss.binary_weight, Range{0, 1e4});
        v.value("probability_loss", o.loss.probability_loss);
        v.number("negative_ratio", o.loss.negative_ratio, Range{0, 1e6, true});
        v.number("k", o.loss.k, Range{0, 1e4, true});
    });
    visitor.section("distill", [&](auto& v) {
        v.value("model", o.distill.model);
        v.number("weight", o.distill.weight, Range{0, 1e4, true});
        v.value("size", o.distill.size);
        v.number("sure", o.sample.sure, Range{0, 1, true});
        v.value("cache", o.distill.cache);
        v.number("cache_mb", o.distill.cache_mb, Range{0, 1e9});
    });
    visitor.section("optimizer", [&](auto& v) {
        v.value("kind", o.optimizer.kind);
        v.number("rate", o.optimizer.rate, Range{0, 100, true});
        v.numbers("rates", o.optimizer.rates, Range{0, 1000});
        v.number("momentum", o.optimizer.momentum, Range{0, 1, false, true});
        v.number("beta1", o.optimizer.beta1, Range{0, 1, false, true});
        v.number("beta2", o.optimizer.beta2, Range{0, 1, false, true});
        v.number("weight_decay", o.optimizer.weight_decay, Range{0, 1});
        v.number("clip_norm", o.optimizer.clip_norm, Range{0, 1e9});
    });
    visitor.section("schedule", [&](auto& v) {
        v.value("kind", o.schedule.kind);
        v.number("warmup", o.schedule.warmup, Range{0, kMostEpochs});
        v.number("power", o.schedule.power, Range{0, 100, true});
        v.number("milestones", o.schedule.milestones, Range{0, kMostEpochs, true});
        v.number("gamma", o.schedule.gamma, Range{0, 1, true});
        v.number("final_rate", o.schedule.final_rate, Range{0, 1});
    });
    visitor.number("epochs", o.epochs, Range{0, kMostEpochs, true});
    visitor.number("batch_size", o.batch_size, Range{1, 4096});
    visitor.number("accumulate", o.accumulate, Range{1, 4096});
    visitor.number("ema", o.ema, Range{0, 1, false, true});
    visitor.section("freeze", [&](auto& v) {
        v.value("parameters", o.freeze);
        v.number("epochs", o.freeze_epochs, Range{-1, kMostEpochs});
    });
    visitor.value("norm_eval", o.norm_eval);
    visitor.value("precision", o.precision);
    visitor.number("seed", o.seed,
                   Range{0, static_cast<double>(std::numeric_limits<std::uint64_t>::max())});
    visitor.section("validation", [&](auto& v) {
        v.number("every", o.validation.every, Range{0, kMostEpochs, true});
        v.value("size", o.validation.size);
        v.number("threshold", o.validation.threshold, Range{0, 1});
        v.number("unclip_ratio", o.validation.unclip_ratio, Range{0.01, 100});
        v.number("patience", o.validation.patience, Range{0, 1e6});
    });
    visitor.number("checkpoint_minutes", o.checkpoint_minutes, Range{0, 10080});
    visitor.word("device", o.device, kDevices);
    visitor.number("threads", o.threads, Range{0, 4096});
    visitor.number("workers", o.workers, Range{0, 256});
    visitor.number("cache_mb", o.cache_mb, Range{-1, 1e7});
}

}  // namespace dbnet::train
