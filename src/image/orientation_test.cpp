#include "image/orientation.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "support/images.hpp"

namespace dbnet::image {
namespace {

using test::Bytes;
using test::exif_block;
using test::largest_difference;

TEST(Orientation, UprightUndoesEveryStorage) {
    for (const auto& [width, height] : {std::pair{1, 1}, {1, 9}, {63, 65}, {200, 131}}) {
        const Image image = test::picture(width, height);
        for (int orientation = 1; orientation <= 8; ++orientation)
            EXPECT_EQ(largest_difference(upright(test::stored_as(image, orientation), orientation),
                                         image),
                      0)
                << orientation << " at " << width << "x" << height;
    }
}

TEST(Orientation, UprightKeepsWarnings) {
    Image image(2, 3);
    image.add_warning("something");
    EXPECT_EQ(upright(image, 6).warnings(), image.warnings());
}

TEST(Orientation, UnknownNumbersLeaveTheImageAlone) {
    const Image image = test::picture(5, 4);
    for (const int orientation : {-1, 0, 9, 1000})
        EXPECT_EQ(largest_difference(upright(image, orientation), image), 0);
}

TEST(Exif, ReadsBothByteOrdersAndThePrefix) {
    for (int orientation = 1; orientation <= 8; ++orientation)
        for (const bool big_endian : {false, true}) {
            Bytes block = exif_block(orientation, big_endian);
            EXPECT_EQ(exif_orientation(block), orientation);
            block.insert(block.begin(), {'E', 'x', 'i', 'f', 0, 0});
            EXPECT_EQ(exif_orientation(block), orientation);
        }
}

TEST(Exif, WhatIsBrokenIsUpright) {
    EXPECT_EQ(exif_orientation({}), 1);
    for (const int orientation : {0, 9, 600})
        EXPECT_EQ(exif_orientation(exif_block(orientation, false)), 1);
    const Bytes block = exif_block(6, false);
    const auto changed = [&](std::size_t at, std::uint8_t value) {
        Bytes copy = block;
        copy[at] = value;
        return exif_orientation(copy);
    };
    EXPECT_EQ(changed(0, 'M'), 1);   // byte orders that differ
    EXPECT_EQ(changed(2, 43), 1);    // another magic number
    EXPECT_EQ(changed(7, 0xff), 1);  // a directory beyond the end
    EXPECT_EQ(changed(8, 0), 1);     // no entries
    EXPECT_EQ(changed(12, 4), 1);    // 32-bit numbers
    for (std::size_t size = 0; size < 19; ++size)
        EXPECT_EQ(exif_orientation(std::span(block).first(size)), 1);
}

TEST(Exif, NoiseIsHarmless) {
    std::mt19937 random(3);
    for (int round = 0; round < 2000; ++round) {
        Bytes block = exif_block(6, round % 2 == 0);
        for (int i = 0; i < 3; ++i)
            block[2 + random() % (block.size() - 2)] = static_cast<std::uint8_t>(random());
        const int orientation = exif_orientation(block);
        ASSERT_TRUE(orientation >= 1 && orientation <= 8);
    }
}

}  // namespace
}  // namespace dbnet::image
