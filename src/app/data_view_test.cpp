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
                         std::string_view("20,20,90,20,90,60,20,60,text\n"));
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
