// PNG by libpng: every kind is expanded to 8-bit RGB, or to RGBA that is then laid over a ground.
#include <bit>
#include <csetjmp>
#include <cstddef>
#include <cstring>
#include <utility>

#include <png.h>

#include "image/codec.hpp"
#include "image/convert.hpp"
#include "image/encode.hpp"
#include "image/library_call.hpp"
#include "image/orientation.hpp"

namespace dbnet::image {
namespace {

constexpr int kCompressionLevel = 3;  // a third of the default's time for some 5 % larger files

/// Chunks that are of no use here and that take libpng time, memory and warnings.
constexpr png_byte kIgnoredChunks[] = "iCCP\0iTXt\0sPLT\0tEXt\0zTXt";
constexpr int kIgnoredChunkCount = sizeof(kIgnoredChunks) / 5;

struct ErrorState {
    std::jmp_buf jump;
    LibraryMessages messages;
};

[[noreturn]] void on_error(png_structp png, png_const_charp text) {
    auto& state = *static_cast<ErrorState*>(png_get_error_ptr(png));
    state.messages.set_error(text);
    std::longjmp(state.jump, 1);
}

void on_warning(png_structp png, png_const_charp text) {
    static_cast<ErrorState*>(png_get_error_ptr(png))->messages.add_warning(text);
}

class Reader {
public:
    explicit Reader(const Source& source) : source_(source), rest_(source.bytes) {
        png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &errors_, on_error, on_warning);
        if (png != nullptr) info = png_create_info_struct(png);
        if (info == nullptr) {
            png_destroy_read_struct(&png, nullptr, nullptr);
            core::fail(ErrorCode::internal, "libpng cannot be started");
        }
    }
    ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    /// Throws what libpng found wrong.
    template <typename Calls>
    void run(Calls calls) {
        if (!attempt(errors_.jump, calls))
            source_.fail(ErrorCode::malformed,
                         "broken or truncated PNG: ", errors_.messages.error());
    }

    /// Reads up to the pixels and checks the size.
    void read_header() {
        run([&] {
            png_set_read_fn(png, &rest_, read);
            png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
            png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, kIgnoredChunks,
                                        kIgnoredChunkCount);
            png_read_info(png, info);
        });
        source_.check_size(width(), height());
    }

    /// Reads all pixels into rows that start `stride` bytes apart, and what follows them.
    void read_rows(std::uint8_t* pixels, std::size_t stride) {
        run([&] {
            const int passes = png_set_interlace_handling(png);
            png_read_update_info(png, info);
            if (png_get_rowbytes(png, info) != stride) png_error(png, "unexpected row size");
            for (int pass = 0; pass < passes; ++pass)
                for (std::int64_t y = 0; y < height(); ++y)
                    png_read_row(png, pixels + static_cast<std::size_t>(y) * stride, nullptr);
            png_read_end(png, info);
        });
    }

    std::int64_t width() const { return png_get_image_width(png, info); }
    std::int64_t height() const { return png_get_image_height(png, info); }
    const LibraryMessages& messages() const { return errors_.messages; }

    png_structp png = nullptr;
    png_infop info = nullptr;

private:
    static void read(png_structp png, png_bytep to, std::size_t size) {
        auto& rest = *static_cast<std::span<const std::uint8_t>*>(png_get_io_ptr(png));
        if (size > rest.size()) png_error(png, "the file ends early");
        std::memcpy(to, rest.data(), size);
        rest = rest.subspan(size);
    }

    const Source& source_;
    std::span<const std::uint8_t> rest_;
    ErrorState errors_{};
};

int orientation_of(Reader& reader) {
    png_uint_32 size = 0;
    png_bytep exif = nullptr;
    if (png_get_eXIf_1(reader.png, reader.info, &size, &exif) == 0 || exif == nullptr) return 1;
    return exif_orientation({exif, size});
}

class Writer {
public:
    Writer() {
        png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, &errors_, on_error, on_warning);
        if (png_ != nullptr) info_ = png_create_info_struct(png_);
        if (info_ == nullptr) {
            png_destroy_write_struct(&png_, nullptr);
            core::fail(ErrorCode::internal, "libpng cannot be started");
        }
    }
    ~Writer() { png_destroy_write_struct(&png_, &info_); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    /// Writes a file whose row y is what `row_at(y)` points to.
    template <typename RowAt>
    Bytes write(int width, int height, int depth, int colour_type, RowAt row_at) {
        const bool written = attempt(errors_.jump, [&] {
            png_set_write_fn(png_, &bytes_, put, nullptr);
            png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
            png_set_compression_level(png_, kCompressionLevel);
            png_set_filter(png_, PNG_FILTER_TYPE_BASE, PNG_FAST_FILTERS);
            png_set_IHDR(png_, info_, static_cast<png_uint_32>(width),
                         static_cast<png_uint_32>(height), depth, colour_type, PNG_INTERLACE_NONE,
                         PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
            png_write_info(png_, info_);
            if (depth == 16 && std::endian::native == std::endian::little) png_set_swap(png_);
            for (int y = 0; y < height; ++y) png_write_row(png_, row_at(y));
            png_write_end(png_, nullptr);
        });
        if (!written)
            core::fail(ErrorCode::internal, "cannot write PNG: ", errors_.messages.error());
        return std::move(bytes_);
    }

private:
    static void put(png_structp png, png_bytep data, std::size_t size) {
        if (!append(*static_cast<Bytes*>(png_get_io_ptr(png)), data, size))
            png_error(png, "out of memory");
    }

    png_structp png_ = nullptr;
    png_infop info_ = nullptr;
    Bytes bytes_;
    ErrorState errors_{};
};

}  // namespace

Image decode_png(const Source& source) {
    Reader reader(source);
    reader.read_header();
    reader.run([&] {
        png_set_expand(reader.png);
        png_set_scale_16(reader.png);
        png_set_gray_to_rgb(reader.png);
    });
    Image image = source.canvas(reader.width(), reader.height());
    const std::size_t pixels = static_cast<std::size_t>(image.width()) * image.height();
    const bool transparent =
        (png_get_color_type(reader.png, reader.info) & PNG_COLOR_MASK_ALPHA) != 0 ||
        png_get_valid(reader.png, reader.info, PNG_INFO_tRNS) != 0;
    if (transparent) {
        Bytes rgba(pixels * 4);
        reader.read_rows(rgba.data(), static_cast<std::size_t>(image.width()) * 4);
        over(ground_for(rgba), rgba.data(), pixels, image.row(0));
    } else {
        reader.read_rows(image.row(0), static_cast<std::size_t>(image.width()) * 3);
    }
    reader.messages().report("PNG", image);
    const int orientation = orientation_of(reader);
    if (source.traits != nullptr) *source.traits = {orientation, false, transparent};
    return upright(std::move(image), orientation);
}

Grey16 decode_png16(std::span<const std::uint8_t> bytes, std::string_view name,
                    const DecodeOptions& options) {
    const Source source{bytes, name, options.max_pixels};
    Reader reader(source);
    reader.read_header();
    if (png_get_bit_depth(reader.png, reader.info) != 16 ||
        png_get_color_type(reader.png, reader.info) != PNG_COLOR_TYPE_GRAY)
        source.fail(ErrorCode::unsupported, "is no 16-bit grey PNG");
    Grey16 grey{static_cast<int>(reader.width()), static_cast<int>(reader.height()), {}};
    grey.pixels.resize(static_cast<std::size_t>(grey.width) * grey.height);
    if constexpr (std::endian::native == std::endian::little)
        reader.run([&] { png_set_swap(reader.png); });
    reader.read_rows(reinterpret_cast<std::uint8_t*>(grey.pixels.data()),
                     static_cast<std::size_t>(grey.width) * 2);
    return grey;
}

Bytes encode_png(const ImageView& view) {
    check_view(view);
    if (view.format == PixelFormat::grey8)
        return Writer().write(view.width, view.height, 8, PNG_COLOR_TYPE_GRAY,
                              [&](int y) { return view.row(y); });
    Bytes line(static_cast<std::size_t>(view.width) * 3);
    return Writer().write(view.width, view.height, 8, PNG_COLOR_TYPE_RGB, [&](int y) {
        to_rgb(view.row(y), view.format, view.width, line.data());
        return line.data();
    });
}

Bytes encode_png16(std::span<const std::uint16_t> pixels, int width, int height) {
    if (width < 1 || height < 1 || pixels.size() / width != static_cast<std::size_t>(height) ||
        pixels.size() % width != 0)
        core::fail(ErrorCode::invalid_argument, pixels.size(), " samples do not make an image of ",
                   width, "x", height);
    return Writer().write(width, height, 16, PNG_COLOR_TYPE_GRAY, [&](int y) {
        return reinterpret_cast<png_const_bytep>(pixels.data() +
                                                 static_cast<std::size_t>(y) * width);
    });
}

}  // namespace dbnet::image
