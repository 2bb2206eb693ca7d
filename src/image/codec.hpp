#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <dbnet/image.hpp>

#include "core/error.hpp"
#include "image/encoded_image.hpp"

namespace dbnet::image {

/// What a file holds besides upright RGB, as far as its decoder knows.
struct Traits {
    int orientation = 1;       ///< as in EXIF: 1 to 8, 1 is upright
    bool cmyk = false;         ///< four inks
    bool transparent = false;  ///< has an alpha channel or a transparent colour
};

/// An encoded image on its way to a decoder.
struct Source {
    std::span<const std::uint8_t> bytes;
    std::string_view name;  ///< what messages call it
    std::int64_t max_pixels;
    Traits* traits = nullptr;  ///< filled by the decoder if set
    int reduction = 1;         ///< as in EncodedImage::decode(); 1 for codecs without `reducible`
    int page = 0;              ///< DecodeOptions::page

    /// Throws Error("<name>: <message>").
    template <typename... Args>
    [[noreturn]] void fail(ErrorCode code, const Args&... args) const {
        core::fail(code, name, ": ", args...);
    }

    /// To be called with the sizes of the header before any pixel memory is allocated. Throws
    /// Error: malformed (a side below 1), too_large (more than max_pixels).
    void check_size(std::int64_t width, std::int64_t height) const;

    /// Black image of a checked size: see check_size().
    Image canvas(std::int64_t width, std::int64_t height) const;
};

/// As Image::read, and says what the file holds.
Image read(const std::string& path, const DecodeOptions& options, Traits& traits);

/// A file format: how it is recognised by its first bytes and how it is decoded. `decode` throws
/// Error as Image::decode does.
struct Codec {
    std::string_view name;
    bool (*recognises)(std::span<const std::uint8_t> bytes);
    Image (*decode)(const Source& source);
    /// What the header says, of formats that can be decoded with fewer pixels.
    Reducible (*reducible)(const Source& source) = nullptr;
    int (*count_pages)(const Source& source) = nullptr;  ///< null: files have one page
};

/// The table of formats. A new format is one file and one row here.
std::span<const Codec> codecs();

/// The format that the bytes begin like; nullptr when they are no image.
const Codec* codec_of(std::span<const std::uint8_t> bytes);

Image decode_jpeg(const Source& source);
Reducible reducible_jpeg(const Source& source);
Image decode_png(const Source& source);
Image decode_webp(const Source& source);
Image decode_tiff(const Source& source);
int count_tiff_pages(const Source& source);
Image decode_gif(const Source& source);
Image decode_bmp(const Source& source);
Image decode_pnm(const Source& source);
Image decode_heif(const Source& source);
Image decode_avif(const Source& source);

}  // namespace dbnet::image
