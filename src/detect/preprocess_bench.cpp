// Time of resize and normalisation of a photograph to the network's input, by size and format.
#include <benchmark/benchmark.h>

#include <vector>

#include "detect/preprocess.hpp"

namespace dbnet::detect {
namespace {

/// Arguments: image width, image height, pixel format.
void BM_preprocess(benchmark::State& state) {
    const int width = static_cast<int>(state.range(0));
    const int height = static_cast<int>(state.range(1));
    const auto format = static_cast<PixelFormat>(state.range(2));
    const std::ptrdiff_t stride = static_cast<std::ptrdiff_t>(width) * channels(format);
    const std::vector<std::uint8_t> pixels(static_cast<std::size_t>(stride) * height, 100);
    const ImageView image{pixels.data(), width, height, stride, format};
    const InputGeometry geometry{1280, 736, 1280, 736, width, height, false};
    std::vector<float> input(std::size_t{3} * geometry.width * geometry.height);
    for (auto _ : state) {
        preprocess(image, geometry, {0, 0, geometry.width, geometry.height}, {}, input);
        benchmark::ClobberMemory();
    }
}
BENCHMARK(BM_preprocess)
    ->Unit(benchmark::kMillisecond)
    ->Args({1280, 720, static_cast<int>(PixelFormat::rgb8)})
    ->Args({1280, 720, static_cast<int>(PixelFormat::bgra8)})
    ->Args({1920, 1080, static_cast<int>(PixelFormat::rgb8)})
    ->Args({640, 480, static_cast<int>(PixelFormat::grey8)})
    ->Args({4000, 3000, static_cast<int>(PixelFormat::rgb8)});

}  // namespace
}  // namespace dbnet::detect
