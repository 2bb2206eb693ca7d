// Time of a 640x640 training sample on one core, and of its target maps alone: of the ICDAR2015
// training images where DBNET_DATA is set, otherwise of pictures of that size with as many texts.
// The trainer keeps freed memory; MALLOC_MMAP_THRESHOLD_=4000000000 and
// MALLOC_TRIM_THRESHOLD_=8000000000 in the environment do that here.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/file.hpp"
#include "data/sample_sequence.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::data {
namespace {

constexpr int kGenerated = 20;
constexpr int kTexts = 12;
constexpr int kPrepared = 200;

/// Smooth with some noise, as a photograph is to a JPEG decoder.
void write_picture(const std::string& path, core::Random& random) {
    Image picture(960, 640);
    for (int y = 0; y < picture.height(); ++y)
        for (int x = 0; x < picture.width(); ++x)
            for (int c = 0; c < 3; ++c)
                picture.row(y)[3 * x + c] =
                    static_cast<std::uint8_t>((x + 2 * y + 50 * c) / 16 + random.below(24));
    picture.write(path);
}

/// Words of 20 to 100 pixels, slightly slanted; a third is illegible.
std::string random_labels(core::Random& random) {
    std::string labels;
    for (int i = 0; i < kTexts; ++i) {
        const auto x = static_cast<int>(random.below(840));
        const auto y = static_cast<int>(random.below(580));
        const auto width = static_cast<int>(20 + random.below(80));
        const auto height = static_cast<int>(9 + random.below(30));
        const auto slant = static_cast<int>(random.below(8));
        for (const int value :
             {x, y, x + width, y + slant, x + width, y + slant + height, x, y + height})
            labels.append(std::to_string(value)).append(",");
        labels.append(i % 3 == 0 ? "###\n" : "text\n");
    }
    return labels;
}

std::vector<Dataset> generated(const std::string& folder) {
    std::filesystem::create_directories(folder + "/images");
    std::filesystem::create_directories(folder + "/gts");
    core::Random random(1);
    for (int i = 0; i < kGenerated; ++i) {
        const std::string name = std::to_string(i);
        write_picture(folder + "/images/" + name + ".jpg", random);
        core::write_file(folder + "/gts/gt_" + name + ".txt", random_labels(random));
    }
    DatasetSpec spec{"icdar", folder + "/images"};
    spec.resize = ResizeRule::parse("720x1280");
    return {Dataset(spec)};
}

const std::vector<Dataset>& datasets() {
    static const test::TempDir folder;
    static const std::vector<Dataset> sets = [] {
        const char* data = std::getenv("DBNET_DATA");
        if (data == nullptr) return generated(folder.path());
        DatasetSpec spec{"icdar", std::string(data) + "/icdar2015/train_images"};
        spec.resize = ResizeRule::parse("720x1280");
        return std::vector<Dataset>{Dataset(spec)};
    }();
    return sets;
}

void whole_sample(benchmark::State& state) {
    SampleOptions options;
    ColourOptions& colour = options.augment.colour;
    colour.brightness = colour.contrast = colour.saturation = 0.3;
    SampleSequence sequence(datasets(), options, 1, {});
    std::uint64_t position = 0;
    for (auto _ : state) benchmark::DoNotOptimize(sequence.at(position++).labels.data());
}
BENCHMARK(whole_sample)->Unit(benchmark::kMillisecond)->MinTime(2);

/// Labels as they lie in samples, before the maps are drawn.
std::vector<std::vector<TextLabel>> prepared_labels(const AugmentOptions& options) {
    const Dataset& set = datasets().front();
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
