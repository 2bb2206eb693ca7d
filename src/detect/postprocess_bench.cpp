// Time of native post-processing per map: the golden ones where DBNET_GOLDEN is set, otherwise a
// page of slanted lines of words.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "core/file.hpp"
#include "detect/postprocess.hpp"
#include "image/encode.hpp"

namespace dbnet::detect {
namespace {

struct Map {
    int width = 0;
    int height = 0;
    std::vector<float> values;
};

Map page() {
    Map map{1280, 736, std::vector<float>(std::size_t{1280} * 736)};
    for (int y = 0; y < map.height; ++y)
        for (int x = 0; x < map.width; ++x) {
            const bool text = (y + x / 16) % 30 < 8 && x % 110 < 90;
            map.values[static_cast<std::size_t>(y) * map.width + x] = text ? 0.9f : 0.02f;
        }
    return map;
}

std::map<std::string, Map> maps() {
    const char* golden = std::getenv("DBNET_GOLDEN");
    if (golden == nullptr) return {{"page", page()}};
    std::map<std::string, Map> result;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(golden) + "/postprocess")) {
        if (entry.path().extension() != ".png") continue;
        const image::Grey16 png = image::decode_png16(core::read_file(entry.path()));
        Map& map = result[entry.path().stem()];
        map = {png.width, png.height, {}};
        for (const auto value : png.pixels)
            map.values.push_back(static_cast<float>(value) / 65535.f);
    }
    return result;
}

void run(benchmark::State& state, const Map& map, const PostprocessOptions& options) {
    const MapView view{map.values.data(), map.width, map.height, map.width,
                       map.height,        map.width, map.height};
    for (auto _ : state) benchmark::DoNotOptimize(postprocess(view, options).regions.size());
}

const bool kRegistered = [] {
    for (const auto& [name, map] : maps())
        benchmark::RegisterBenchmark(("native/" + name).c_str(), run, map,
                                     PostprocessOptions::of(Preset::native))
            ->Unit(benchmark::kMicrosecond)
            ->MinTime(0.1);
    return true;
}();

}  // namespace
}  // namespace dbnet::detect
