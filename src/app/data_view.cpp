#include "app/data_view.hpp"

#include <filesystem>

#include "app/sample_picture.hpp"
#include "core/error.hpp"

namespace dbnet::app {
namespace {

constexpr int kMostSamples = 256;

SampleView view_of(const data::Sample& sample) {
    return {sample.picture,
            sample.labels,
            sample.targets.probability,
            sample.targets.probability_mask,
            sample.targets.threshold,
            sample.targets.threshold_mask,
            std::filesystem::path(sample.source).filename().string()};
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
    std::vector<SampleView> views;
    for (const data::Sample& sample : samples) views.push_back(view_of(sample));
    return draw_samples(views);
}

}  // namespace dbnet::app
