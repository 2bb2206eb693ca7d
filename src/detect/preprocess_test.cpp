// The fused pass against the formula in double precision, pixel by pixel.
#include "detect/preprocess.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include <dbnet/error.hpp>

#include "core/random.hpp"

namespace dbnet::detect {
namespace {

constexpr PixelFormat kFormats[] = {PixelFormat::grey8, PixelFormat::rgb8, PixelFormat::bgr8,
                                    PixelFormat::rgba8, PixelFormat::bgra8};

/// Random pixels in rows with padding, bottom-up when `flipped`.
struct Picture {
    std::vector<std::uint8_t> bytes;
    ImageView view;

    Picture(core::Random& random, int width, int height, PixelFormat format, bool flipped) {
        const std::ptrdiff_t stride = static_cast<std::ptrdiff_t>(width) * channels(format) + 5;
        bytes.resize(static_cast<std::size_t>(stride) * height);
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
        view = {bytes.data(), width, height, stride, format};
        if (!flipped) return;
        view.data += (height - 1) * stride;
        view.stride = -stride;
    }
};

/// Level of colour c (0 red, 1 green, 2 blue) of a pixel; positions beyond the border repeat it.
double level(const ImageView& image, int x, int y, int c) {
    x = std::clamp(x, 0, image.width - 1);
    y = std::clamp(y, 0, image.height - 1);
    const bool bgr = image.format == PixelFormat::bgr8 || image.format == PixelFormat::bgra8;
    const int byte = image.format == PixelFormat::grey8 ? 0 : bgr ? 2 - c : c;
    return image.row(y)[x * channels(image.format) + byte];
}

double resized(const ImageView& image, const InputGeometry& g, int x, int y, int c) {
    const double u = (x + 0.5) * image.width / g.valid_width - 0.5;
    const double v = (y + 0.5) * image.height / g.valid_height - 0.5;
    const int left = static_cast<int>(std::floor(u));
    const int top = static_cast<int>(std::floor(v));
    const auto row = [&](int y_source) {
        const double a = level(image, left, y_source, c);
        return a + (level(image, left + 1, y_source, c) - a) * (u - left);
    };
    return row(top) + (row(top + 1) - row(top)) * (v - top);
}

std::vector<float> whole(const ImageView& image, const InputGeometry& g, const InputSpec& spec) {
    std::vector<float> values(std::size_t{3} * g.width * g.height, -99.f);
    preprocess(image, g, {0, 0, g.width, g.height}, spec, values);
    return values;
}

/// Expects the tensor back in grey levels to be the formula's, within `tolerance` levels.
void expect_levels(const ImageView& image, const InputGeometry& g, const InputSpec& spec,
                   double tolerance) {
    const std::vector<float> values = whole(image, g, spec);
    for (int c = 0; c < 3; ++c) {
        const int colour = spec.order == ChannelOrder::rgb ? c : 2 - c;
        for (int y = 0; y < g.height; ++y)
            for (int x = 0; x < g.width; ++x) {
                const float value =
                    values[(static_cast<std::size_t>(c) * g.height + y) * g.width + x];
                if (x >= g.valid_width || y >= g.valid_height) {
                    ASSERT_EQ(value, 0);
                    continue;
                }
                const double actual =
                    (static_cast<double>(value) * spec.std[c] + spec.mean[c]) * 255;
                ASSERT_NEAR(actual, resized(image, g, x, y, colour), tolerance)
                    << x << "," << y << " channel " << c;
                if (spec.resize_in_float) continue;
                ASSERT_NEAR(actual, std::round(actual), 1e-3) << "whole grey levels";
            }
    }
}

InputGeometry geometry(const ImageView& image, int width, int height, int valid_width,
                       int valid_height) {
    return {width, height, valid_width, valid_height, image.width, image.height, false};
}

TEST(Preprocess, FollowsTheFormulaForEveryFormat) {
    core::Random random(1);
    for (const PixelFormat format : kFormats)
        for (const ChannelOrder order : {ChannelOrder::rgb, ChannelOrder::bgr})
            for (const bool in_float : {false, true}) {
                const Picture picture(random, 45, 37, format, random.below(2) == 1);
                InputSpec spec;
                spec.order = order;
                spec.resize_in_float = in_float;
                const InputGeometry g = geometry(picture.view, 96, 64, 90, 61);
                expect_levels(picture.view, g, spec, in_float ? 0.01 : 0.51);
            }
}

TEST(Preprocess, FollowsTheFormulaForEverySize) {
    core::Random random(2);
    InputSpec spec;
    spec.resize_in_float = true;
    const int sides[][4] = {{1, 1, 32, 32},    {1, 500, 32, 64},  {500, 1, 64, 32},
                            {64, 32, 64, 32},  {64, 50, 64, 96},  {640, 480, 32, 64},
                            {31, 33, 128, 32}, {200, 100, 64, 32}};
    for (const auto& [width, height, input_width, input_height] : sides) {
        const Picture picture(random, width, height, PixelFormat::rgb8, false);
        expect_levels(picture.view,
                      geometry(picture.view, input_width, input_height, input_width, input_height),
                      spec, 0.02);
    }
}

TEST(Preprocess, AWindowIsAPartOfTheWhole) {
    core::Random random(3);
    const Picture picture(random, 130, 70, PixelFormat::bgr8, true);
    const InputGeometry g = geometry(picture.view, 160, 96, 150, 80);
    for (const bool in_float : {false, true}) {
        InputSpec spec;
        spec.resize_in_float = in_float;
        const std::vector<float> all = whole(picture.view, g, spec);
        for (const Window window : {Window{0, 0, 32, 32},
                                    {40, 10, 64, 64},
                                    {96, 32, 64, 64},
                                    {152, 0, 8, 96},
                                    {0, 85, 160, 11},
                                    {159, 95, 1, 1}}) {
            std::vector<float> part(std::size_t{3} * window.width * window.height, -99.f);
            preprocess(picture.view, g, window, spec, part);
            for (int c = 0; c < 3; ++c)
                for (int y = 0; y < window.height; ++y)
                    for (int x = 0; x < window.width; ++x)
                        ASSERT_EQ(
                            part[(static_cast<std::size_t>(c) * window.height + y) * window.width +
                                 x],
                            all[(static_cast<std::size_t>(c) * g.height + window.y + y) * g.width +
                                window.x + x])
                            << window.x << "," << window.y;
        }
    }
}

TEST(Preprocess, RefusesWhatDoesNotFit) {
    core::Random random(4);
    const Picture picture(random, 20, 10, PixelFormat::rgb8, false);
    const InputGeometry g = geometry(picture.view, 64, 32, 64, 32);
    std::vector<float> values(std::size_t{3} * 64 * 32);
    const std::span<float> short_by_one(values.data(), values.size() - 1);
    EXPECT_THROW(preprocess(picture.view, g, {0, 0, 64, 32}, {}, short_by_one), Error);
    EXPECT_THROW(preprocess(picture.view, g, {1, 0, 64, 32}, {}, values), Error);
    EXPECT_THROW(preprocess(picture.view, g, {0, -1, 64, 32}, {}, values), Error);
    ImageView other = picture.view;
    other.width = 19;
    EXPECT_THROW(preprocess(other, g, {0, 0, 64, 32}, {}, values), Error);
}

}  // namespace
}  // namespace dbnet::detect
