#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <dbnet/image.hpp>

// Small encoded images of every kind, made in memory by the formats' own libraries or by hand, with
// the pixels that decoding them must give.
namespace dbnet::test {

using Bytes = std::vector<std::uint8_t>;

struct EncodedImage {
    std::string name;  ///< a file name: "progressive.jpg"
    Bytes bytes;
    Image expected;
    int tolerance = 0;    ///< largest difference of a sample; 0 unless the format is lossy
    std::string warning;  ///< what the decoder must say; empty: nothing
};

/// A smooth colourful picture without any symmetry.
Image picture(int width, int height);

/// The pixels as a camera stores them with the EXIF orientation 1 to 8.
Image stored_as(const Image& upright, int orientation);

/// Every kind of every format, 37x23 pixels.
std::vector<EncodedImage> encoded_images();

/// Each format that knows orientations with each of the eight.
std::vector<EncodedImage> oriented_images();

/// A picture of any size in each format.
std::vector<EncodedImage> images_of_size(int width, int height);

/// Files of each format whose header says 20000x15000 pixels, and that hold hardly any data.
std::vector<EncodedImage> images_with_huge_headers();

/// A picture of one grey level in each format with alpha, of which only a bar is visible.
std::vector<EncodedImage> images_of_alpha(std::uint8_t grey);
bool is_in_bar(int x, int y);

/// The samples of page 1, 2, ... of "pages.tif" are the picture's, xor 0, 1, ... times this.
inline constexpr int kPageMark = 0x55;

/// A JPEG whose decoding takes 190 passes over the pixels.
Bytes jpeg_of_many_scans();

/// Largest difference of two samples; 256 when the sizes differ.
int largest_difference(const Image& a, const Image& b);

/// An EXIF block (from "II" or "MM" on) with one entry.
Bytes exif_block(int orientation, bool big_endian);

}  // namespace dbnet::test
