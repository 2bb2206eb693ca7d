#include "app/data_view.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>

#include "app/sample_picture.hpp"
#include "core/error.hpp"

namespace dbnet::app {
namespace {

constexpr int kMostSamples = 256;

/// An augmentation whose strength is a number of the options.
struct Knob {
    const char* name;
    double& (*of)(data::AugmentOptions&);
    double usual;
    bool is_share;  ///< of the samples: shown in full
};

constexpr std::array<Knob, 8> kKnobs{{
    {"flip", [](auto& o) -> double& { return o.flip; }, 1, true},
    {"rotation", [](auto& o) -> double& { return o.rotation; }, 10, false},
    {"quarter_turns", [](auto& o) -> double& { return o.quarter_turns; }, 1, true},
    {"brightness", [](auto& o) -> double& { return o.colour.brightness; }, 0.4, false},
    {"contrast", [](auto& o) -> double& { return o.colour.contrast; }, 0.4, false},
    {"saturation", [](auto& o) -> double& { return o.colour.saturation; }, 0.4, false},
    {"grey", [](auto& o) -> double& { return o.colour.grey; }, 1, true},
    {"hue", [](auto& o) -> double& { return o.colour.hue; }, 30, false},
}};

/// All of the picture as it is.
data::AugmentOptions nothing_of(data::AugmentOptions options) {
    for (const Knob& knob : kKnobs) knob.of(options) = 0;
    for (const data::AugmentChance& one : data::kAugmentChances) (options.*one.chance).share = 0;
    options.crop = data::Crop::whole;
    return options;
}

struct Augmentation {
    std::string caption;
    data::AugmentOptions options;
};

/// Each augmentation alone. The caption has the share of the samples that the run gives it.
std::vector<Augmentation> each_alone(const data::AugmentOptions& run) {
    const data::AugmentOptions nothing = nothing_of(run);
    const auto off = [](double value) { return value == 0 ? " (off)" : ""; };
    std::vector<Augmentation> all{{"as it is", nothing}};
    for (const Knob& knob : kKnobs) {
        data::AugmentOptions options = nothing;
        data::AugmentOptions of_run = run;
        const double configured = knob.of(of_run);
        const bool usual = knob.is_share || configured == 0;
        knob.of(options) = usual ? knob.usual : configured;
        all.push_back({core::concat(knob.name, ' ',
                                    knob.is_share && configured > 0 ? configured : knob.of(options),
                                    off(configured)),
                       options});
    }
    for (const auto& [name, chance, least, most] : data::kAugmentChances) {
        data::AugmentOptions options = nothing;
        (options.*chance).share = 1;
        const data::Chance& configured = run.*chance;
        all.push_back({core::concat(name, ' ', configured.low, " to ", configured.high,
                                    off(configured.share)),
                       options});
    }
    return all;
}

SampleView view_of(const data::Sample& sample) {
    return {sample.picture,
            sample.labels,
            sample.targets.probability,
            sample.targets.probability_mask,
            sample.targets.threshold,
            sample.targets.threshold_mask,
            std::filesystem::path(sample.source).filename().string()};
}

std::vector<SampleView> views_of(const std::vector<data::Sample>& samples) {
    std::vector<SampleView> views;
    for (const data::Sample& sample : samples) views.push_back(view_of(sample));
    return views;
}

}  // namespace

Image view_samples(const std::vector<data::Dataset>& datasets, const DataViewOptions& options,
                   const data::FileErrorSink& on_error) {
    if (options.count < 1 || options.count > kMostSamples)
        core::fail(ErrorCode::invalid_argument, options.count, " samples, expected 1 to ",
                   kMostSamples);
    data::SampleSequence sequence(datasets, options.sample, options.seed, on_error);
    const std::uint64_t first = options.epoch * sequence.epoch_size();
    std::vector<data::Sample> samples;
    for (int i = 0; i < options.count; ++i)
        samples.push_back(sequence.at(first + static_cast<std::uint64_t>(i)));
    return draw_samples(views_of(samples));
}

Image view_augmentations(const std::vector<data::Dataset>& datasets, const DataViewOptions& options,
                         const data::FileErrorSink& on_error) {
    const std::vector<Augmentation> all = each_alone(options.sample.augment);
    std::vector<data::Sample> samples;
    for (const Augmentation& one : all) {
        data::SampleOptions alone = options.sample;
        alone.augment = one.options;
        data::SampleSequence sequence(datasets, alone, options.seed,
                                      samples.empty() ? on_error : data::FileErrorSink());
        samples.push_back(sequence.at(options.epoch * sequence.epoch_size()));
    }
    std::vector<SampleView> views = views_of(samples);
    for (std::size_t i = 0; i < all.size(); ++i) views[i].caption = all[i].caption;
    return draw_labelled(views);
}

Image above(const Image& first, const Image& second) {
    Image both(std::max(first.width(), second.width()), first.height() + second.height());
    for (int y = 0; y < both.height(); ++y) {
        const Image& part = y < first.height() ? first : second;
        const std::uint8_t* row = part.row(y < first.height() ? y : y - first.height());
        std::fill_n(std::copy_n(row, 3 * part.width(), both.row(y)),
                    3 * (both.width() - part.width()), row[0]);
    }
    return both;
}

}  // namespace dbnet::app
