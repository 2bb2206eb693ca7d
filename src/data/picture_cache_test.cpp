#include "data/picture_cache.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include <dbnet/error.hpp>

#include "core/file.hpp"
#include "data/sample.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::data {
namespace {

/// Slow waves of grey, which survive JPEG and any reduction that they are longer than.
Image waves(int width, int height) {
    Image image(width, height);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            std::fill_n(image.row(y) + 3 * x, 3,
                        static_cast<std::uint8_t>(128 + 100 * std::sin(x / 60.0) *
                                                            std::cos(y / 45.0 + x / 300.0)));
    return image;
}

DatasetSpec spec_of(const test::TempDir& folder) {
    DatasetSpec spec{"td500", folder.path()};
    spec.unlabelled = Unlabelled::negative;
    return spec;
}

class Made final : public PictureSource {
public:
    std::uint64_t count() const override { return 3; }
    Picture make(std::uint64_t number) const override {
        ++made;
        return {Image(20, 10), {{{{0, 0}, {static_cast<double>(number + 1), 0}, {1, 1}}}}};
    }
    mutable std::atomic<int> made = 0;
};

TEST(PictureCache, reads_once_what_fits) {
    const test::TempDir folder;
    for (const char* name : {"1.jpg", "2.png", "3.jpg"}) waves(40, 30).write(folder / name);
    const Dataset set(spec_of(folder));
    PictureCache cache(2 * 40 * 30 * 3);
    std::vector<std::shared_ptr<const Image>> first;
    for (const LabelledImage& image : set.images()) {
        PictureCache::Opened picture = cache.open(set.spec(), image);
        EXPECT_EQ(picture.facts().size, (Size{40, 30}));
        first.push_back(picture.pixels(1));
    }
    EXPECT_EQ(cache.open(set.spec(), set.images()[0]).pixels(1), first[0]);
    EXPECT_EQ(cache.open(set.spec(), set.images()[1]).pixels(1), first[1]);
    EXPECT_NE(cache.open(set.spec(), set.images()[2]).pixels(1), first[2]) << "the budget is full";
    for (const char* name : {"1.jpg", "2.png", "3.jpg"}) std::filesystem::remove(folder / name);
    EXPECT_NO_THROW(cache.open(set.spec(), set.images()[1]));
    EXPECT_THROW(cache.open(set.spec(), set.images()[2]), Error);
    EXPECT_THROW(cache.open(set.spec(), set.images()[0]).pixels(2), Error) << "reads the file";
}

TEST(PictureCache, makes_pictures_once) {
    DatasetSpec spec;
    spec.images = "made";
    const auto source = std::make_shared<Made>();
    spec.source = source;
    const Dataset set(spec);
    for (const std::uint64_t budget : {0u, 10'000u}) {
        PictureCache cache(budget);
        source->made = 0;
        for (int round = 0; round < 3; ++round)
            for (const LabelledImage& image : set.images()) {
                PictureCache::Opened picture = cache.open(spec, image);
                EXPECT_EQ(picture.facts().most_reduction, 1);
                EXPECT_EQ(picture.facts().labels.at(0).polygon.at(1).x,
                          static_cast<double>(image.number + 1));
                EXPECT_EQ(picture.pixels(1)->width(), 20);
            }
        EXPECT_EQ(source->made, budget == 0 ? 9 : 3);
    }
}

TEST(PictureCache, serves_many_threads) {
    const test::TempDir folder;
    for (int i = 1; i <= 8; ++i) waves(50 + i, 30).write(folder / (std::to_string(i) + ".jpg"));
    const Dataset set(spec_of(folder));
    PictureCache cache(20'000);
    std::atomic<int> wrong = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&, t] {
                for (int i = 0; i < 100; ++i) {
                    const std::size_t at = static_cast<std::size_t>(i * (t + 1)) % 8;
                    const int reduction = 1 << (i % 4);
                    const int width = 51 + static_cast<int>(at);
                    wrong += cache.open(set.spec(), set.images()[at]).pixels(reduction)->width() !=
                             (width + reduction - 1) / reduction;
                }
            });
    }
    EXPECT_EQ(wrong, 0);
}

/// Where a view shrinks a picture, its pixels come reduced and lie where they lay.
TEST(Sample, shows_reduced_pixels_in_their_place) {
    const test::TempDir folder;
    // Not a multiple of the reduction; one format can be reduced, the other cannot.
    const Image picture = waves(1501, 1003);
    picture.write(folder / "1.jpg");
    picture.write(folder / "2.png");
    const Dataset set(spec_of(folder));
    SampleOptions options;
    options.augment.size = {160, 128};
    options.augment.crop = Crop::whole;
    options.augment.rotation = 20;
    for (std::uint64_t seed = 0; seed < 10; ++seed) {
        const auto sample = [&](std::size_t i) {
            return make_sample(set.spec(), set.images()[i], options, core::Random(seed));
        };
        const Image jpeg = sample(0).picture;
        const Image png = sample(1).picture;
        double sum = 0;
        for (int i = 0; i < 3 * 160 * 128; ++i) sum += std::abs(jpeg.row(0)[i] - png.row(0)[i]);
        EXPECT_LT(sum / (3 * 160 * 128), 1.5) << seed;
    }
}

}  // namespace
}  // namespace dbnet::data
