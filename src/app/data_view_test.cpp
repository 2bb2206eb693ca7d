#include "app/data_view.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include <dbnet/error.hpp>

#include "app/sample_picture.hpp"
#include "core/file.hpp"
#include "data/loader.hpp"
#include "support/images.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::app {
namespace {

/// Three pictures with a text each.
std::vector<data::Dataset> small_set(const test::TempDir& folder) {
    std::filesystem::create_directories(folder / "images");
    std::filesystem::create_directories(folder / "gts");
    for (const char* stem : {"a", "b", "c"}) {
        test::picture(120, 90).write(folder / (std::string("images/") + stem + ".png"));
        core::write_file(folder / (std::string("gts/gt_") + stem + ".txt"),
                         std::string_view("10,10,50,10,50,30,10,30,text\n"));
    }
    std::vector<data::Dataset> sets;
    sets.emplace_back(data::DatasetSpec{"icdar", folder / "images"});
    return sets;
}

DataViewOptions small_options() {
    DataViewOptions options;
    options.sample.augment.size = {64, 64};
    options.seed = 5;
    options.epoch = 2;
    options.count = 2;
    return options;
}

TEST(DataView, shows_what_the_loader_of_a_run_gives) {
    const test::TempDir folder;
    const std::vector<data::Dataset> sets = small_set(folder);
    const DataViewOptions options = small_options();
    data::LoaderOptions loader_options;
    loader_options.sample = options.sample;
    loader_options.batch_size = options.count;
    loader_options.seed = options.seed;
    loader_options.position = 2 * 3;  // the third epoch
    loader_options.input.mean = {0, 0, 0};
    loader_options.input.std = {1, 1, 1};
    const data::Batch batch = data::Loader(sets, loader_options, {}).next();

    data::SampleSequence sequence(sets, options.sample, options.seed, {});
    const std::size_t pixels = 64 * 64;
    for (std::size_t i = 0; i < 2; ++i) {
        const data::Sample sample = sequence.at(6 + i);
        EXPECT_TRUE(std::equal(sample.targets.probability.begin(), sample.targets.probability.end(),
                               batch.probability.begin() + i * pixels));
        EXPECT_TRUE(std::equal(sample.targets.threshold.begin(), sample.targets.threshold.end(),
                               batch.threshold.begin() + i * pixels));
    }
    const Image first = view_samples(sets, options, {});
    EXPECT_EQ(test::largest_difference(first, view_samples(sets, options, {})), 0);
    DataViewOptions other = options;
    other.epoch = 3;
    EXPECT_NE(test::largest_difference(first, view_samples(sets, other, {})), 0);
}

TEST(DataView, shows_each_augmentation_alone) {
    const test::TempDir folder;
    const std::vector<data::Dataset> sets = small_set(folder);
    DataViewOptions options = small_options();
    const Image sheet = view_augmentations(sets, options, {});
    EXPECT_EQ(test::largest_difference(sheet, view_augmentations(sets, options, {})), 0);
    // 17 tiles of 64 pixels with captions, six in a row.
    constexpr int kCell = 64 + 3 * 6, kRow = 64 + 16 + 2 * 6;
    ASSERT_EQ(sheet.width(), 6 * kCell);
    ASSERT_EQ(sheet.height(), 3 * kRow);
    const auto tile = [&](int number) {
        Image part(64, 64);
        for (int y = 0; y < 64; ++y)
            std::copy_n(sheet.row(number / 6 * kRow + 6 + 16 + y) + 3 * (number % 6 * kCell + 6),
                        3 * 64, part.row(y));
        return part;
    };
    const Image plain = tile(0);
    for (int i = 1; i < 17; ++i) EXPECT_GT(test::largest_difference(tile(i), plain), 1) << i;
    // What the run does not use has its usual strength; what it uses, its own.
    options.sample.augment.noise = {0.1, 90, 100};
    options.sample.augment.colour.brightness = 1;
    const Image stronger = view_augmentations(sets, options, {});
    EXPECT_NE(test::largest_difference(sheet, stronger), 0);
}

TEST(DataView, puts_pictures_above_each_other) {
    Image first(4, 2);
    Image second(2, 3);
    for (int i = 0; i < 4 * 2 * 3; ++i) first.row(0)[i] = 10;
    for (int i = 0; i < 2 * 3 * 3; ++i) second.row(0)[i] = 20;
    const Image both = above(first, second);
    ASSERT_EQ(both.width(), 4);
    ASSERT_EQ(both.height(), 5);
    EXPECT_EQ(both.row(1)[3 * 3], 10);
    EXPECT_EQ(both.row(2)[0], 20);
    EXPECT_EQ(both.row(4)[3 * 3 + 2], 20);
}

TEST(DataView, another_image_stands_in_for_a_broken_one) {
    const test::TempDir folder;
    const std::vector<data::Dataset> sets = small_set(folder);
    core::write_file(folder / "images/b.png", std::string_view("no image"));
    DataViewOptions options = small_options();
    options.count = 6;
    int told = 0;
    view_samples(sets, options, [&](const std::string&) { ++told; });
    EXPECT_EQ(told, 1);
    options.count = 0;
    EXPECT_THROW(view_samples(sets, options, {}), Error);
}

}  // namespace
}  // namespace dbnet::app
