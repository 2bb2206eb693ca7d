#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <dbnet/export.hpp>

namespace dbnet {

/// Order of the 8-bit samples of one pixel.
enum class PixelFormat : std::uint8_t { grey8, rgb8, bgr8, rgba8, bgra8 };

/// Bytes per pixel of a format: 1, 3 or 4.
constexpr int channels(PixelFormat format) noexcept {
    return format == PixelFormat::grey8                                 ? 1
           : format == PixelFormat::rgb8 || format == PixelFormat::bgr8 ? 3
                                                                        : 4;
}

/// Pixels that somebody else owns: row y starts at data + y * stride. Alpha is ignored on input.
struct ImageView {
    const std::uint8_t* data = nullptr;
    int width = 0;              ///< pixels, >= 1
    int height = 0;             ///< pixels, >= 1
    std::ptrdiff_t stride = 0;  ///< bytes from one row to the next; negative for bottom-up images
    PixelFormat format = PixelFormat::rgb8;

    const std::uint8_t* row(int y) const noexcept { return data + y * stride; }
};

struct DecodeOptions {
    /// Images whose header announces more pixels (width x height) are refused before anything is
    /// allocated.
    std::int64_t max_pixels = 200'000'000;
    /// Of a file with several pages (TIFF), from 1; 0: the first, with a warning when there are more.
    int page = 0;
};

namespace detail {

/// Zeroed memory. Large pieces are pages of their own, which go back to the system with the image.
DBNET_API std::uint8_t* allocate_pixels(std::size_t bytes);
DBNET_API void release_pixels(std::uint8_t* pixels, std::size_t bytes) noexcept;

template <typename Byte>
struct PixelAllocator {
    using value_type = Byte;
    PixelAllocator() = default;
    template <typename Other>
    PixelAllocator(PixelAllocator<Other>) noexcept {}
    Byte* allocate(std::size_t count) { return allocate_pixels(count); }
    void deallocate(Byte* pixels, std::size_t count) noexcept { release_pixels(pixels, count); }
    template <typename Value>
    void construct(Value*) noexcept {}  // is zero
    friend bool operator==(PixelAllocator, PixelAllocator) noexcept { return true; }
};

}  // namespace detail

/// An image in memory: 8-bit RGB, upright (EXIF orientation applied), rows without padding.
class DBNET_API Image {
public:
    Image() = default;
    /// Black image. Throws Error{invalid_argument} unless both sides are >= 1.
    Image(int width, int height);

    /// Reads a JPEG, PNG, WebP, TIFF, GIF, BMP, PNM, AVIF or HEIF (HEIC) file; the format is told by
    /// the content, not by the name. Transparent pixels are laid over white, or over a darker ground
    /// where what is visible is nearly white; 16-bit samples are reduced to 8, CMYK becomes RGB; of
    /// an animated or multi-page file the first frame is taken and a warning recorded. Throws Error:
    /// io (cannot be read), malformed, unsupported (also where libheif or libavif is not
    /// installed), too_large, invalid_argument (no such page).
    static Image read(const std::string& path, const DecodeOptions& options = {});

    /// As read(), from memory. `name` stands for the file in error messages.
    static Image decode(std::span<const std::uint8_t> bytes, std::string_view name = "image",
                        const DecodeOptions& options = {});

    /// How many pages an encoded image has that DecodeOptions::page can choose from. 1 for what is no
    /// image. Throws Error{internal} without memory.
    static int count_pages(std::span<const std::uint8_t> bytes);

    /// Writes JPEG (.jpg, .jpeg; quality 92) or PNG (.png), atomically. Throws Error{io} or
    /// Error{invalid_argument}.
    void write(const std::string& path) const;

    int width() const noexcept { return width_; }
    int height() const noexcept { return height_; }
    bool empty() const noexcept { return width_ == 0; }
    std::uint8_t* row(int y) noexcept {
        return pixels_.data() + static_cast<std::size_t>(y) * width_ * 3;
    }
    const std::uint8_t* row(int y) const noexcept {
        return pixels_.data() + static_cast<std::size_t>(y) * width_ * 3;
    }
    ImageView view() const noexcept {
        return {pixels_.data(), width_, height_, static_cast<std::ptrdiff_t>(width_) * 3,
                PixelFormat::rgb8};
    }
    operator ImageView() const noexcept { return view(); }

    /// What the decoder had to say: "animated: only the first of 12 frames is used", ...
    const std::vector<std::string>& warnings() const noexcept { return warnings_; }
    void add_warning(std::string text) { warnings_.push_back(std::move(text)); }

private:
    int width_ = 0;
    int height_ = 0;
    std::vector<std::uint8_t, detail::PixelAllocator<std::uint8_t>> pixels_;
    std::vector<std::string> warnings_;
};

}  // namespace dbnet
