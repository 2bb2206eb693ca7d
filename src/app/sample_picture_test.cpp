#include "app/sample_picture.hpp"

#include <array>

#include <gtest/gtest.h>

#include <dbnet/error.hpp>

namespace dbnet::app {
namespace {

using Rgb = std::array<int, 3>;

Rgb pixel(const Image& image, int x, int y) {
    const std::uint8_t* at = image.row(y) + 3 * x;
    return {at[0], at[1], at[2]};
}

/// A grey picture of 60x40 with one text on its left half; the right quarter does not count.
struct Example {
    static constexpr int kWidth = 60, kHeight = 40;
    Image picture{kWidth, kHeight};
    std::vector<data::TextLabel> labels{{{{4, 4}, {26, 4}, {26, 34}, {4, 34}}, false}};
    data::TargetMaps maps;

    Example() {
        for (int y = 0; y < kHeight; ++y)
            std::fill_n(picture.row(y), 3 * kWidth, std::uint8_t{100});
        maps = data::make_targets(kWidth, kHeight, labels, {});
        for (int y = 0; y < kHeight; ++y)
            for (int x = 45; x < kWidth; ++x) maps.probability_mask[y * kWidth + x] = 0;
    }

    SampleView view(std::string caption = {}) const {
        return {picture,           labels,
                maps.probability,  maps.probability_mask,
                maps.threshold,    maps.threshold_mask,
                std::move(caption)};
    }
};

TEST(DrawSamples, shows_picture_and_maps_side_by_side) {
    const Example example;
    const std::vector<SampleView> views{example.view()};
    const Image grid = draw_samples(views);
    constexpr int kFirst = 6, kStep = Example::kWidth + 6;
    const auto tile = [&](int number, int x, int y) {
        return pixel(grid, kFirst + number * kStep + x, kFirst + y);
    };
    EXPECT_EQ(tile(0, 40, 20), (Rgb{100, 100, 100}));        // the picture as it is
    EXPECT_GT(tile(0, 4, 20)[1], tile(0, 4, 20)[0]);         // a green outline
    EXPECT_EQ(tile(1, 15, 19), (Rgb{255, 255, 255}));        // inside the text
    EXPECT_EQ(tile(1, 35, 20), (Rgb{40, 40, 40}));           // background
    EXPECT_GT(tile(1, 50, 20)[0], tile(1, 50, 20)[1] + 50);  // does not count
    EXPECT_GT(tile(2, 4, 20)[0], 200);              // on the outline: the highest threshold
    EXPECT_EQ(tile(2, 50, 20), (Rgb{40, 40, 40}));  // no threshold there
}

TEST(DrawSamples, reduces_large_samples_and_fills_rows) {
    const Image picture(1280, 640);
    const std::vector<std::uint8_t> bytes(1280 * 640);
    const std::vector<float> floats(1280 * 640);
    const SampleView view{picture, {}, bytes, bytes, floats, bytes, "a.jpg"};
    const Image one = draw_samples(std::vector<SampleView>(1, view));
    const Image two = draw_samples(std::vector<SampleView>(2, view));
    const Image three = draw_samples(std::vector<SampleView>(3, view));
    EXPECT_LT(one.width(), 1100);
    EXPECT_EQ(two.width(), 2 * one.width());
    EXPECT_EQ(two.height(), one.height());
    EXPECT_EQ(three.height(), 2 * one.height());
}

TEST(DrawSamples, refuses_maps_of_another_size) {
    const Example example;
    SampleView view = example.view();
    view.threshold = view.threshold.first(10);
    EXPECT_THROW(draw_samples(std::vector<SampleView>{view}), Error);
    EXPECT_THROW(draw_samples({}), Error);
}

}  // namespace
}  // namespace dbnet::app
