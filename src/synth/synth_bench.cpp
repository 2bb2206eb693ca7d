// Pictures of 640x640 pixels on one core, painted backgrounds, with and without noise and JPEG.
// DBNET_DATA set: also on the photographs of mlt_latin.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "synth/generator.hpp"

namespace {

using namespace dbnet;

void make_pictures(benchmark::State& state, const synth::SynthOptions& options) {
    constexpr std::uint64_t kPictures = 256;
    const synth::Generator generator(options);
    for (std::uint64_t i = 0; i < kPictures; ++i) generator.make(i);  // fonts and photographs
    std::uint64_t number = 0;
    for (auto _ : state) benchmark::DoNotOptimize(generator.make(number++ % kPictures));
    state.SetItemsProcessed(state.iterations());
}

synth::SynthOptions options_with(bool camera) {
    synth::SynthOptions options;
    options.camera = {camera, camera};
    return options;
}

void painted(benchmark::State& state) { make_pictures(state, options_with(state.range(0) != 0)); }

void on_photographs(benchmark::State& state) {
    const char* const folder = std::getenv("DBNET_DATA");
    if (folder == nullptr) return state.SkipWithError("DBNET_DATA is not set");
    synth::SynthOptions options = options_with(state.range(0) != 0);
    options.backgrounds.emplace();
    options.backgrounds->format = "icdar";
    options.backgrounds->images = std::string(folder) + "/mlt_latin/images";
    make_pictures(state, options);
}

BENCHMARK(painted)->ArgName("noise_and_jpeg")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK(on_photographs)->ArgName("noise_and_jpeg")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

}  // namespace
