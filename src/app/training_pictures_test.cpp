#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "app/training_pictures.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::app {
namespace {

using Pixel = std::array<int, 3>;

Pixel pixel(const Image& image, int x, int y) {
    const std::uint8_t* p = image.row(y) + 3 * x;
    return {p[0], p[1], p[2]};
}

/// Samples of one colour each, as a loader would make them.
data::Batch batch_of(const std::vector<Pixel>& colours, int side, const detect::InputSpec& input) {
    data::Batch batch;
    batch.samples = static_cast<int>(colours.size());
    batch.size = {side, side};
    const auto pixels = static_cast<std::size_t>(side * side);
    for (const Pixel& colour : colours)
        for (std::size_t c = 0; c < 3; ++c) {
            const int value = colour[input.order == detect::ChannelOrder::rgb ? c : 2 - c];
            batch.images.insert(batch.images.end(), pixels,
                                (static_cast<float>(value) / 255 - input.mean[c]) / input.std[c]);
        }
    batch.probability.assign(pixels * colours.size(), 0);
    batch.probability_mask.assign(pixels * colours.size(), 1);
    batch.threshold.assign(pixels * colours.size(), 0.3f);
    batch.threshold_mask.assign(pixels * colours.size(), 0);
    batch.labels.resize(colours.size());
    return batch;
}

/// Lines are anti-aliased.
testing::Matcher<Pixel> is_near(const Pixel& colour) {
    constexpr int kTolerance = 30;
    return testing::Pointwise(testing::Truly([](const std::tuple<int, int>& pair) {
                                  return std::abs(std::get<0>(pair) - std::get<1>(pair)) <=
                                         kTolerance;
                              }),
                              colour);
}

bool contains(const Image& image, const Pixel& colour) {
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
            if (pixel(image, x, y) == colour) return true;
    return false;
}

TEST(TrainingPictures, UndoesTheNormalisation) {
    for (const detect::ChannelOrder order :
         {detect::ChannelOrder::rgb, detect::ChannelOrder::bgr}) {
        detect::InputSpec input;
        input.order = order;
        const Image image = draw_batch(batch_of({{10, 120, 250}, {200, 30, 0}}, 64, input), input);
        EXPECT_TRUE(contains(image, {10, 120, 250}));
        EXPECT_TRUE(contains(image, {200, 30, 0}));
        EXPECT_FALSE(contains(image, {250, 120, 10}));
    }
}

TEST(TrainingPictures, DrawsEachSampleWithItsOwnLabelsAndMaps) {
    const detect::InputSpec input;
    data::Batch batch = batch_of({{0, 0, 0}, {0, 0, 0}}, 64, input);
    const Image plain = draw_batch(batch, input);
    batch.labels[1] = {{{{8, 8}, {56, 8}, {56, 56}, {8, 56}}, false}};
    std::fill(batch.probability.end() - 64 * 32, batch.probability.end(), 1);
    const Image labelled = draw_batch(batch, input);
    ASSERT_EQ(labelled.width(), plain.width());
    int first = 0, second = 0;
    for (int y = 0; y < plain.height(); ++y)
        for (int x = 0; x < plain.width(); ++x)
            if (pixel(plain, x, y) != pixel(labelled, x, y))
                ++(x < plain.width() / 2 ? first : second);
    EXPECT_EQ(first, 0);
    EXPECT_GT(second, 64 * 32) << "white in the probability map, green around the text";
}

TEST(TrainingPictures, BoundsTheNumberOfSamples) {
    const detect::InputSpec input;
    const Image eight = draw_batch(batch_of(std::vector<Pixel>(8), 32, input), input);
    const Image forty = draw_batch(batch_of(std::vector<Pixel>(40), 32, input), input);
    EXPECT_EQ(eight.height(), forty.height());
}

class FindingsTest : public testing::Test {
protected:
    train::ValidatedImage image(int width, int height) {
        const std::string path = dir_ / std::to_string(count_++) + ".png";
        Image(width, height).write(path);
        return {path, {}, {}};
    }
    static Polygon box(double x, double y, double side) {
        return {{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}};
    }

    const test::TempDir dir_;
    int count_ = 0;
};

TEST_F(FindingsTest, ShowsAnnotatedIgnoredAndFoundText) {
    train::ValidatedImage validated = image(400, 300);
    validated.truths = {{box(20.5, 20.5, 60), false}, {box(120.5, 20.5, 60), true}};
    validated.findings = {{box(220.5, 20.5, 60), 0.87f}};
    const std::optional<Image> drawn = draw_findings({{validated}});
    ASSERT_TRUE(drawn);
    constexpr int kGap = 6;
    EXPECT_THAT(pixel(*drawn, kGap + 20, kGap + 50), is_near({0, 230, 118}));
    EXPECT_THAT(pixel(*drawn, kGap + 120, kGap + 50), is_near({160, 160, 160}));
    EXPECT_THAT(pixel(*drawn, kGap + 220, kGap + 50), is_near({255, 150, 0}));
    EXPECT_THAT(pixel(*drawn, kGap + 50, kGap + 50), is_near({0, 80, 41})) << "filled by a third";
    EXPECT_EQ(pixel(*drawn, kGap + 250, kGap + 50), (Pixel{0, 0, 0})) << "found text is not";
}

TEST_F(FindingsTest, ReducesImagesAndWhatIsInThem) {
    train::ValidatedImage validated = image(1600, 1200);
    validated.truths = {{box(401, 401, 400), false}};
    const std::optional<Image> drawn = draw_findings({{validated}});
    ASSERT_TRUE(drawn);
    EXPECT_EQ(drawn->width(), 800 + 12);
    EXPECT_THAT(pixel(*drawn, 6 + 200, 6 + 300), is_near({0, 230, 118}));
}

TEST_F(FindingsTest, LeavesOutImagesThatCannotBeRead) {
    const std::vector<train::ValidatedImage> images{image(100, 100),
                                                    {dir_ / "missing.png", {}, {}}};
    const std::optional<Image> drawn = draw_findings(images);
    ASSERT_TRUE(drawn);
    EXPECT_EQ(drawn->width(), 112);
    EXPECT_FALSE(draw_findings(std::span(images).last(1)));
}

std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
}

TEST(PictureFolder, KeepsTheFirstAndTheLast) {
    const test::TempDir dir;
    const PictureFolder folder(dir / "pictures", 0);
    const Image image(8, 8);
    for (std::uint64_t step = 0; step < 1000; step += 100) folder.write_batch(step, image);
    folder.write_findings(100, image);
    EXPECT_THAT(
        names_in(dir / "pictures"),
        testing::ElementsAre("batch_000000000.png", "batch_000000500.png", "batch_000000600.png",
                             "batch_000000700.png", "batch_000000800.png", "batch_000000900.png",
                             "val_000000100.jpg"));
}

TEST(PictureFolder, DropsPicturesOfStepsThatAreDoneAgain) {
    const test::TempDir dir;
    for (const int last : {500, 200}) {
        const PictureFolder folder(dir / "pictures", static_cast<std::uint64_t>(last));
        if (last == 500)
            for (std::uint64_t step = 0; step < 500; step += 100)
                folder.write_findings(step, Image(8, 8));
    }
    EXPECT_THAT(
        names_in(dir / "pictures"),
        testing::ElementsAre("val_000000000.jpg", "val_000000100.jpg", "val_000000200.jpg"));
}

}  // namespace
}  // namespace dbnet::app
