#include "image/encode.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include <dbnet/error.hpp>

#include "core/file.hpp"
#include "image/convert.hpp"
#include "support/images.hpp"
#include "support/temp_dir.hpp"

namespace dbnet::image {
namespace {

using test::largest_difference;
using test::picture;

/// Bytes of the image in another format, rows `padding` bytes longer than needed.
Bytes pixels_in(const Image& image, PixelFormat format, std::size_t padding) {
    Bytes pixels;
    const bool blue_first = format == PixelFormat::bgr8 || format == PixelFormat::bgra8;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            const std::uint8_t* p = image.row(y) + 3 * x;
            if (format == PixelFormat::grey8) {
                pixels.push_back(p[1]);
                continue;
            }
            pixels.insert(pixels.end(), {p[blue_first ? 2 : 0], p[1], p[blue_first ? 0 : 2]});
            if (channels(format) == 4) pixels.push_back(77);
        }
        pixels.resize(pixels.size() + padding, 123);
    }
    return pixels;
}

ImageView view_of(const Bytes& pixels, const Image& image, PixelFormat format) {
    return {pixels.data(), image.width(), image.height(),
            static_cast<std::ptrdiff_t>(pixels.size()) / image.height(), format};
}

Image greens(const Image& image) {
    Image grey = image;
    for (int y = 0; y < image.height(); ++y)
        for (int i = 0; i < 3 * image.width(); ++i) grey.row(y)[i] = image.row(y)[i / 3 * 3 + 1];
    return grey;
}

ErrorCode code_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "no dbnet::Error was thrown";
    return ErrorCode::internal;
}

constexpr PixelFormat kFormats[] = {PixelFormat::grey8, PixelFormat::rgb8, PixelFormat::bgr8,
                                    PixelFormat::rgba8, PixelFormat::bgra8};

TEST(Encode, EveryPixelFormatReadsBack) {
    const Image image = picture(61, 35);
    for (const PixelFormat format : kFormats) {
        SCOPED_TRACE(static_cast<int>(format));
        const Image expected = format == PixelFormat::grey8 ? greens(image) : image;
        const Bytes pixels = pixels_in(image, format, 5);
        const ImageView view = view_of(pixels, image, format);
        EXPECT_EQ(largest_difference(to_image(view), expected), 0);
        EXPECT_EQ(largest_difference(Image::decode(encode_png(view)), expected), 0);
        EXPECT_LE(largest_difference(Image::decode(encode_jpeg(view, 95)), expected), 12);
        EXPECT_LE(largest_difference(Image::decode(encode_jpeg(view, 60)), expected), 60);
    }
}

TEST(Encode, BottomUpViewsReadBackTurnedOver) {
    const Image image = picture(9, 6);
    ImageView view = image.view();
    view.data = image.row(5);
    view.stride = -view.stride;
    EXPECT_EQ(largest_difference(Image::decode(encode_png(view)), test::stored_as(image, 4)), 0);
}

TEST(Encode, BetterQualityIsLarger) {
    const Image image = picture(200, 150);
    EXPECT_LT(encode_jpeg(image, 30).size(), encode_jpeg(image, 95).size());
}

TEST(Encode, LargeOutputIsComplete) {
    Image image(700, 500);
    std::uint32_t state = 1;
    for (int y = 0; y < image.height(); ++y)
        for (int i = 0; i < 3 * image.width(); ++i)
            image.row(y)[i] =
                static_cast<std::uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
    EXPECT_EQ(largest_difference(Image::decode(encode_png(image)), image), 0);
    EXPECT_GT(encode_jpeg(image, 95).size(), 300'000u);
    EXPECT_NO_THROW(Image::decode(encode_jpeg(image, 95)));
}

TEST(Encode, RefusesWhatCannotBeWritten) {
    const Image image = picture(8, 8);
    const auto invalid = [](const std::function<void()>& action) {
        EXPECT_EQ(code_of(action), ErrorCode::invalid_argument);
    };
    invalid([&] { encode_jpeg(image, 0); });
    invalid([&] { encode_jpeg(image, 101); });
    invalid([&] { encode_jpeg(ImageView{}); });
    invalid([&] { encode_png(ImageView{}); });
    invalid([&] { encode_jpeg(Image(65501, 1)); });
    invalid([&] { to_image({image.row(0), 8, 8, 23, PixelFormat::rgb8}); });
    invalid([&] { encode_png({image.row(0), 2, 2, 6, static_cast<PixelFormat>(99)}); });
    invalid([&] { encode_png16({}, 0, 0); });
    invalid([&] { encode_png16(std::vector<std::uint16_t>(7), 2, 3); });
    invalid([] { Image(0, 5); });
}

TEST(Encode, SixteenBitGreyReadsBack) {
    std::vector<std::uint16_t> pixels;
    for (int i = 0; i < 19 * 31; ++i) pixels.push_back(static_cast<std::uint16_t>(i * 40503));
    const Bytes png = encode_png16(pixels, 31, 19);
    const Grey16 grey = decode_png16(png);
    EXPECT_EQ(grey.width, 31);
    EXPECT_EQ(grey.height, 19);
    EXPECT_EQ(grey.pixels, pixels);
    const Image eight = Image::decode(png);
    for (int i = 0; i < 19 * 31; ++i)
        ASSERT_EQ(eight.row(i / 31)[i % 31 * 3], std::lround(pixels[i] / 257.0));
}

TEST(Encode, SixteenBitReaderRefusesTheRest) {
    const Bytes grey16 = encode_png16(std::vector<std::uint16_t>(600), 30, 20);
    EXPECT_EQ(code_of([&] { decode_png16(encode_png(picture(4, 4))); }), ErrorCode::unsupported);
    EXPECT_EQ(code_of([&] { decode_png16(grey16, "map", {.max_pixels = 599}); }),
              ErrorCode::too_large);
    for (std::size_t size = 0; size < grey16.size(); ++size)
        EXPECT_EQ(code_of([&] { decode_png16(std::span(grey16).first(size)); }),
                  ErrorCode::malformed);
}

TEST(Encode, WritesByTheName) {
    const test::TempDir dir;
    const Image image = picture(40, 30);
    image.write(dir / "a.png");
    EXPECT_EQ(largest_difference(Image::read(dir / "a.png"), image), 0);
    for (const char* name : {"a.jpg", "a.JPEG"}) {
        image.write(dir / name);
        EXPECT_EQ(core::read_file(dir / name)[0], 0xff);
        EXPECT_LE(largest_difference(Image::read(dir / name), image), 12);
    }
    EXPECT_EQ(code_of([&] { image.write(dir / "a.xyz"); }), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of([&] { image.write(dir / "no/folder/a.png"); }), ErrorCode::io);
    EXPECT_EQ(code_of([&] { Image().write(dir / "empty.png"); }), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace dbnet::image
