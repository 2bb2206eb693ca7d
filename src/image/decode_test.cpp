#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <tiffio.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <opencv2/core.hpp>

#include <dbnet/error.hpp>
#include <dbnet/image.hpp>

#include "core/file.hpp"
#include "image/codec.hpp"
#include "support/images.hpp"
#include "support/temp_dir.hpp"

namespace dbnet {
namespace {

using test::Bytes;
using test::EncodedImage;
using test::largest_difference;
using testing::HasSubstr;
using testing::StartsWith;

void expect_decodes(const EncodedImage& encoded) {
    SCOPED_TRACE(encoded.name);
    Image decoded;
    ASSERT_NO_THROW(decoded = Image::decode(encoded.bytes, encoded.name));
    ASSERT_EQ(decoded.width(), encoded.expected.width());
    ASSERT_EQ(decoded.height(), encoded.expected.height());
    EXPECT_LE(largest_difference(decoded, encoded.expected), encoded.tolerance);
    if (encoded.warning.empty())
        EXPECT_THAT(decoded.warnings(), testing::IsEmpty());
    else
        EXPECT_THAT(decoded.warnings(), testing::ElementsAre(HasSubstr(encoded.warning)));
}

/// The code of the Error, whose message must begin with the name.
ErrorCode refusal(const Bytes& bytes, const DecodeOptions& options = {}) {
    try {
        Image::decode(bytes, "some.jpg", options);
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), StartsWith("some.jpg: "));
        return error.code();
    }
    ADD_FAILURE() << "decoded";
    return ErrorCode::internal;
}

/// Decodes if it can; whether it could. Anything but an Error with a fitting code is a failure.
bool survives(const Bytes& bytes) {
    try {
        Image::decode(bytes, "hostile", {.max_pixels = 1'000'000});
        return true;
    } catch (const Error& error) {
        EXPECT_TRUE(error.code() == ErrorCode::malformed ||
                    error.code() == ErrorCode::unsupported || error.code() == ErrorCode::too_large)
            << error.what();
        return false;
    }
}

TEST(Decode, EveryKindOfEveryFormat) {
    for (const EncodedImage& encoded : test::encoded_images()) expect_decodes(encoded);
}

TEST(Decode, EveryOrientation) {
    const auto images = test::oriented_images();
    ASSERT_EQ(images.size(), 8u * 4);
    for (const EncodedImage& encoded : images) expect_decodes(encoded);
}

TEST(Decode, TellsWhatAFileHolds) {
    const test::TempDir folder;
    const auto traits_of = [&](const EncodedImage& encoded) {
        core::write_file(folder / encoded.name, encoded.bytes);
        image::Traits traits;
        image::read(folder / encoded.name, {}, traits);
        return traits;
    };
    const auto has = [](const std::string& name, const char* part) {
        return name.find(part) != std::string::npos;
    };
    for (const EncodedImage& encoded : test::encoded_images()) {
        SCOPED_TRACE(encoded.name);
        const image::Traits traits = traits_of(encoded);
        EXPECT_EQ(traits.cmyk, has(encoded.name, "cmyk") || has(encoded.name, "ycck"));
        const bool transparent = has(encoded.name, "alpha") || has(encoded.name, "clear");
        EXPECT_EQ(traits.transparent, transparent && !encoded.name.ends_with(".bmp"));
        EXPECT_EQ(traits.orientation, 1);
    }
    for (const EncodedImage& encoded : test::oriented_images()) {
        SCOPED_TRACE(encoded.name);
        EXPECT_EQ(traits_of(encoded).orientation,
                  encoded.name[std::string_view("orientation").size()] - '0');
    }
}

TEST(Decode, WhatOnlyAlphaShowsStandsOut) {
    for (const int grey : {0, 60, 128, 200, 255}) {
        const auto images = test::images_of_alpha(static_cast<std::uint8_t>(grey));
        ASSERT_GE(images.size(), 4u);
        for (const EncodedImage& encoded : images) {
            SCOPED_TRACE(testing::Message() << encoded.name << " " << grey);
            const Image image = Image::decode(encoded.bytes);
            int least = 255;
            for (int y = 1; y < image.height() - 1; ++y)
                for (int x = 1; x < image.width() - 1; ++x) {
                    const int difference = image.row(y)[3 * x] - image.row(0)[0];
                    if (test::is_in_bar(x - 1, y - 1) && test::is_in_bar(x + 1, y + 1))
                        least = std::min(least, std::abs(difference));
                }
            EXPECT_GE(least, 50);
        }
    }
}

TEST(Decode, APageMayBeChosen) {
    const auto images = test::encoded_images();
    const auto pages = std::ranges::find(images, "pages.tif", &EncodedImage::name);
    ASSERT_NE(pages, images.end());
    EXPECT_EQ(Image::count_pages(pages->bytes), 3);
    for (int page = 1; page <= 3; ++page) {
        const Image image = Image::decode(pages->bytes, "pages.tif", {.page = page});
        EXPECT_TRUE(image.warnings().empty());
        const int first = pages->expected.row(0)[0] ^ ((page - 1) * test::kPageMark);
        EXPECT_EQ(image.row(0)[0], first) << page;
    }
    EXPECT_EQ(refusal(pages->bytes, {.page = 4}), ErrorCode::invalid_argument);
    for (const EncodedImage& encoded : images) {
        if (encoded.name == "pages.tif") continue;
        EXPECT_EQ(Image::count_pages(encoded.bytes), 1) << encoded.name;
        EXPECT_EQ(refusal(encoded.bytes, {.page = 2}), ErrorCode::invalid_argument) << encoded.name;
        for (std::size_t size = 0; size < encoded.bytes.size(); size += 97)
            EXPECT_LE(Image::count_pages(std::span(encoded.bytes).first(size)), 1);
    }
}

TEST(Decode, ExtremeSizes) {
    for (const auto& [width, height] : {std::pair{1, 1}, {2, 1}, {1, 2}, {20000, 1}, {1, 20000}})
        for (EncodedImage& encoded : test::images_of_size(width, height)) {
            // Colours that change within two pixels are beyond JPEG's chroma.
            if (encoded.name == "size.jpg" && width * height == 2) encoded.tolerance = 60;
            expect_decodes(encoded);
        }
}

TEST(Decode, GoesByTheContentNotByTheName) {
    const test::TempDir dir;
    for (const EncodedImage& encoded : test::images_of_size(5, 4)) {
        core::write_file(dir / "photo.jpg", encoded.bytes);
        EXPECT_LE(largest_difference(Image::read(dir / "photo.jpg"), encoded.expected), 60)
            << encoded.name;
    }
}

/// Most memory that the process has had so far, in kilobytes.
long peak_memory() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

TEST(Decode, RefusesHugeHeadersBeforeAllocating) {
    const auto images = test::images_with_huge_headers();
    const long before = peak_memory();
    for (const EncodedImage& encoded : images) {
        SCOPED_TRACE(encoded.name);
        EXPECT_EQ(refusal(encoded.bytes), ErrorCode::too_large);
    }
    EXPECT_LT(peak_memory() - before, 50'000) << "the pixels would be 900 MB";
}

TEST(Decode, TheLimitIsExact) {
    for (const EncodedImage& encoded : test::images_of_size(30, 20)) {
        SCOPED_TRACE(encoded.name);
        EXPECT_NO_THROW(Image::decode(encoded.bytes, "some.jpg", {.max_pixels = 600}));
        EXPECT_EQ(refusal(encoded.bytes, {.max_pixels = 599}), ErrorCode::too_large);
    }
}

TEST(Decode, SurvivesEveryTruncation) {
    for (const EncodedImage& encoded : test::encoded_images()) {
        std::size_t decoded = 0;
        for (std::size_t size = 0; size < encoded.bytes.size(); ++size)
            decoded += survives({encoded.bytes.begin(), encoded.bytes.begin() + size});
        // A last number in a text file may lose digits, an animation its later frames, a JPEG its
        // end marker.
        const bool may_end_early = encoded.name.starts_with("text.") ||
                                   encoded.name == "animated.gif" || encoded.name == "pages.tif" ||
                                   encoded.name.ends_with(".jpg");
        EXPECT_TRUE(decoded == 0 || may_end_early) << encoded.name << ": " << decoded;
        EXPECT_LT(decoded, encoded.bytes.size() * 3 / 4) << encoded.name;
    }
}

TEST(Decode, AJpegMayLackItsEndMarkerAndNothingElse) {
    for (const EncodedImage& encoded : test::encoded_images()) {
        if (!encoded.name.ends_with(".jpg")) continue;
        SCOPED_TRACE(encoded.name);
        const Image whole = Image::decode(encoded.bytes);
        std::size_t decoded = 0;
        for (std::size_t size = 0; size < encoded.bytes.size(); ++size) {
            const Bytes cut(encoded.bytes.begin(), encoded.bytes.begin() + size);
            if (!survives(cut)) continue;
            ++decoded;
            const Image image = Image::decode(cut);
            EXPECT_EQ(largest_difference(image, whole), 0) << size;
            EXPECT_FALSE(image.warnings().empty()) << size;
        }
        EXPECT_GE(decoded, encoded.bytes.size() > 2 ? 1u : 0u);
        EXPECT_LE(decoded, 4u) << "two bytes of the marker, and the padding of the last byte";
    }
}

TEST(Decode, SurvivesDamage) {
    std::mt19937 random(7);
    for (const EncodedImage& encoded : test::encoded_images())
        for (int round = 0; round < 200; ++round) {
            Bytes damaged = encoded.bytes;
            for (int i = 0; i <= round % 4; ++i)
                damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
            survives(damaged);
        }
}

/// The means of squares of `side` pixels, cut at the right and at the bottom.
Image means_of(const Image& image, int side) {
    Image small((image.width() + side - 1) / side, (image.height() + side - 1) / side);
    for (int y = 0; y < small.height(); ++y)
        for (int x = 0; x < 3 * small.width(); ++x) {
            int sum = 0, count = 0;
            for (int v = side * y; v < std::min(side * (y + 1), image.height()); ++v)
                for (int u = side * (x / 3); u < std::min(side * (x / 3 + 1), image.width());
                     ++u, ++count)
                    sum += image.row(v)[3 * u + x % 3];
            small.row(y)[x] = static_cast<std::uint8_t>(sum / count);
        }
    return small;
}

TEST(Decode, ReducedJpegsShowTheSame) {
    const test::TempDir folder;
    int reduced = 0;
    std::vector<EncodedImage> images = test::oriented_images();
    for (const auto& more : {test::encoded_images(), test::images_of_size(1, 20000)})
        images.insert(images.end(), more.begin(), more.end());
    for (const EncodedImage& encoded : images) {
        SCOPED_TRACE(encoded.name);
        core::write_file(folder / "x", encoded.bytes);
        const image::EncodedImage file(folder / "x");
        EXPECT_LE(largest_difference(file.decode(), encoded.expected), encoded.tolerance);
        const auto possible = file.reducible();
        ASSERT_EQ(possible.has_value(), encoded.name.ends_with(".jpg"));
        const int most = possible ? possible->most : 1;
        EXPECT_THROW(file.decode(3), Error);
        EXPECT_THROW(file.decode(2 * most), Error);
        for (int side = 2; side <= most; side *= 2, ++reduced) {
            EXPECT_EQ(possible->width, encoded.expected.width());
            EXPECT_EQ(possible->height, encoded.expected.height());
            EXPECT_LE(largest_difference(file.decode(side), means_of(encoded.expected, side)),
                      encoded.tolerance + 12);
        }
    }
    EXPECT_GE(reduced, 20);
}

TEST(Decode, TurnedJpegsAreReducedWhereThatIsExact) {
    const test::TempDir folder;
    for (const auto& [width, height, most] :
         {std::tuple{64, 48, 8}, {64, 44, 4}, {63, 48, 1}, {1, 1, 1}}) {
        Bytes bytes = test::images_of_size(width, height)[0].bytes;
        ASSERT_EQ(bytes[1], 0xd8);
        Bytes exif = test::exif_block(6, false);
        Bytes segment{0xff, 0xe1, 0, static_cast<std::uint8_t>(exif.size() + 8), 'E', 'x', 'i',
                      'f',  0,    0};
        segment.insert(segment.end(), exif.begin(), exif.end());
        core::write_file(folder / "upright", bytes);
        bytes.insert(bytes.begin() + 2, segment.begin(), segment.end());
        core::write_file(folder / "turned", bytes);
        const image::EncodedImage turned(folder / "turned");
        const image::EncodedImage upright(folder / "upright");
        EXPECT_EQ(turned.reducible()->width, height);
        EXPECT_EQ(turned.reducible()->most, most);
        EXPECT_EQ(upright.reducible()->most, 8);
        const Image small = turned.decode(most);
        const Image stored = upright.decode(most);
        ASSERT_EQ(small.width(), stored.height());
        for (int c = 0; c < 3; ++c)  // a quarter turn to the right
            EXPECT_EQ(small.row(0)[3 * (small.width() - 1) + c], stored.row(0)[c]);
    }
}

TEST(Decode, RefusesWhatIsNoImage) {
    EXPECT_EQ(refusal({}), ErrorCode::malformed);
    const std::string text = "This is a letter, not a photograph.\n";
    EXPECT_EQ(refusal({text.begin(), text.end()}), ErrorCode::malformed);
    std::mt19937 random(1);
    Bytes noise(5000);
    for (auto& byte : noise) byte = static_cast<std::uint8_t>(random());
    EXPECT_EQ(refusal(noise), ErrorCode::malformed);
}

TEST(Decode, SurvivesNoiseBehindEverySignature) {
    std::mt19937 random(2);
    for (const EncodedImage& encoded : test::encoded_images())
        for (const std::size_t kept : {4u, 12u, 30u}) {
            Bytes bytes(encoded.bytes.begin(), encoded.bytes.begin() + kept);
            for (int i = 0; i < 3000; ++i) bytes.push_back(static_cast<std::uint8_t>(random()));
            survives(bytes);
        }
}

TEST(Decode, RefusesJpegsOfManyScans) {
    try {
        Image::decode(test::jpeg_of_many_scans());
        ADD_FAILURE() << "decoded";
    } catch (const Error& error) {
        EXPECT_THAT(error.what(), HasSubstr("too many scans"));
    }
}

TEST(Decode, RefusesUnknownBitmapsByName) {
    Bytes bytes = test::images_of_size(4, 4)[4].bytes;
    ASSERT_EQ(bytes[0], 'B');
    bytes[30] = 4;  // a JPEG inside
    EXPECT_EQ(refusal(bytes), ErrorCode::unsupported);
}

TEST(Decode, NamesFilesThatCannotBeRead) {
    const test::TempDir dir;
    for (const std::string& path : {dir / "missing.jpg", dir.path()}) try {
            Image::read(path);
            ADD_FAILURE();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::io);
            EXPECT_THAT(error.what(), HasSubstr(path));
        }
}

std::atomic<int> process_errors{0};
void count_process_error(const char*, const char*, va_list) { ++process_errors; }

TEST(Decode, LeavesTheProcessAlone) {
    const auto images = test::encoded_images();
    const TIFFErrorHandler before = TIFFSetErrorHandler(count_process_error);
    const int threads = cv::getNumThreads();
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    for (const EncodedImage& encoded : images)
        for (const std::size_t size : {encoded.bytes.size() / 2, encoded.bytes.size() - 1})
            survives({encoded.bytes.begin(), encoded.bytes.begin() + size});
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
    EXPECT_EQ(process_errors, 0);
    EXPECT_EQ(TIFFSetErrorHandler(before), count_process_error);
    EXPECT_EQ(cv::getNumThreads(), threads);
}

TEST(Decode, ManyThreadsAtOnceGiveTheSame) {
    const auto images = test::encoded_images();
    std::vector<Image> alone;
    for (const EncodedImage& encoded : images) alone.push_back(Image::decode(encoded.bytes));
    std::atomic<int> differing{0};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 8; ++t)
            threads.emplace_back([&] {
                for (std::size_t i = 0; i < images.size(); ++i)
                    differing += largest_difference(Image::decode(images[i].bytes), alone[i]) != 0;
            });
    }
    EXPECT_EQ(differing, 0);
}

}  // namespace
}  // namespace dbnet
