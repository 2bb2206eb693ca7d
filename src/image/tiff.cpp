// TIFF by libtiff's RGBA interface, from memory. Its handlers are set for the one file: those of
// the process, which libtiff has too, stay as they are.
#include <algorithm>
#include <bit>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include <tiffio.h>

#include "image/codec.hpp"
#include "image/convert.hpp"
#include "image/library_call.hpp"
#include "image/orientation.hpp"

namespace dbnet::image {
namespace {

/// Largest single block that libtiff may ask for: all pixels at 16 bits of RGBA in one strip.
constexpr std::int64_t kBlockBytesPerPixel = 8;
constexpr std::int64_t kBlockBytesMore = 1 << 20;

struct Memory {
    std::span<const std::uint8_t> bytes;
    toff_t position = 0;
};

Memory& memory(thandle_t handle) { return *static_cast<Memory*>(handle); }

tmsize_t read_memory(thandle_t handle, void* to, tmsize_t size) {
    Memory& from = memory(handle);
    if (size <= 0 || from.position >= from.bytes.size()) return 0;
    const std::size_t count =
        std::min<std::size_t>(static_cast<std::size_t>(size), from.bytes.size() - from.position);
    std::memcpy(to, from.bytes.data() + from.position, count);
    from.position += count;
    return static_cast<tmsize_t>(count);
}

tmsize_t refuse_write(thandle_t, void*, tmsize_t) { return 0; }

toff_t seek_memory(thandle_t handle, toff_t offset, int whence) {
    Memory& in = memory(handle);
    if (whence == SEEK_CUR) offset += in.position;
    if (whence == SEEK_END) offset += in.bytes.size();
    return in.position = offset;
}

toff_t size_of_memory(thandle_t handle) { return memory(handle).bytes.size(); }

int close_nothing(thandle_t) { return 0; }

int on_error(TIFF*, void* messages, const char*, const char* format, va_list arguments) {
    char text[LibraryMessages::kLength];
    std::vsnprintf(text, sizeof text, format, arguments);
    static_cast<LibraryMessages*>(messages)->set_error(text);
    return 1;  // handled: the process's own handler is not called
}

/// Private tags of cameras and programs are nothing to talk about. Tags beyond the end of the file,
/// which libtiff leaves out with a warning, are an error: the file is truncated.
int on_warning(TIFF* tiff, void* messages, const char* module, const char* format,
               va_list arguments) {
    const std::string_view kind(format);
    if (kind.starts_with("Unknown field")) return 1;
    if (kind.starts_with("IO error")) return on_error(tiff, messages, module, format, arguments);
    char text[LibraryMessages::kLength];
    std::vsnprintf(text, sizeof text, format, arguments);
    static_cast<LibraryMessages*>(messages)->add_warning(text);
    return 1;
}

tmsize_t max_block_bytes(std::int64_t max_pixels) {
    constexpr std::int64_t kMost = std::numeric_limits<tmsize_t>::max();
    if (max_pixels > (kMost - kBlockBytesMore) / kBlockBytesPerPixel) return kMost;
    return static_cast<tmsize_t>(max_pixels * kBlockBytesPerPixel + kBlockBytesMore);
}

using Tiff = std::unique_ptr<TIFF, decltype(&TIFFClose)>;

Tiff open(const Source& source, Memory& from, LibraryMessages& messages) {
    const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(
        TIFFOpenOptionsAlloc(), TIFFOpenOptionsFree);
    if (options == nullptr) source.fail(ErrorCode::internal, "libtiff cannot be started");
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), max_block_bytes(source.max_pixels));
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, &messages);
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, &messages);
    return {TIFFClientOpenExt("TIFF", "rm", &from, read_memory, refuse_write, seek_memory,
                              close_nothing, size_of_memory, nullptr, nullptr, options.get()),
            TIFFClose};
}

Traits traits_of(TIFF* tiff, int orientation) {
    std::uint16_t photometric = 0, extra_samples = 0;
    std::uint16_t* kinds = nullptr;
    TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra_samples, &kinds);
    return {orientation, photometric == PHOTOMETRIC_SEPARATED, extra_samples > 0};
}

/// libtiff has multiplied alpha into the colours.
void divide_by_alpha(std::span<std::uint8_t> rgba) {
    for (std::size_t i = 0; i + 3 < rgba.size(); i += 4) {
        const int alpha = rgba[i + 3];
        if (alpha == 0 || alpha == 255) continue;
        for (std::size_t c = i; c < i + 3; ++c)
            rgba[c] = static_cast<std::uint8_t>(std::min(255, (rgba[c] * 255 + alpha / 2) / alpha));
    }
}

/// The pixels as they are stored: asked for the orientation that the file has, libtiff turns
/// nothing. (It only mirrors, so that half of the orientations would come out wrong.)
Image read_stored(const Source& source, TIFF* tiff, int orientation,
                  const LibraryMessages& messages) {
    static_assert(std::endian::native == std::endian::little, "the words' bytes are R, G, B, A");
    std::uint32_t width = 0, height = 0;
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
    source.check_size(width, height);
    char reason[1024] = "";
    if (TIFFRGBAImageOK(tiff, reason) == 0)
        source.fail(ErrorCode::unsupported, "this kind of TIFF cannot be read: ", reason);
    const std::size_t pixels = static_cast<std::size_t>(width) * height;
    std::vector<std::uint32_t> raster(pixels);
    const int read = TIFFReadRGBAImageOriented(tiff, width, height, raster.data(), orientation, 1);
    // After some errors, such as in the tags, libtiff carries on.
    if (read == 0 || *messages.error() != '\0')
        source.fail(ErrorCode::malformed, "broken or truncated TIFF: ", messages.error());
    Image image = source.canvas(width, height);
    const std::span rgba(reinterpret_cast<std::uint8_t*>(raster.data()), pixels * 4);
    divide_by_alpha(rgba);
    over(ground_for(rgba), rgba.data(), pixels, image.row(0));
    return image;
}

/// Directories are a chain, each of which says where the next one is. libtiff notices when it is a
/// loop.
int pages_after_first(TIFF* tiff, int most) {
    int more = 0;
    while (more < most && TIFFLastDirectory(tiff) == 0 && TIFFReadDirectory(tiff) != 0) ++more;
    return more;
}

void go_to_page(const Source& source, TIFF* tiff, const LibraryMessages& messages) {
    const int more = pages_after_first(tiff, source.page - 1);
    if (*messages.error() != '\0')
        source.fail(ErrorCode::malformed, "broken or truncated TIFF: ", messages.error());
    if (more < source.page - 1)
        source.fail(ErrorCode::invalid_argument, "has no page ", source.page, ", only ", more + 1);
}

}  // namespace

int count_tiff_pages(const Source& source) {
    constexpr int kMost = 100'000;
    LibraryMessages messages;
    Memory from{source.bytes};
    const Tiff tiff = open(source, from, messages);
    return tiff == nullptr ? 1 : 1 + pages_after_first(tiff.get(), kMost);
}

Image decode_tiff(const Source& source) {
    LibraryMessages messages;
    Memory from{source.bytes};
    const Tiff tiff = open(source, from, messages);
    if (tiff == nullptr)
        source.fail(ErrorCode::malformed, "broken or truncated TIFF: ", messages.error());
    if (source.page > 0) go_to_page(source, tiff.get(), messages);
    std::uint16_t orientation = ORIENTATION_TOPLEFT;
    TIFFGetFieldDefaulted(tiff.get(), TIFFTAG_ORIENTATION, &orientation);
    Image image = read_stored(source, tiff.get(), orientation, messages);
    if (source.page == 0 && TIFFLastDirectory(tiff.get()) == 0)
        image.add_warning("several pages: only the first is used; --pages all takes them all");
    messages.report("TIFF", image);
    if (source.traits != nullptr) *source.traits = traits_of(tiff.get(), orientation);
    return upright(std::move(image), orientation);
}

}  // namespace dbnet::image
