#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <dbnet/image.hpp>

#include "core/file.hpp"
#include "core/random.hpp"
#include "data/dataset.hpp"
#include "support/temp_dir.hpp"

// The data of this room's benchmarks.
namespace dbnet::data {

constexpr int kBenchPictures = 20;
constexpr int kBenchTexts = 12;

/// Smooth with some noise, as a photograph is to a JPEG decoder.
inline void write_bench_picture(const std::string& path, core::Random& random) {
    Image picture(960, 640);
    for (int y = 0; y < picture.height(); ++y)
        for (int x = 0; x < picture.width(); ++x)
            for (int c = 0; c < 3; ++c)
                picture.row(y)[3 * x + c] =
                    static_cast<std::uint8_t>((x + 2 * y + 50 * c) / 16 + random.below(24));
    picture.write(path);
}

/// Words of 20 to 100 pixels, slightly slanted; a third is illegible.
inline std::string random_bench_labels(core::Random& random) {
    std::string labels;
    for (int i = 0; i < kBenchTexts; ++i) {
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

inline std::vector<Dataset> generated_bench_data(const std::string& folder) {
    std::filesystem::create_directories(folder + "/images");
    std::filesystem::create_directories(folder + "/gts");
    core::Random random(1);
    for (int i = 0; i < kBenchPictures; ++i) {
        const std::string name = std::to_string(i);
        write_bench_picture(folder + "/images/" + name + ".jpg", random);
        core::write_file(folder + "/gts/gt_" + name + ".txt", random_bench_labels(random));
    }
    DatasetSpec spec{"icdar", folder + "/images"};
    spec.resize = ResizeRule::parse("720x1280");
    return {Dataset(spec)};
}

/// The ICDAR2015 training images where DBNET_DATA is set, otherwise pictures of that size with as
/// many texts.
inline const std::vector<Dataset>& bench_datasets() {
    static const test::TempDir folder;
    static const std::vector<Dataset> sets = [] {
        const char* data = std::getenv("DBNET_DATA");
        if (data == nullptr) return generated_bench_data(folder.path());
        DatasetSpec spec{"icdar", std::string(data) + "/icdar2015/train_images"};
        spec.resize = ResizeRule::parse("720x1280");
        return std::vector<Dataset>{Dataset(spec)};
    }();
    return sets;
}

}  // namespace dbnet::data
