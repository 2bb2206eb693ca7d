#include "data/loader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "core/error.hpp"
#include "core/file.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::data {
namespace {

/// Small pictures of noise with one label each.
class SmallSet {
public:
    explicit SmallSet(int count, int width = 80, std::string extension = ".png")
        : width_(width), extension_(std::move(extension)) {
        std::filesystem::create_directories(folder_ / "images");
        std::filesystem::create_directories(folder_ / "gts");
        for (int i = 1; i <= count; ++i) add(i);
    }

    std::string image(int number) const {
        return folder_ / ("images/" + std::to_string(number) + extension_);
    }
    std::string labels(int number) const {
        return folder_ / ("gts/gt_" + std::to_string(number) + ".txt");
    }
    DatasetSpec spec() const { return {"icdar", folder_ / "images", ""}; }

private:
    void add(int number) {
        Image picture(width_, 60);
        core::Random random(static_cast<std::uint64_t>(number));
        for (int i = 0; i < width_ * 60 * 3; ++i)
            picture.row(0)[i] = static_cast<std::uint8_t>(random.next());
        picture.write(image(number));
        core::write_file(labels(number), std::string_view("20,20,60,20,60,40,20,40,text\n"));
    }

    const int width_;
    const std::string extension_;
    test::TempDir folder_;
};

LoaderOptions small_options() {
    LoaderOptions options;
    options.sample.augment.size = {64, 48};
    options.sample.augment.colour.brightness = 0.2;
    options.batch_size = 3;
    options.seed = 7;
    return options;
}

/// The first `count` batches.
std::vector<Batch> batches(const std::vector<Dataset>& sets, const LoaderOptions& options,
                           int count, const FileErrorSink& sink = {}) {
    Loader loader(sets, options, sink);
    std::vector<Batch> result;
    for (int i = 0; i < count; ++i) result.push_back(loader.next());
    return result;
}

void expect_same(const Batch& a, const Batch& b) {
    EXPECT_EQ(a.position, b.position);
    EXPECT_EQ(a.images, b.images);
    EXPECT_EQ(a.probability, b.probability);
    EXPECT_EQ(a.probability_mask, b.probability_mask);
    EXPECT_EQ(a.threshold, b.threshold);
    EXPECT_EQ(a.threshold_mask, b.threshold_mask);
    EXPECT_EQ(a.labels.size(), b.labels.size());
    for (std::size_t i = 0; i < a.labels.size(); ++i)
        EXPECT_EQ(a.labels[i].size(), b.labels[i].size());
}

TEST(Loader, batches_do_not_depend_on_the_number_of_workers) {
    const SmallSet files(7);
    const std::vector<Dataset> sets{Dataset(files.spec())};
    LoaderOptions options = small_options();
    const std::vector<Batch> one = batches(sets, options, 12);
    options.workers = 5;
    options.batches_ahead = 4;
    const std::vector<Batch> five = batches(sets, options, 12);
    for (std::size_t i = 0; i < one.size(); ++i) {
        EXPECT_EQ(one[i].position, 3 * i);
        expect_same(one[i], five[i]);
    }
    EXPECT_NE(one[0].images, one[1].images);
    options.seed = 8;
    EXPECT_NE(batches(sets, options, 1)[0].images, one[0].images);
}

TEST(Loader, a_resumed_loader_goes_on_where_the_other_stopped) {
    const SmallSet files(7);
    const std::vector<Dataset> sets{Dataset(files.spec())};
    LoaderOptions options = small_options();
    const std::vector<Batch> whole = batches(sets, options, 10);
    options.position = 12;
    options.workers = 2;
    const std::vector<Batch> rest = batches(sets, options, 6);
    for (std::size_t i = 0; i < rest.size(); ++i) expect_same(rest[i], whole[i + 4]);
}

TEST(Loader, batches_do_not_depend_on_what_is_kept_in_memory) {
    const SmallSet files(7);
    // Large JPEGs, which are decoded smaller where they are shown so.
    const SmallSet large(5, 1000, ".jpg");
    const std::vector<Dataset> sets{Dataset(files.spec()), Dataset(large.spec())};
    LoaderOptions options = small_options();
    options.workers = 2;
    const std::vector<Batch> without = batches(sets, options, 12);
    // Nothing, some of them and all of them fit.
    for (const std::uint64_t bytes : {100u, 200'000u, 3'000'000u, 100'000'000u}) {
        options.cache_bytes = bytes;
        const std::vector<Batch> with = batches(sets, options, 12);
        for (std::size_t i = 0; i < with.size(); ++i) expect_same(with[i], without[i]);
    }
}

TEST(Loader, batches_that_are_given_back_hold_later_ones) {
    const SmallSet files(7);
    const std::vector<Dataset> sets{Dataset(files.spec())};
    LoaderOptions options = small_options();
    options.batches_ahead = 2;
    const std::vector<Batch> fresh = batches(sets, options, 12);
    Loader loader(sets, options, {});
    std::set<const float*> memory;
    Batch batch;
    for (const Batch& expected : fresh) {
        batch = loader.next(std::move(batch));
        expect_same(batch, expected);
        memory.insert(batch.images.data());
    }
    EXPECT_EQ(memory.size(), 3u) << "two in the loader and one outside";
}

TEST(Loader, a_sample_is_the_picture_normalised_and_its_targets) {
    const SmallSet files(1);
    const std::vector<Dataset> sets{Dataset(files.spec())};
    LoaderOptions options = small_options();
    options.batch_size = 2;
    const Batch batch = batches(sets, options, 1)[0];
    constexpr std::size_t kPixels = 64 * 48;
    for (std::size_t i = 0; i < 2; ++i) {
        // One image, so sample i is that of epoch i.
        Sample sample = make_sample(sets[0].spec(), sets[0].images()[0], options.sample,
                                    core::Random(options.seed, core::concat(i, ":", 0)));
        for (std::size_t c = 0; c < 3; ++c)
            for (std::size_t p = 0; p < kPixels; ++p)
                ASSERT_NEAR(batch.images[(3 * i + c) * kPixels + p],
                            (sample.picture.row(0)[3 * p + c] / 255.0 - options.input.mean[c]) /
                                options.input.std[c],
                            1e-5);
        for (std::size_t p = 0; p < kPixels; ++p) {
            ASSERT_EQ(batch.probability[i * kPixels + p], sample.targets.probability[p]);
            ASSERT_EQ(batch.threshold[i * kPixels + p], sample.targets.threshold[p]);
        }
        EXPECT_EQ(batch.labels[i].size(), sample.labels.size());
    }
}

TEST(Loader, broken_files_are_reported_once_and_replaced_in_the_same_way_always) {
    const SmallSet files(6);
    const std::vector<Dataset> sets{Dataset(files.spec())};
    LoaderOptions options = small_options();
    const std::vector<Batch> intact = batches(sets, options, 6);
    core::write_file(files.image(2), std::string_view("no image"));
    std::filesystem::remove(files.labels(5));
    std::vector<std::string> messages;
    const FileErrorSink sink = [&](const std::string& text) { messages.push_back(text); };
    const std::vector<Batch> one = batches(sets, options, 6, sink);
    std::ranges::sort(messages);
    ASSERT_EQ(messages.size(), 2u);
    EXPECT_NE(messages[0].find("gt_5.txt: "), std::string::npos) << messages[0];
    EXPECT_NE(messages[1].find("2.png"), std::string::npos) << messages[1];
    options.workers = 4;
    const std::vector<Batch> four = batches(sets, options, 6);
    int changed = 0;
    for (std::size_t i = 0; i < one.size(); ++i) {
        expect_same(one[i], four[i]);
        changed += one[i].images != intact[i].images;
    }
    EXPECT_GT(changed, 0);
}

TEST(Loader, a_malformed_line_costs_itself_not_the_picture) {
    const SmallSet files(4);
    const std::vector<Dataset> sets{Dataset(files.spec())};
    LoaderOptions options = small_options();
    const std::vector<Batch> intact = batches(sets, options, 6);
    const std::vector<std::uint8_t> before = core::read_file(files.labels(3));
    const std::string good(before.begin(), before.end());
    core::write_file(files.labels(3), "1,2,three\n" + good + "4,5\n");
    for (const std::uint64_t cache : {0u, 10'000'000u}) {
        options.cache_bytes = cache;
        std::vector<std::string> messages;
        const std::vector<Batch> now =
            batches(sets, options, 6, [&](const std::string& text) { messages.push_back(text); });
        for (std::size_t i = 0; i < now.size(); ++i) expect_same(now[i], intact[i]);
        ASSERT_EQ(messages.size(), 1u);
        EXPECT_NE(messages[0].find("gt_3.txt:1: "), std::string::npos) << messages[0];
        EXPECT_NE(messages[0].find("and 1 more"), std::string::npos) << messages[0];
    }
}

TEST(Loader, says_when_nothing_can_be_used) {
    const SmallSet files(2);
    const std::vector<Dataset> sets{Dataset(files.spec())};
    for (int i = 1; i <= 2; ++i) std::filesystem::remove(files.image(i));
    int reports = 0;
    LoaderOptions options = small_options();
    options.workers = 2;
    Loader loader(sets, options, [&](const std::string&) { ++reports; });
    EXPECT_THROW(loader.next(), Error);
    EXPECT_EQ(reports, 2);
}

TEST(Loader, default_workers_leave_the_cores_to_the_training) {
    EXPECT_EQ(default_workers(1, 1), 1);
    EXPECT_EQ(default_workers(2, 2), 1);
    EXPECT_EQ(default_workers(2, 1), 1);
    EXPECT_EQ(default_workers(8, 8), 1);
    EXPECT_EQ(default_workers(8, 5), 3);
    EXPECT_EQ(default_workers(64, 64), 4);
    EXPECT_EQ(default_workers(16, 1), 15) << "a GPU computes";
    EXPECT_EQ(default_workers(96, 1), 16);
    EXPECT_EQ(default_workers(2, 8), 1) << "more threads than cores";
}

TEST(Loader, options_out_of_range_are_errors) {
    const SmallSet files(1);
    const std::vector<Dataset> sets{Dataset(files.spec())};
    LoaderOptions options = small_options();
    options.batch_size = 0;
    EXPECT_THROW(Loader(sets, options, {}), Error);
    options = small_options();
    options.workers = 0;
    EXPECT_THROW(Loader(sets, options, {}), Error);
    EXPECT_THROW(Loader({}, small_options(), {}), Error);
}

TEST(Sampler, weights_say_how_often_an_image_comes) {
    const SmallSet few(4);
    const SmallSet many(10);
    DatasetSpec half = many.spec();
    half.weight = 0.5;
    DatasetSpec twice = few.spec();
    twice.weight = 2;
    const std::vector<Dataset> sets{Dataset(half), Dataset(twice)};
    const Sampler sampler(sets, 3);
    EXPECT_EQ(sampler.epoch_size(), 5u + 8u);
    std::map<std::pair<std::size_t, std::size_t>, int> seen;
    for (std::uint64_t epoch = 0; epoch < 4; ++epoch) {
        const auto order = sampler.order(epoch);
        ASSERT_EQ(order->size(), 13u);
        EXPECT_EQ(std::ranges::count(*order, 0u, &Sampler::Pick::dataset), 5);
        for (const Sampler::Pick& pick : *order) ++seen[{pick.dataset, pick.image}];
    }
    ASSERT_EQ(seen.size(), 14u);
    for (const auto& [pick, count] : seen) EXPECT_EQ(count, pick.first == 0 ? 2 : 8);
    EXPECT_NE(*sampler.order(0), *sampler.order(1));
    EXPECT_EQ(*sampler.order(2), *Sampler(sets, 3).order(2));
    EXPECT_NE(*sampler.order(2), *Sampler(sets, 4).order(2));
}

}  // namespace
}  // namespace dbnet::data
