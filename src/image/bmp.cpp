// Windows bitmaps: a file header of 14 bytes, an information header whose size tells its version
// (12: OS/2, 40: Windows 3, 52 to 124: with masks), a palette or masks, rows padded to 4 bytes,
// bottom-up unless the height is negative. Indexed pixels may be run-length encoded instead.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

#include "image/bytes.hpp"
#include "image/codec.hpp"
#include "image/convert.hpp"

namespace dbnet::image {
namespace {

constexpr std::size_t kFileHeader = 14;
constexpr std::uint32_t kOs2Header = 12, kWindowsHeader = 40, kAlphaHeader = 56;
constexpr std::uint32_t kPlain = 0, kRle8 = 1, kRle4 = 2, kBitFields = 3, kAlphaBitFields = 6;

struct Header {
    std::int64_t width = 0;
    std::int64_t height = 0;
    bool top_down = false;
    int bits = 0;  ///< per pixel
    std::uint32_t compression = kPlain;
    std::uint32_t info_size = 0;
    std::int64_t data_offset = 0;
    std::int64_t row_bytes = 0;
    std::array<std::uint32_t, 4> masks{};  ///< red, green, blue, alpha; 0: the sample is not there
};

void read_sizes(const ByteReader& read, Header& header) {
    header.info_size = read.u32(kFileHeader);
    header.data_offset = read.u32(10);
    if (header.info_size == kOs2Header) {
        header.width = read.u16(18);
        header.height = read.u16(20);
        header.bits = static_cast<int>(read.u16(24));
        return;
    }
    header.width = static_cast<std::int32_t>(read.u32(18));
    header.height = static_cast<std::int32_t>(read.u32(22));
    header.bits = static_cast<int>(read.u16(28));
    header.compression = read.u32(30);
    header.top_down = header.height < 0;
    header.height = std::abs(header.height);
}

/// Masks stand in the header or right behind the shortest one; without them 16 bits are 5-5-5.
void read_masks(const ByteReader& read, Header& header) {
    constexpr std::size_t kMasks = kFileHeader + kWindowsHeader;
    const bool has_masks =
        header.compression == kBitFields || header.compression == kAlphaBitFields;
    if (!has_masks) {
        header.masks = header.bits == 16
                           ? std::array<std::uint32_t, 4>{0x7c00, 0x03e0, 0x001f, 0}
                           : std::array<std::uint32_t, 4>{0xff0000, 0x00ff00, 0x0000ff, 0};
        return;
    }
    for (std::size_t i = 0; i < 3; ++i) header.masks[i] = read.u32(kMasks + 4 * i);
    if (header.info_size >= kAlphaHeader || header.compression == kAlphaBitFields)
        header.masks[3] = read.u32(kMasks + 12);
}

bool is_run_length(const Header& header) {
    return header.compression == kRle8 || header.compression == kRle4;
}

bool is_known_kind(const Header& header) {
    const int bits = header.bits;
    switch (header.compression) {
        case kPlain:
            return bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
        case kRle8: return bits == 8;
        case kRle4: return bits == 4;
        case kBitFields:
        case kAlphaBitFields: return bits == 16 || bits == 32;
        default: return false;
    }
}

Header read_header(const Source& source) {
    const ByteReader read(source.bytes);
    Header header;
    read_sizes(read, header);
    if (header.info_size != kOs2Header && header.info_size < kWindowsHeader)
        source.fail(ErrorCode::malformed, "BMP with a header of ", header.info_size, " bytes");
    if (!is_known_kind(header))
        source.fail(ErrorCode::unsupported, "BMP with ", header.bits,
                    " bits per pixel in compression ", header.compression,
                    "; supported are 1, 4, 8, 16, 24 and 32 bits, masks and run lengths");
    source.check_size(header.width, header.height);
    read_masks(read, header);
    header.row_bytes = (header.width * header.bits + 31) / 32 * 4;
    const auto size = static_cast<std::int64_t>(source.bytes.size());
    const auto headers = static_cast<std::int64_t>(kFileHeader + header.info_size);
    const std::int64_t least = is_run_length(header) ? 0 : header.row_bytes * header.height;
    if (header.data_offset < headers || least > size - header.data_offset)
        source.fail(ErrorCode::malformed, "broken or truncated BMP: its pixels are not within its ",
                    size, " bytes");
    return header;
}

/// Reads run-length encoded pixels, which may jump and leave pixels out: those have index 0.
class RunReader {
public:
    RunReader(const Source& source, const Header& header)
        : source_(source),
          header_(header),
          at_(static_cast<std::size_t>(header.data_offset)),
          indices_(static_cast<std::size_t>(header.width * header.height)) {}

    /// One byte per pixel, rows as in the file.
    std::vector<std::uint8_t> read() {
        for (;;) {
            const int count = next(), value = next();
            if (count > 0) {
                put_run(count, value);
            } else if (value == kEndOfRow) {
                x_ = 0;
                ++y_;
            } else if (value == kEnd) {
                return std::move(indices_);
            } else if (value == kJump) {
                x_ += next();
                y_ += next();
            } else {
                put_literals(value);
            }
        }
    }

private:
    static constexpr int kEndOfRow = 0, kEnd = 1, kJump = 2;

    int next() {
        if (at_ >= source_.bytes.size())
            source_.fail(ErrorCode::malformed, "broken or truncated BMP: its runs end early");
        return source_.bytes[at_++];
    }

    void put(int index) {
        if (x_ < header_.width && y_ < header_.height)
            indices_[static_cast<std::size_t>(y_ * header_.width + x_)] =
                static_cast<std::uint8_t>(index);
        ++x_;
    }

    /// The i-th index that a byte stands for: 4-bit indices take turns, the higher half first.
    int index_in(int value, int i) const {
        if (header_.bits == 8) return value;
        return i % 2 == 0 ? value >> 4 : value & 15;
    }

    void put_run(int count, int value) {
        for (int i = 0; i < count; ++i) put(index_in(value, i));
    }

    /// Single indices, padded to an even number of bytes.
    void put_literals(int count) {
        const int per_byte = 8 / header_.bits;
        const int bytes = (count + per_byte - 1) / per_byte;
        for (int i = 0, value = 0; i < count; ++i) {
            if (i % per_byte == 0) value = next();
            put(index_in(value, i));
        }
        if (bytes % 2 == 1) next();
    }

    const Source& source_;
    const Header& header_;
    std::size_t at_;
    std::vector<std::uint8_t> indices_;
    std::int64_t x_ = 0;
    std::int64_t y_ = 0;
};

using Rgb = std::array<std::uint8_t, 3>;

/// Colours of the indices; those beyond the palette are black.
std::array<Rgb, 256> read_palette(const Source& source, const Header& header) {
    const std::size_t entry_bytes = header.info_size == kOs2Header ? 3 : 4;
    const std::size_t first = kFileHeader + header.info_size;
    const std::size_t entries =
        std::min<std::size_t>((header.data_offset - first) / entry_bytes, 256);
    std::array<Rgb, 256> palette{};
    for (std::size_t i = 0; i < entries; ++i) {
        const std::uint8_t* bgr = source.bytes.data() + first + i * entry_bytes;
        palette[i] = {bgr[2], bgr[1], bgr[0]};
    }
    return palette;
}

/// 1, 4 or 8 bits per pixel, the leftmost pixel in the highest bits.
void read_indexed(const std::uint8_t* row, int bits, const std::array<Rgb, 256>& palette, int width,
                  std::uint8_t* rgb) {
    for (int x = 0; x < width; ++x, rgb += 3) {
        const std::int64_t bit = std::int64_t{x} * bits;
        const int index = row[bit / 8] >> (8 - bits - bit % 8) & ((1 << bits) - 1);
        std::copy_n(palette[index].begin(), 3, rgb);
    }
}

std::uint8_t masked_sample(std::uint32_t pixel, std::uint32_t mask) {
    const std::uint64_t lowest = mask & -mask;
    const std::uint64_t value = (pixel & mask) / lowest, most = mask / lowest;
    return static_cast<std::uint8_t>((value * 255 + most / 2) / most);
}

/// 16 or 32 bits per pixel, as RGBA.
void read_masked(const std::uint8_t* row, const Header& header, std::uint8_t* rgba) {
    const std::size_t bytes = header.bits / 8;
    const ByteReader read({row, static_cast<std::size_t>(header.row_bytes)});
    for (std::int64_t x = 0; x < header.width; ++x, rgba += 4) {
        const std::uint32_t pixel = bytes == 2 ? read.u16(x * bytes) : read.u32(x * bytes);
        rgba[0] = rgba[1] = rgba[2] = 0;
        rgba[3] = 255;
        for (std::size_t i = 0; i < 4; ++i)
            if (header.masks[i] != 0) rgba[i] = masked_sample(pixel, header.masks[i]);
    }
}

/// All rows of masked pixels, from the top down, over a ground.
void read_masked_rows(const std::uint8_t* pixels, const Header& header, Image& image) {
    const auto width = static_cast<std::size_t>(image.width());
    std::vector<std::uint8_t> rgba(width * image.height() * 4);
    for (int y = 0; y < image.height(); ++y)
        read_masked(pixels + y * header.row_bytes, header,
                    rgba.data() + (header.top_down ? y : image.height() - 1 - y) * width * 4);
    over(ground_for(rgba), rgba.data(), width * image.height(), image.row(0));
}

}  // namespace

Image decode_bmp(const Source& source) {
    Header header = read_header(source);
    const auto palette = read_palette(source, header);
    Image image = source.canvas(header.width, header.height);
    const std::uint8_t* pixels = source.bytes.data() + header.data_offset;
    std::vector<std::uint8_t> unpacked;
    if (is_run_length(header)) {
        unpacked = RunReader(source, header).read();
        pixels = unpacked.data();
        header.bits = 8;
        header.row_bytes = header.width;
    }
    if (header.bits != 24 && header.bits > 8) {
        read_masked_rows(pixels, header, image);
        return image;
    }
    for (int y = 0; y < image.height(); ++y) {
        const std::uint8_t* row = pixels + y * header.row_bytes;
        std::uint8_t* rgb = image.row(header.top_down ? y : image.height() - 1 - y);
        if (header.bits == 24)
            to_rgb(row, PixelFormat::bgr8, image.width(), rgb);
        else
            read_indexed(row, header.bits, palette, image.width(), rgb);
    }
    return image;
}

}  // namespace dbnet::image
