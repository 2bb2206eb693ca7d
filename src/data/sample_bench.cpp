// Time of a 640x640 training sample on one core, and of its target maps alone: of the ICDAR2015
// training images where DBNET_DATA is set, otherwise of pictures of that size with as many texts.
// The trainer keeps freed memory; MALLOC_MMAP_THRESHOLD_=4000000000 and
// MALLOC_TRIM_THRESHOLD_=8000000000 in the environment do that here.
#include <benchmark/benchmark.h>

#include <string>

#include "data/bench_data.hpp"
#include "data/sample_sequence.hpp"

namespace dbnet::data {
namespace {

constexpr int kPrepared = 200;

void whole_sample(benchmark::State& state) {
    SampleOptions options;
    ColourOptions& colour = options.augment.colour;
    colour.brightness = colour.contrast = colour.saturation = 0.3;
    SampleSequence sequence(bench_datasets(), options, 1, {});
    std::uint64_t position = 0;
    for (auto _ : state) benchmark::DoNotOptimize(sequence.at(position++).labels.data());
}
BENCHMARK(whole_sample)->Unit(benchmark::kMillisecond)->MinTime(2);

/// The same hundred windows of 320x320 or 640x640 again and again, from pictures in memory, with
/// one of kAugmentChances in each sample; -1: none.
void augmented(benchmark::State& state) {
    SampleOptions options;
    AugmentOptions& augment = options.augment;
    augment.size = {static_cast<int>(state.range(0)), static_cast<int>(state.range(0))};
    augment.crop = Crop::window;
    state.SetLabel("none");
    if (state.range(1) >= 0) {
        const AugmentChance& one = kAugmentChances[static_cast<std::size_t>(state.range(1))];
        (augment.*one.chance).share = 1;
        state.SetLabel(std::string(one.name));
    }
    constexpr std::uint64_t kEverything = 4'000'000'000;
    SampleSequence sequence(bench_datasets(), options, 1, {}, kEverything);
    constexpr std::uint64_t kWindows = 100;
    for (std::uint64_t i = 0; i < kWindows; ++i) sequence.at(i);
    std::uint64_t position = 0;
    for (auto _ : state) benchmark::DoNotOptimize(sequence.at(position++ % kWindows).labels.data());
}
BENCHMARK(augmented)
    ->Unit(benchmark::kMillisecond)
    ->MinTime(0.5)
    ->ArgsProduct({{320, 640}, benchmark::CreateDenseRange(-1, kAugmentChances.size() - 1, 1)});

/// Labels as they lie in samples, before the maps are drawn.
std::vector<std::vector<TextLabel>> prepared_labels(const AugmentOptions& options) {
    const Dataset& set = bench_datasets().front();
    std::vector<std::vector<TextLabel>> result;
    for (int i = 0; i < kPrepared; ++i) {
        const LabelledImage& image =
            set.images()[static_cast<std::size_t>(i) % set.images().size()];
        const Picture picture = read_picture(set.spec(), image);
        std::vector<TextLabel> labels;
        for (const formats::RecordRegion& region : picture.regions)
            labels.push_back({region.polygon, region.ignore});
        const Size size{picture.image.width(), picture.image.height()};
        core::Random random(static_cast<std::uint64_t>(i));
        result.push_back(transform(
            labels, draw_view(size, set.spec().resize.apply(size), labels, options, random)));
    }
    return result;
}

void targets(benchmark::State& state) {
    const SampleOptions options;
    const auto prepared = prepared_labels(options.augment);
    std::size_t next = 0;
    for (auto _ : state) {
        std::vector<TextLabel> labels = prepared[next++ % prepared.size()];
        const TargetMaps maps = make_targets(options.augment.size.width,
                                             options.augment.size.height, labels, options.targets);
        benchmark::DoNotOptimize(maps.threshold.data());
    }
}
BENCHMARK(targets)->Unit(benchmark::kMillisecond)->MinTime(1);

}  // namespace
}  // namespace dbnet::data
