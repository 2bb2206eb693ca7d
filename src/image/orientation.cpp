// EXIF orientation (EXIF 2.3, tag 0x0112): it names the sides of the upright picture at which row 0
// and column 0 of the stored pixels lie. Each of the eight is a source pixel for the upright
// top-left corner and two steps through the stored pixels: one per upright column, one per row.
#include "image/orientation.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "image/bytes.hpp"

namespace dbnet::image {
namespace {

constexpr std::uint32_t kOrientationTag = 0x0112;
constexpr std::uint32_t kShort = 3;

std::span<const std::uint8_t> without_prefix(std::span<const std::uint8_t> exif) {
    constexpr std::string_view kPrefix{"Exif\0\0", 6};
    const bool has_prefix =
        exif.size() >= kPrefix.size() && std::equal(kPrefix.begin(), kPrefix.end(), exif.begin());
    return has_prefix ? exif.subspan(kPrefix.size()) : exif;
}

struct Layout {
    bool from_right;   ///< upright column 0 comes from the last stored column (or row, if swapped)
    bool from_bottom;  ///< upright row 0 comes from the last stored row (or column, if swapped)
    bool swapped;      ///< upright columns are stored rows
};

constexpr Layout layout_of(int orientation) {
    switch (orientation) {
        case 2: return {true, false, false};
        case 3: return {true, true, false};
        case 4: return {false, true, false};
        case 5: return {false, false, true};
        case 6: return {true, false, true};
        case 7: return {true, true, true};
        case 8: return {false, true, true};
        default: return {false, false, false};
    }
}

/// Copies in tiles: a quarter turn reads down the columns, which would miss the cache on long rows.
void copy_turned(const std::uint8_t* origin, std::ptrdiff_t per_column, std::ptrdiff_t per_row,
                 Image& to) {
    constexpr int kTile = 64;
    for (int top = 0; top < to.height(); top += kTile)
        for (int left = 0; left < to.width(); left += kTile)
            for (int y = top; y < std::min(top + kTile, to.height()); ++y) {
                const std::uint8_t* from = origin + y * per_row + left * per_column;
                std::uint8_t* out = to.row(y) + std::ptrdiff_t{3} * left;
                const int right = std::min(left + kTile, to.width());
                for (int x = left; x < right; ++x, from += per_column, out += 3)
                    std::copy_n(from, 3, out);
            }
}

}  // namespace

int exif_orientation(std::span<const std::uint8_t> exif) {
    const auto tiff = without_prefix(exif);
    const ByteReader read(tiff, !tiff.empty() && tiff[0] == 'M');
    const bool valid_mark = read.u8(0) == read.u8(1) && (read.u8(0) == 'I' || read.u8(0) == 'M');
    if (!valid_mark || read.u16(2) != 42) return 1;
    const std::size_t directory = read.u32(4);
    const std::size_t entries = read.u16(directory);
    for (std::size_t i = 0; i < entries; ++i) {
        const std::size_t entry = directory + 2 + i * 12;
        if (read.u16(entry) != kOrientationTag) continue;
        const auto value = static_cast<int>(read.u16(entry + 8));
        return read.u16(entry + 2) == kShort && value >= 1 && value <= 8 ? value : 1;
    }
    return 1;
}

bool swaps_sides(int orientation) { return layout_of(orientation).swapped; }

Image upright(Image stored, int orientation) {
    const Layout layout = layout_of(orientation);
    if (!layout.from_right && !layout.from_bottom && !layout.swapped) return stored;
    std::ptrdiff_t per_column = 3;
    std::ptrdiff_t per_row = std::ptrdiff_t{3} * stored.width();
    int width = stored.width(), height = stored.height();
    if (layout.swapped) {
        std::swap(per_column, per_row);
        std::swap(width, height);
    }
    const std::uint8_t* origin = stored.row(0);
    if (layout.from_right) origin += per_column * (width - 1);
    if (layout.from_bottom) origin += per_row * (height - 1);
    Image turned(width, height);
    copy_turned(origin, layout.from_right ? -per_column : per_column,
                layout.from_bottom ? -per_row : per_row, turned);
    for (const std::string& warning : stored.warnings()) turned.add_warning(warning);
    return turned;
}

}  // namespace dbnet::image
