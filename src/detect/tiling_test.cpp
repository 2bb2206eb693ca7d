#include "detect/tiling.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace dbnet::detect {
namespace {

InputGeometry geometry(int width, int height) {
    return {width, height, width, height, width, height, false};
}

/// A value that tells every pixel of the input from every other.
float value_at(int x, int y) { return static_cast<float>(y) * 4096 + static_cast<float>(x); }

std::vector<float> map_of(const Window& window) {
    std::vector<float> values;
    for (int y = 0; y < window.height; ++y)
        for (int x = 0; x < window.width; ++x)
            values.push_back(value_at(window.x + x, window.y + y));
    return values;
}

TEST(Tiling, SmallInputsAreOneWindow) {
    const auto windows = plan_tiles(geometry(1280, 736), 1280 * 736);
    ASSERT_EQ(windows.size(), 1u);
    const std::vector<float> values = map_of(windows[0]);
    StitchedMap map(geometry(1280, 736), windows);
    map.add(windows[0], values.data());
    EXPECT_EQ(map.values(), values.data()) << "a single map must not be copied";
}

TEST(Tiling, WindowsRespectTheLimitAndPutTheMapTogether) {
    std::mt19937 random(7);
    for (int round = 0; round < 60; ++round) {
        const InputGeometry whole = geometry(32 * (1 + static_cast<int>(random() % 60)),
                                             32 * (1 + static_cast<int>(random() % 60)));
        const std::int64_t limit = 1024 + random() % 400'000;
        SCOPED_TRACE(testing::Message()
                     << whole.width << "x" << whole.height << " limit " << limit);
        const auto windows = plan_tiles(whole, limit);
        StitchedMap map(whole, windows);
        std::vector<std::vector<float>> maps;
        for (const Window& window : windows) {
            EXPECT_LE(static_cast<std::int64_t>(window.width) * window.height, limit);
            EXPECT_EQ(window.width % 32 + window.height % 32 + window.x % 32 + window.y % 32, 0);
            EXPECT_GE(window.x, 0);
            EXPECT_GE(window.y, 0);
            EXPECT_LE(window.x + window.width, whole.width);
            EXPECT_LE(window.y + window.height, whole.height);
            maps.push_back(map_of(window));
            map.add(window, maps.back().data());
        }
        int wrong = 0;
        for (int y = 0; y < whole.height; ++y)
            for (int x = 0; x < whole.width; ++x)
                wrong += map.values()[y * whole.width + x] != value_at(x, y);
        EXPECT_EQ(wrong, 0);
    }
}

TEST(Tiling, WindowsOfAGivenSizeCoverTheInput) {
    for (const auto& [width, height] :
         {std::pair{1000, 700}, {250, 100}, {100, 100}, {3001, 333}}) {
        const InputGeometry whole = plan_own_resolution(width, height, 250, 100);
        std::vector<int> covered(static_cast<std::size_t>(whole.width) * whole.height);
        for (const Window& window : plan_tiles(whole, 250, 100)) {
            EXPECT_EQ(window.width, 250);
            EXPECT_EQ(window.height, 100);
            for (int y = 0; y < 100; ++y)
                for (int x = 0; x < 250; ++x)
                    ++covered[static_cast<std::size_t>(window.y + y) * whole.width + window.x + x];
        }
        EXPECT_EQ(std::count(covered.begin(), covered.end(), 0), 0) << width;
    }
}

TEST(Tiling, PixelsComeFromFarInsideTheirWindow) {
    const InputGeometry whole = geometry(4096, 2048);
    const auto windows = plan_tiles(whole, 1'000'000);
    ASSERT_GT(windows.size(), 4u);
    StitchedMap map(whole, windows);
    for (std::size_t i = 0; i < windows.size(); ++i) {
        const std::vector<float> values(
            static_cast<std::size_t>(windows[i].width) * windows[i].height, static_cast<float>(i));
        map.add(windows[i], values.data());
    }
    for (int y = 0; y < whole.height; y += 7)
        for (int x = 0; x < whole.width; x += 7) {
            const Window& window =
                windows[static_cast<std::size_t>(map.values()[y * whole.width + x])];
            const auto inside = [](int position, int start, int side, int length) {
                return (start == 0 || position - start >= 128) &&
                       (start + side == length || start + side - position > 127);
            };
            ASSERT_TRUE(inside(x, window.x, window.width, whole.width)) << x << ' ' << y;
            ASSERT_TRUE(inside(y, window.y, window.height, whole.height)) << x << ' ' << y;
        }
}

}  // namespace
}  // namespace dbnet::detect
