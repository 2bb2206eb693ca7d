#include "image/codec.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "image/bytes.hpp"

namespace dbnet::image {
namespace {

using Head = std::span<const std::uint8_t>;

bool starts_with(Head bytes, std::string_view prefix) {
    return bytes.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), bytes.begin(),
                      [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

bool is_jpeg(Head bytes) { return starts_with(bytes, "\xff\xd8\xff"); }

bool is_png(Head bytes) { return starts_with(bytes, "\x89PNG\r\n\x1a\n"); }

bool is_webp(Head bytes) {
    return bytes.size() >= 12 && starts_with(bytes, "RIFF") &&
           starts_with(bytes.subspan(8), "WEBP");
}

/// Classic TIFF has version 42, BigTIFF 43, in either byte order.
bool is_tiff(Head bytes) {
    using namespace std::string_view_literals;
    return starts_with(bytes, "II*\0"sv) || starts_with(bytes, "MM\0*"sv) ||
           starts_with(bytes, "II+\0"sv) || starts_with(bytes, "MM\0+"sv);
}

bool is_gif(Head bytes) { return starts_with(bytes, "GIF87a") || starts_with(bytes, "GIF89a"); }

bool is_bmp(Head bytes) { return starts_with(bytes, "BM"); }

bool is_pnm(Head bytes) {
    constexpr std::string_view kAfterMagic = " \t\r\n\v\f#";
    return bytes.size() >= 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' &&
           kAfterMagic.find(static_cast<char>(bytes[2])) != std::string_view::npos;
}

/// HEIF and AVIF files begin with a box "ftyp" that names brands, four letters each: the major one,
/// a version, and those that the file is compatible with.
bool has_brand(Head bytes, std::span<const std::string_view> brands) {
    if (bytes.size() < 16 || !starts_with(bytes.subspan(4), "ftyp")) return false;
    const std::size_t end = std::min<std::size_t>(ByteReader(bytes, true).u32(0), bytes.size());
    for (std::size_t at = 8; at + 4 <= end; at += at == 8 ? 8 : 4)
        for (const std::string_view brand : brands)
            if (starts_with(bytes.subspan(at), brand)) return true;
    return false;
}

bool is_avif(Head bytes) {
    constexpr std::array<std::string_view, 2> kBrands{"avif", "avis"};
    return has_brand(bytes, kBrands);
}

bool is_heif(Head bytes) {
    constexpr std::array<std::string_view, 8> kBrands{"heic", "heix", "heim", "heis",
                                                      "hevc", "hevx", "mif1", "msf1"};
    return has_brand(bytes, kBrands);
}

constexpr std::array kCodecs{
    Codec{
        .name = "JPEG", .recognises = is_jpeg, .decode = decode_jpeg, .reducible = reducible_jpeg},
    Codec{.name = "PNG", .recognises = is_png, .decode = decode_png},
    Codec{.name = "WebP", .recognises = is_webp, .decode = decode_webp},
    Codec{.name = "TIFF",
          .recognises = is_tiff,
          .decode = decode_tiff,
          .count_pages = count_tiff_pages},
    Codec{.name = "GIF", .recognises = is_gif, .decode = decode_gif},
    Codec{.name = "BMP", .recognises = is_bmp, .decode = decode_bmp},
    Codec{.name = "PNM", .recognises = is_pnm, .decode = decode_pnm},
    Codec{.name = "AVIF", .recognises = is_avif, .decode = decode_avif},
    Codec{.name = "HEIF", .recognises = is_heif, .decode = decode_heif},
};

}  // namespace

void Source::check_size(std::int64_t width, std::int64_t height) const {
    if (width < 1 || height < 1)
        fail(ErrorCode::malformed, "the header says ", width, "x", height,
             " pixels, expected at least 1x1");
    const bool too_long = std::max(width, height) > std::numeric_limits<std::int32_t>::max();
    if (too_long || width > max_pixels / height)
        fail(ErrorCode::too_large, "has ", width, "x", height, " pixels, the limit is ",
             max_pixels);
}

Image Source::canvas(std::int64_t width, std::int64_t height) const {
    check_size(width, height);
    return Image(static_cast<int>(width), static_cast<int>(height));
}

std::span<const Codec> codecs() { return kCodecs; }

const Codec* codec_of(std::span<const std::uint8_t> bytes) {
    const auto found =
        std::ranges::find_if(kCodecs, [&](const Codec& codec) { return codec.recognises(bytes); });
    return found == kCodecs.end() ? nullptr : &*found;
}

}  // namespace dbnet::image
