// Samples per second of the loader alone, that is, of a training whose steps take no time: of the
// ICDAR2015 training images where DBNET_DATA is set, otherwise of pictures of that size with as
// many texts. Arguments: side of the sample, workers, whether decoded pictures are kept in memory;
// these are all read before the time is taken, as they are in every epoch but the first.
#include <benchmark/benchmark.h>

#include <utility>

#include "data/bench_data.hpp"
#include "data/loader.hpp"

namespace dbnet::data {
namespace {

constexpr int kBatch = 8;
constexpr std::size_t kImages = 200;
constexpr std::uint64_t kCacheBytes = 1'000'000'000;

std::vector<Dataset> first_images() {
    std::vector<Dataset> sets = bench_datasets();
    sets.front().keep_first(kImages);
    return sets;
}

/// As the recipe of the shipped ResNet-18, with colours.
LoaderOptions options_of(int side, int workers, bool keeps_pictures) {
    LoaderOptions options;
    AugmentOptions& augment = options.sample.augment;
    augment.size = {side, side};
    augment.crop = Crop::window;
    augment.scale_low = 0.8;
    augment.scale_high = 2;
    augment.colour.brightness = augment.colour.contrast = augment.colour.saturation = 0.3;
    options.batch_size = kBatch;
    options.workers = workers;
    options.cache_bytes = keeps_pictures ? kCacheBytes : 0;
    return options;
}

void loader(benchmark::State& state) {
    const std::vector<Dataset> sets = first_images();
    Loader loader(sets,
                  options_of(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)),
                             state.range(2) != 0),
                  {});
    Batch batch;
    for (std::uint64_t made = 0; made < loader.epoch_size() + kBatch; made += kBatch)
        batch = loader.next(std::move(batch));
    for (auto _ : state) {
        batch = loader.next(std::move(batch));
        benchmark::DoNotOptimize(batch.images.data());
    }
    state.SetItemsProcessed(state.iterations() * kBatch);
}
BENCHMARK(loader)
    ->ArgNames({"side", "workers", "kept"})
    ->ArgsProduct({{320, 416, 640}, {1, 2}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(40)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
}  // namespace dbnet::data
