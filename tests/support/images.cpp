#include "support/images.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <gif_lib.h>
#include <jpeglib.h>
#include <png.h>
#include <tiffio.h>
#include <webp/encode.h>

#include "support/still_video.hpp"

namespace dbnet::test {
namespace {

constexpr int kWidth = 37, kHeight = 23;
constexpr int kHugeWidth = 20000, kHugeHeight = 15000;
constexpr int kJpegTolerance = 14;

struct Rgb {
    int r, g, b;
};

Rgb pixel(const Image& image, int x, int y) {
    const std::uint8_t* p = image.row(y) + 3 * x;
    return {p[0], p[1], p[2]};
}

void set_pixel(Image& image, int x, int y, Rgb colour) {
    std::uint8_t* p = image.row(y) + 3 * x;
    p[0] = static_cast<std::uint8_t>(colour.r);
    p[1] = static_cast<std::uint8_t>(colour.g);
    p[2] = static_cast<std::uint8_t>(colour.b);
}

/// The image that a function of column and row paints.
Image paint(int width, int height, const std::function<Rgb(int, int)>& colour_at) {
    Image image(width, height);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) set_pixel(image, x, y, colour_at(x, y));
    return image;
}

Image map_pixels(const Image& image, const std::function<Rgb(Rgb)>& change) {
    return paint(image.width(), image.height(),
                 [&](int x, int y) { return change(pixel(image, x, y)); });
}

int grey_of(Rgb c) { return (c.r + 2 * c.g + c.b) / 4; }

Image grey_picture(const Image& image) {
    return map_pixels(image, [](Rgb c) { return Rgb{grey_of(c), grey_of(c), grey_of(c)}; });
}

int lay_over_white(int value, int alpha) {
    return static_cast<int>((value * alpha + 255.0 * (255 - alpha)) / 255 + 0.5);
}

/// Opacity of a pixel in the transparent pictures: opaque, clear and everything between.
int alpha_at(int x, int y) { return x % 5 == 0 ? 0 : x % 5 == 1 ? 255 : (x * 7 + y * 11) % 256; }

Image over_white(const Image& image) {
    return paint(image.width(), image.height(), [&](int x, int y) {
        const Rgb c = pixel(image, x, y);
        const int alpha = alpha_at(x, y);
        return Rgb{lay_over_white(c.r, alpha), lay_over_white(c.g, alpha),
                   lay_over_white(c.b, alpha)};
    });
}

/// Samples of all pixels in reading order.
Bytes samples(const Image& image, const std::function<std::vector<int>(Rgb, int, int)>& of) {
    Bytes bytes;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
            for (const int value : of(pixel(image, x, y), x, y))
                bytes.push_back(static_cast<std::uint8_t>(value));
    return bytes;
}

Bytes rgb_samples(const Image& image) {
    return samples(image, [](Rgb c, int, int) { return std::vector{c.r, c.g, c.b}; });
}

Bytes grey_samples(const Image& image) {
    return samples(image, [](Rgb c, int, int) { return std::vector{grey_of(c)}; });
}

Bytes rgba_samples(const Image& image) {
    return samples(image, [](Rgb c, int x, int y) {
        return std::vector{c.r, c.g, c.b, alpha_at(x, y)};
    });
}

/// 16-bit samples whose high byte is the 8-bit one, in the given byte order. They round to it.
Bytes widened(const Bytes& bytes, bool big_endian) {
    Bytes wide;
    for (const std::uint8_t value : bytes) {
        const auto low = static_cast<std::uint8_t>(value);
        wide.push_back(big_endian ? value : low);
        wide.push_back(big_endian ? low : value);
    }
    return wide;
}

/// A palette of 64 colours and the index of each pixel.
int index_of(Rgb c) { return (c.r >> 6) << 4 | (c.g >> 6) << 2 | c.b >> 6; }
Rgb palette_colour(int index) {
    return {(index >> 4) * 85, (index >> 2 & 3) * 85, (index & 3) * 85};
}
Bytes index_samples(const Image& image) {
    return samples(image, [](Rgb c, int, int) { return std::vector{index_of(c)}; });
}
Image palette_picture(const Image& image) {
    return map_pixels(image, [](Rgb c) { return palette_colour(index_of(c)); });
}

/// Rows of 1, 2 or 4 bits per sample, the first sample in the highest bits, padded to bytes.
Bytes packed(const Bytes& values, int width, int bits) {
    Bytes rows;
    for (std::size_t start = 0; start < values.size(); start += width) {
        Bytes row((static_cast<std::size_t>(width) * bits + 7) / 8);
        for (int x = 0; x < width; ++x)
            row[x * bits / 8] = static_cast<std::uint8_t>(
                row[x * bits / 8] | values[start + x] << (8 - bits - x * bits % 8));
        rows.insert(rows.end(), row.begin(), row.end());
    }
    return rows;
}

/// The picture with 2^bits grey levels, and its samples.
Bytes level_samples(const Image& image, int bits) {
    return samples(image, [&](Rgb c, int, int) { return std::vector{grey_of(c) >> (8 - bits)}; });
}
Image level_picture(const Image& image, int bits) {
    return map_pixels(image, [&](Rgb c) {
        const int value = (grey_of(c) >> (8 - bits)) * 255 / ((1 << bits) - 1);
        return Rgb{value, value, value};
    });
}

void put(Bytes& bytes, std::string_view text) {
    bytes.insert(bytes.end(), text.begin(), text.end());
}
void put(Bytes& bytes, const Bytes& more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

/// An unsigned number of `size` bytes.
void put_number(Bytes& bytes, std::uint64_t value, int size, bool big_endian = false) {
    for (int i = 0; i < size; ++i)
        bytes.push_back(static_cast<std::uint8_t>(value >> 8 * (big_endian ? size - 1 - i : i)));
}

void overwrite_number(Bytes& bytes, std::size_t at, std::uint64_t value, int size,
                      bool big_endian = false) {
    Bytes number;
    put_number(number, value, size, big_endian);
    std::copy(number.begin(), number.end(), bytes.begin() + at);
}

// ---- JPEG ----

struct JpegKind {
    J_COLOR_SPACE samples = JCS_RGB;  ///< what the encoder is given
    J_COLOR_SPACE stored = JCS_YCbCr;
    int components = 3;
    bool progressive = false;
    bool scan_per_coefficient = false;
    bool adobe_marker = true;  ///< where libjpeg writes one by itself
    int luma_sampling = 1;
    int restart_rows = 0;
    Bytes exif = {};
};

/// A legal progressive script of 190 scans: one for each coefficient of each colour.
std::vector<jpeg_scan_info> coefficient_scans() {
    std::vector<jpeg_scan_info> scans{{3, {0, 1, 2}, 0, 0, 0, 0}};
    for (const int colour : {0, 1, 2})
        for (int coefficient = 1; coefficient < DCTSIZE2; ++coefficient)
            scans.push_back({1, {colour}, coefficient, coefficient, 0, 0});
    return scans;
}

Bytes jpeg_bytes(int width, int height, Bytes pixels, const JpegKind& kind) {
    jpeg_compress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    unsigned char* buffer = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&jpeg, &buffer, &size);
    jpeg.image_width = width;
    jpeg.image_height = height;
    jpeg.input_components = kind.components;
    jpeg.in_color_space = kind.samples;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, kind.stored);
    jpeg_set_quality(&jpeg, 97, TRUE);
    jpeg.comp_info[0].h_samp_factor = jpeg.comp_info[0].v_samp_factor = kind.luma_sampling;
    jpeg.restart_in_rows = kind.restart_rows;
    if (!kind.adobe_marker) jpeg.write_Adobe_marker = FALSE;
    if (kind.progressive) jpeg_simple_progression(&jpeg);
    const auto scans = coefficient_scans();
    if (kind.scan_per_coefficient) {
        jpeg.scan_info = scans.data();
        jpeg.num_scans = static_cast<int>(scans.size());
    }
    jpeg_start_compress(&jpeg, TRUE);
    if (!kind.exif.empty()) {
        Bytes marker{'E', 'x', 'i', 'f', 0, 0};
        put(marker, kind.exif);
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, marker.data(),
                          static_cast<unsigned>(marker.size()));
    }
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row =
            pixels.data() + static_cast<std::size_t>(jpeg.next_scanline) * width * kind.components;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    const Bytes bytes(buffer, buffer + size);
    std::free(buffer);
    return bytes;
}

Bytes jpeg_bytes(const Image& image, const JpegKind& kind = {}) {
    return jpeg_bytes(image.width(), image.height(), rgb_samples(image), kind);
}

/// The inks of a picture: black is half of what all three colours have in common.
struct Inks {
    int c, m, y, k;
};
Inks inks_of(Rgb colour) {
    const int black = (255 - std::max({colour.r, colour.g, colour.b})) / 2;
    return {255 - colour.r, 255 - colour.g, 255 - colour.b, black};
}
Image ink_picture(const Image& image) {
    return map_pixels(image, [](Rgb colour) {
        const Inks inks = inks_of(colour);
        const auto light = [&](int ink) {
            return static_cast<int>((255 - ink) * (255 - inks.k) / 255.0 + 0.5);
        };
        return Rgb{light(inks.c), light(inks.m), light(inks.y)};
    });
}
Bytes ink_samples(const Image& image, bool inverted) {
    return samples(image, [&](Rgb colour, int, int) {
        const Inks inks = inks_of(colour);
        std::vector values{inks.c, inks.m, inks.y, inks.k};
        if (inverted)
            for (int& value : values) value = 255 - value;
        return values;
    });
}

void add_jpegs(std::vector<EncodedImage>& images) {
    const Image image = picture(kWidth, kHeight);
    const auto add = [&](const std::string& name, Bytes bytes, const Image& expected) {
        images.push_back({name, std::move(bytes), expected, kJpegTolerance, ""});
    };
    add("colour.jpg", jpeg_bytes(image), image);
    add("subsampled.jpg", jpeg_bytes(image, {.luma_sampling = 2}), image);
    add("progressive.jpg", jpeg_bytes(image, {.progressive = true}), image);
    add("restarts.jpg", jpeg_bytes(image, {.restart_rows = 1}), image);
    add("rgb.jpg", jpeg_bytes(image, {.stored = JCS_RGB}), image);
    add("grey.jpg",
        jpeg_bytes(kWidth, kHeight, grey_samples(image),
                   {.samples = JCS_GRAYSCALE, .stored = JCS_GRAYSCALE, .components = 1}),
        grey_picture(image));
    const Image inks = ink_picture(image);
    const auto add_inks = [&](const std::string& name, J_COLOR_SPACE stored, bool adobe) {
        add(name,
            jpeg_bytes(
                kWidth, kHeight, ink_samples(image, adobe),
                {.samples = JCS_CMYK, .stored = stored, .components = 4, .adobe_marker = adobe}),
            inks);
    };
    add_inks("cmyk_adobe.jpg", JCS_CMYK, true);
    add_inks("cmyk_plain.jpg", JCS_CMYK, false);
    add_inks("ycck.jpg", JCS_YCCK, true);
    Bytes extraneous = jpeg_bytes(image);
    const std::uint8_t start_of_scan[] = {0xff, 0xda};
    const auto scan =
        std::search(extraneous.begin(), extraneous.end(), start_of_scan, start_of_scan + 2);
    extraneous.insert(scan, {1, 2, 3});
    images.push_back({"extraneous.jpg", extraneous, image, kJpegTolerance, "extraneous bytes"});
}

// ---- PNG ----

struct PngKind {
    int depth = 8;
    int colour_type = PNG_COLOR_TYPE_RGB;
    bool interlaced = false;
    int palette_alpha = 0;  ///< number of palette entries with an alpha of 8 * index
    int clear_grey = -1;    ///< this grey sample is transparent
    Bytes exif = {};
};

Bytes png_bytes(int width, int height, Bytes rows, const PngKind& kind) {
    Bytes bytes;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_write_fn(
        png, &bytes,
        [](png_structp p, png_bytep data, std::size_t size) {
            put(*static_cast<Bytes*>(png_get_io_ptr(p)), Bytes(data, data + size));
        },
        nullptr);
    png_set_IHDR(png, info, width, height, kind.depth, kind.colour_type,
                 kind.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    std::vector<png_color> palette;
    for (int i = 0; i < 64; ++i) {
        const Rgb c = palette_colour(i);
        palette.push_back(
            {static_cast<png_byte>(c.r), static_cast<png_byte>(c.g), static_cast<png_byte>(c.b)});
    }
    if (kind.colour_type == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette.data(), 64);
    Bytes alphas;
    for (int i = 0; i < kind.palette_alpha; ++i) alphas.push_back(static_cast<png_byte>(8 * i));
    if (!alphas.empty()) png_set_tRNS(png, info, alphas.data(), kind.palette_alpha, nullptr);
    png_color_16 clear{};
    clear.gray = static_cast<png_uint_16>(kind.clear_grey);
    if (kind.clear_grey >= 0) png_set_tRNS(png, info, nullptr, 0, &clear);
    Bytes exif = kind.exif;
    if (!exif.empty())
        png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()), exif.data());
    std::vector<png_bytep> pointers;
    for (int y = 0; y < height; ++y) pointers.push_back(rows.data() + rows.size() / height * y);
    png_write_info(png, info);
    png_write_image(png, pointers.data());
    png_write_end(png, nullptr);
    png_destroy_write_struct(&png, &info);
    return bytes;
}

Bytes png_bytes(const Image& image, const PngKind& kind = {}) {
    return png_bytes(image.width(), image.height(), rgb_samples(image), kind);
}

void add_pngs(std::vector<EncodedImage>& images) {
    const Image image = picture(kWidth, kHeight);
    const auto add = [&](const std::string& name, Bytes rows, const PngKind& kind,
                         const Image& expected) {
        images.push_back(
            {name, png_bytes(kWidth, kHeight, std::move(rows), kind), expected, 0, ""});
    };
    add("colour.png", rgb_samples(image), {}, image);
    add("interlaced.png", rgb_samples(image), {.interlaced = true}, image);
    add("colour16.png", widened(rgb_samples(image), true), {.depth = 16}, image);
    add("grey.png", grey_samples(image), {.colour_type = PNG_COLOR_TYPE_GRAY}, grey_picture(image));
    add("grey16.png", widened(grey_samples(image), true),
        {.depth = 16, .colour_type = PNG_COLOR_TYPE_GRAY}, grey_picture(image));
    for (const int bits : {1, 2, 4})
        add("grey" + std::to_string(bits) + ".png",
            packed(level_samples(image, bits), kWidth, bits),
            {.depth = bits, .colour_type = PNG_COLOR_TYPE_GRAY}, level_picture(image, bits));
    add("alpha.png", rgba_samples(image), {.colour_type = PNG_COLOR_TYPE_RGB_ALPHA},
        over_white(image));
    add("alpha_interlaced16.png", widened(rgba_samples(image), true),
        {.depth = 16, .colour_type = PNG_COLOR_TYPE_RGB_ALPHA, .interlaced = true},
        over_white(image));
    add("grey_alpha.png",
        samples(image,
                [](Rgb c, int x, int y) {
                    return std::vector{grey_of(c), alpha_at(x, y)};
                }),
        {.colour_type = PNG_COLOR_TYPE_GRAY_ALPHA}, over_white(grey_picture(image)));
    add("palette.png", index_samples(image), {.colour_type = PNG_COLOR_TYPE_PALETTE},
        palette_picture(image));
    add("palette_alpha.png", index_samples(image),
        {.colour_type = PNG_COLOR_TYPE_PALETTE, .palette_alpha = 20}, map_pixels(image, [](Rgb c) {
            const int index = index_of(c), alpha = index < 20 ? 8 * index : 255;
            const Rgb colour = palette_colour(index);
            return Rgb{lay_over_white(colour.r, alpha), lay_over_white(colour.g, alpha),
                       lay_over_white(colour.b, alpha)};
        }));
    add("clear_grey.png", packed(level_samples(image, 2), kWidth, 2),
        {.depth = 2, .colour_type = PNG_COLOR_TYPE_GRAY, .clear_grey = 1},
        map_pixels(level_picture(image, 2), [](Rgb c) {
            return c.r == 85 ? Rgb{255, 255, 255} : c;
        }));
}

// ---- WebP ----

Bytes take(std::uint8_t* data, std::size_t size) {
    const Bytes bytes(data, data + size);
    WebPFree(data);
    return bytes;
}

Bytes webp_bytes(const Image& image) {
    std::uint8_t* data = nullptr;
    const std::size_t size = WebPEncodeLosslessRGB(image.row(0), image.width(), image.height(),
                                                   3 * image.width(), &data);
    return take(data, size);
}

Bytes webp_alpha_bytes(const Image& image) {
    const Bytes rgba = rgba_samples(image);
    std::uint8_t* data = nullptr;
    const std::size_t size = WebPEncodeLosslessRGBA(rgba.data(), image.width(), image.height(),
                                                    4 * image.width(), &data);
    return take(data, size);
}

Bytes webp_lossy_bytes(const Image& image) {
    std::uint8_t* data = nullptr;
    const std::size_t size =
        WebPEncodeRGB(image.row(0), image.width(), image.height(), 3 * image.width(), 98, &data);
    return take(data, size);
}

/// The chunks of a simple file: what follows "RIFF", size, "WEBP".
Bytes webp_chunks(const Bytes& file) { return {file.begin() + 12, file.end()}; }

Bytes webp_chunk(std::string_view name, const Bytes& payload) {
    Bytes chunk;
    put(chunk, name);
    put_number(chunk, payload.size(), 4);
    put(chunk, payload);
    if (payload.size() % 2 == 1) chunk.push_back(0);
    return chunk;
}

Bytes webp_extended(int width, int height, int flags, const Bytes& chunks) {
    Bytes features;
    put_number(features, flags, 4);
    put_number(features, width - 1, 3);
    put_number(features, height - 1, 3);
    Bytes content;
    put(content, "WEBP");
    put(content, webp_chunk("VP8X", features));
    put(content, chunks);
    Bytes file;
    put(file, "RIFF");
    put_number(file, content.size(), 4);
    put(file, content);
    return file;
}

Bytes webp_frame(const Image& image, int left, int top) {
    Bytes frame;
    for (const int value : {left / 2, top / 2, image.width() - 1, image.height() - 1, 100})
        put_number(frame, value, 3);
    frame.push_back(0);
    put(frame, webp_chunks(webp_bytes(image)));
    return webp_chunk("ANMF", frame);
}

constexpr int kWebpAnimation = 2, kWebpExif = 8;

Bytes webp_animation(int width, int height, const Bytes& frames) {
    Bytes chunks = webp_chunk("ANIM", {0, 0, 0, 255, 0, 0});
    put(chunks, frames);
    return webp_extended(width, height, kWebpAnimation, chunks);
}

/// A smaller image on a white canvas.
Image on_canvas(const Image& image, int width, int height, int left, int top) {
    return paint(width, height, [&](int x, int y) {
        const bool inside =
            x >= left && y >= top && x < left + image.width() && y < top + image.height();
        return inside ? pixel(image, x - left, y - top) : Rgb{255, 255, 255};
    });
}

void add_webps(std::vector<EncodedImage>& images) {
    const Image image = picture(kWidth, kHeight);
    images.push_back({"lossless.webp", webp_bytes(image), image, 0, ""});
    images.push_back({"lossy.webp", webp_lossy_bytes(image), image, 24, ""});
    images.push_back({"alpha.webp", webp_alpha_bytes(image), over_white(image), 0, ""});
    const Image small = picture(20, 10);
    Bytes frames = webp_frame(small, 6, 8);
    put(frames, webp_frame(image, 0, 0));
    images.push_back({"animated.webp", webp_animation(kWidth, kHeight, frames),
                      on_canvas(small, kWidth, kHeight, 6, 8), 0, "first of 2 frames"});
}

// ---- TIFF ----

struct TiffKind {
    int bits = 8;
    int channels = 3;
    int photometric = PHOTOMETRIC_RGB;
    int compression = COMPRESSION_LZW;
    int orientation = ORIENTATION_TOPLEFT;
    int pages = 1;
    bool big_endian = false;
    bool tiled = false;
    bool separate = false;  ///< one plane after the other
    bool alpha = false;     ///< the fourth channel
};

struct MemoryFile {
    Bytes bytes;
    std::size_t position = 0;
};

TIFF* open_for_writing(MemoryFile& file, bool big_endian) {
    const auto read = [](thandle_t handle, void* data, tmsize_t size) -> tmsize_t {
        auto& from = *static_cast<MemoryFile*>(handle);
        if (from.position + size > from.bytes.size()) return 0;
        std::memcpy(data, from.bytes.data() + from.position, size);
        from.position += size;
        return size;
    };
    const auto write = [](thandle_t handle, void* data, tmsize_t size) -> tmsize_t {
        auto& to = *static_cast<MemoryFile*>(handle);
        to.bytes.resize(std::max(to.bytes.size(), to.position + size));
        std::memcpy(to.bytes.data() + to.position, data, size);
        to.position += size;
        return size;
    };
    const auto seek = [](thandle_t handle, toff_t offset, int whence) -> toff_t {
        auto& in = *static_cast<MemoryFile*>(handle);
        const std::size_t from = whence == SEEK_SET   ? 0
                                 : whence == SEEK_CUR ? in.position
                                                      : in.bytes.size();
        return in.position = from + offset;
    };
    const auto close = [](thandle_t) { return 0; };
    const auto size = [](thandle_t handle) -> toff_t {
        return static_cast<MemoryFile*>(handle)->bytes.size();
    };
    return TIFFClientOpen("test", big_endian ? "wb" : "wl", &file, read, write, seek, close, size,
                          nullptr, nullptr);
}

void set_tiff_fields(TIFF* tiff, int width, int height, const TiffKind& kind) {
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, kind.bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, kind.channels);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, kind.photometric);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, kind.compression);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, kind.orientation);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG,
                 kind.separate ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    const std::uint16_t extra[] = {EXTRASAMPLE_UNASSALPHA};
    if (kind.alpha) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, extra);
    if (kind.photometric == PHOTOMETRIC_PALETTE) {
        std::array<std::vector<std::uint16_t>, 3> maps;
        for (int i = 0; i < 256; ++i) {
            const Rgb c = palette_colour(i % 64);
            maps[0].push_back(static_cast<std::uint16_t>(c.r * 257));
            maps[1].push_back(static_cast<std::uint16_t>(c.g * 257));
            maps[2].push_back(static_cast<std::uint16_t>(c.b * 257));
        }
        TIFFSetField(tiff, TIFFTAG_COLORMAP, maps[0].data(), maps[1].data(), maps[2].data());
    }
    if (kind.photometric == PHOTOMETRIC_YCBCR)
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
}

/// One tile of 48x32 pixels, which is all that the small pictures need.
void write_tile(TIFF* tiff, const Bytes& rows, int height) {
    constexpr std::uint32_t kTileWidth = 48, kTileHeight = 32;
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, kTileWidth);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, kTileHeight);
    const std::size_t row_bytes = rows.size() / height, tile_row = TIFFTileRowSize(tiff);
    Bytes tile(TIFFTileSize(tiff));
    for (int y = 0; y < height; ++y)
        std::copy_n(rows.begin() + y * row_bytes, row_bytes, tile.begin() + y * tile_row);
    TIFFWriteEncodedTile(tiff, 0, tile.data(), static_cast<tmsize_t>(tile.size()));
}

void write_rows(TIFF* tiff, Bytes rows, int height, int planes) {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 16);
    const std::size_t row_bytes = rows.size() / height / planes;
    for (int plane = 0; plane < planes; ++plane)
        for (int y = 0; y < height; ++y)
            TIFFWriteScanline(tiff, rows.data() + (std::size_t(plane) * height + y) * row_bytes, y,
                              static_cast<std::uint16_t>(plane));
}

Bytes tiff_bytes(int width, int height, const Bytes& rows, const TiffKind& kind) {
    MemoryFile file;
    TIFF* tiff = open_for_writing(file, kind.big_endian);
    for (int page = 0; page < kind.pages; ++page) {
        Bytes samples_of_page = rows;
        for (std::uint8_t& sample : samples_of_page)
            sample = static_cast<std::uint8_t>(sample ^ (page * kPageMark));
        set_tiff_fields(tiff, width, height, kind);
        if (kind.tiled)
            write_tile(tiff, samples_of_page, height);
        else
            write_rows(tiff, samples_of_page, height, kind.separate ? kind.channels : 1);
        TIFFWriteDirectory(tiff);
    }
    TIFFClose(tiff);
    return file.bytes;
}

Bytes tiff_bytes(const Image& image, const TiffKind& kind = {}) {
    return tiff_bytes(image.width(), image.height(), rgb_samples(image), kind);
}

Bytes planes_of(const Image& image) {
    Bytes planes;
    const Bytes rgb = rgb_samples(image);
    for (std::size_t c = 0; c < 3; ++c)
        for (std::size_t i = c; i < rgb.size(); i += 3) planes.push_back(rgb[i]);
    return planes;
}

void add_tiffs(std::vector<EncodedImage>& images) {
    const Image image = picture(kWidth, kHeight);
    const auto add = [&](const std::string& name, const Bytes& rows, const TiffKind& kind,
                         const Image& expected, int tolerance = 0,
                         const std::string& warning = "") {
        images.push_back(
            {name, tiff_bytes(kWidth, kHeight, rows, kind), expected, tolerance, warning});
    };
    const Bytes rgb = rgb_samples(image), grey = grey_samples(image);
    const Image grey_image = grey_picture(image);
    add("colour.tif", rgb, {}, image);
    add("plain.tif", rgb, {.compression = COMPRESSION_NONE}, image);
    add("deflate.tif", rgb, {.compression = COMPRESSION_ADOBE_DEFLATE}, image);
    add("packbits.tif", rgb, {.compression = COMPRESSION_PACKBITS}, image);
    add("big_endian.tif", rgb, {.big_endian = true}, image);
    add("tiled.tif", rgb, {.tiled = true}, image);
    add("planes.tif", planes_of(image), {.separate = true}, image);
    add("colour16.tif", widened(rgb, false), {.bits = 16}, image);
    add("jpeg.tif", rgb, {.photometric = PHOTOMETRIC_YCBCR, .compression = COMPRESSION_JPEG}, image,
        40);
    add("grey.tif", grey, {.channels = 1, .photometric = PHOTOMETRIC_MINISBLACK}, grey_image);
    add("grey16.tif", widened(grey, false),
        {.bits = 16, .channels = 1, .photometric = PHOTOMETRIC_MINISBLACK}, grey_image);
    add("bilevel.tif", packed(level_samples(image, 1), kWidth, 1),
        {.bits = 1,
         .channels = 1,
         .photometric = PHOTOMETRIC_MINISWHITE,
         .compression = COMPRESSION_CCITTFAX4},
        map_pixels(level_picture(image, 1), [](Rgb c) {
            return Rgb{255 - c.r, 255 - c.g, 255 - c.b};
        }));
    add("palette.tif", index_samples(image), {.channels = 1, .photometric = PHOTOMETRIC_PALETTE},
        palette_picture(image));
    add("alpha.tif", rgba_samples(image), {.channels = 4, .alpha = true}, over_white(image), 1);
    add("cmyk.tif", ink_samples(image, false),
        {.channels = 4, .photometric = PHOTOMETRIC_SEPARATED}, ink_picture(image), 1);
    add("pages.tif", rgb, {.pages = 3}, image, 0, "several pages");
}

// ---- GIF ----

struct GifKind {
    bool interlaced = false;
    int frames = 1;
    int clear_index = NO_TRANSPARENT_COLOR;
    int left = 0, top = 0;
};

void write_gif_frame(GifFileType* gif, const Image& image, const GifKind& kind) {
    GraphicsControlBlock control{DISPOSAL_UNSPECIFIED, false, 10, kind.clear_index};
    std::array<GifByteType, 4> extension{};
    EGifGCBToExtension(&control, extension.data());
    EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, extension.size(), extension.data());
    EGifPutImageDesc(gif, kind.left, kind.top, image.width(), image.height(), kind.interlaced,
                     nullptr);
    Bytes indices = index_samples(image);
    const auto put_row = [&](int y) {
        EGifPutLine(gif, indices.data() + static_cast<std::size_t>(y) * image.width(),
                    image.width());
    };
    if (!kind.interlaced)
        for (int y = 0; y < image.height(); ++y) put_row(y);
    else
        for (const auto& [first, step] : {std::pair{0, 8}, {4, 8}, {2, 4}, {1, 2}})
            for (int y = first; y < image.height(); y += step) put_row(y);
}

Bytes gif_bytes(const Image& image, int width, int height, const GifKind& kind) {
    Bytes bytes;
    int error = 0;
    GifFileType* gif = EGifOpen(
        &bytes,
        [](GifFileType* file, const GifByteType* data, int size) {
            put(*static_cast<Bytes*>(file->UserData), Bytes(data, data + size));
            return size;
        },
        &error);
    EGifSetGifVersion(gif, true);
    std::vector<GifColorType> colours;
    for (int i = 0; i < 64; ++i) {
        const Rgb c = palette_colour(i);
        colours.push_back({static_cast<GifByteType>(c.r), static_cast<GifByteType>(c.g),
                           static_cast<GifByteType>(c.b)});
    }
    ColorMapObject* map = GifMakeMapObject(64, colours.data());
    EGifPutScreenDesc(gif, width, height, 8, 0, map);
    for (int i = 0; i < kind.frames; ++i) write_gif_frame(gif, image, kind);
    EGifCloseFile(gif, &error);
    GifFreeMapObject(map);
    return bytes;
}

Bytes gif_bytes(const Image& image, const GifKind& kind = {}) {
    return gif_bytes(image, image.width(), image.height(), kind);
}

void add_gifs(std::vector<EncodedImage>& images) {
    const Image image = picture(kWidth, kHeight), expected = palette_picture(image);
    const Image small = picture(20, 10);
    images.push_back({"plain.gif", gif_bytes(image), expected, 0, ""});
    images.push_back({"interlaced.gif", gif_bytes(image, {.interlaced = true}), expected, 0, ""});
    images.push_back({"animated.gif", gif_bytes(image, {.frames = 3}), expected, 0, "animated"});
    images.push_back({"offset.gif", gif_bytes(small, kWidth, kHeight, {.left = 5, .top = 9}),
                      on_canvas(palette_picture(small), kWidth, kHeight, 5, 9), 0, ""});
    const int clear = index_of(pixel(image, kWidth / 2, kHeight / 2));
    images.push_back(
        {"clear.gif", gif_bytes(image, {.clear_index = clear}),
         map_pixels(image,
                    [&](Rgb c) {
                        const int index = index_of(c);
                        return index == clear ? Rgb{255, 255, 255} : palette_colour(index);
                    }),
         0, ""});
}

// ---- BMP ----

struct BmpKind {
    int bits = 24;
    bool top_down = false;
    int header = 40;
    std::vector<std::uint32_t> masks = {};
    Bytes palette = {};
};

/// `rows` from the top, each a whole number of bytes.
Bytes bmp_bytes(int width, int height, const Bytes& rows, const BmpKind& kind = {}) {
    Bytes head;
    put_number(head, kind.header, 4);
    if (kind.header == 12) {
        for (const int value : {width, height, 1, kind.bits}) put_number(head, value, 2);
    } else {
        put_number(head, width, 4);
        put_number(head, static_cast<std::uint32_t>(kind.top_down ? -height : height), 4);
        put_number(head, 1, 2);
        put_number(head, kind.bits, 2);
        put_number(head, kind.masks.empty() ? 0 : 3, 4);
        for (int i = 0; i < 5; ++i) put_number(head, 0, 4);
        for (const std::uint32_t mask : kind.masks) put_number(head, mask, 4);
        head.resize(std::max<std::size_t>(head.size(), kind.header));
    }
    put(head, kind.palette);
    Bytes file;
    put(file, "BM");
    const std::size_t row_bytes = rows.size() / height, padded = (row_bytes + 3) / 4 * 4;
    put_number(file, 14 + head.size() + padded * height, 4);
    put_number(file, 0, 4);
    put_number(file, 14 + head.size(), 4);
    put(file, head);
    for (int i = 0; i < height; ++i) {
        const int y = kind.top_down ? i : height - 1 - i;
        put(file, Bytes(rows.begin() + y * row_bytes, rows.begin() + (y + 1) * row_bytes));
        file.resize(file.size() + padded - row_bytes);
    }
    return file;
}

Bytes bgr_samples(const Image& image) {
    return samples(image, [](Rgb c, int, int) { return std::vector{c.b, c.g, c.r}; });
}

Bytes bmp_palette(int entries, int levels_of_grey, bool with_padding) {
    Bytes palette;
    for (int i = 0; i < entries; ++i) {
        const int grey = levels_of_grey == 0 ? 0 : i * 255 / (levels_of_grey - 1);
        const Rgb c = levels_of_grey == 0 ? palette_colour(i) : Rgb{grey, grey, grey};
        for (const int value : {c.b, c.g, c.r}) put_number(palette, value, 1);
        if (with_padding) palette.push_back(0);
    }
    return palette;
}

Bytes pixels_555(const Image& image, bool six_greens) {
    Bytes bytes;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x) {
            const Rgb c = pixel(image, x, y);
            put_number(bytes,
                       six_greens ? (c.r >> 3) << 11 | (c.g >> 2) << 5 | c.b >> 3
                                  : (c.r >> 3) << 10 | (c.g >> 3) << 5 | c.b >> 3,
                       2);
        }
    return bytes;
}

Image picture_555(const Image& image, bool six_greens) {
    const auto expand = [](int value, int bits) {
        const int most = (1 << bits) - 1;
        return static_cast<int>((value >> (8 - bits)) * 255.0 / most + 0.5);
    };
    return map_pixels(image, [&](Rgb c) {
        return Rgb{expand(c.r, 5), expand(c.g, six_greens ? 6 : 5), expand(c.b, 5)};
    });
}

/// Run-length encoded indices: each row a few literals and then runs, once with a jump to nowhere.
Bytes bmp_runs(const Bytes& indices, int width, int height, int bits) {
    constexpr int kLiterals = 9;  // odd, so that they are padded
    Bytes runs;
    for (int y = height - 1; y >= 0; --y) {
        const std::uint8_t* row = indices.data() + static_cast<std::ptrdiff_t>(y) * width;
        put(runs, Bytes{0, kLiterals});
        Bytes literals = packed(Bytes(row, row + kLiterals), kLiterals, bits);
        if (literals.size() % 2 == 1) literals.push_back(0);
        put(runs, literals);
        for (int x = kLiterals, end = x; x < width; x = end) {
            while (end < width && row[end] == row[x]) ++end;
            const int value = bits == 8 ? row[x] : row[x] << 4 | row[x];
            put(runs, Bytes{static_cast<std::uint8_t>(end - x), static_cast<std::uint8_t>(value)});
        }
        put(runs, Bytes{0, 0});
        if (y == 1) put(runs, Bytes{0, 2, 0, 0});
    }
    put(runs, Bytes{0, 1});
    return runs;
}

Bytes bmp_run_length(const Image& image, const Bytes& indices, int bits, const Bytes& palette) {
    const int width = image.width(), height = image.height();
    Bytes file = bmp_bytes(width, height, Bytes(static_cast<std::size_t>(height)),
                           {.bits = bits, .palette = palette});
    file.resize(14 + 40 + palette.size());
    overwrite_number(file, 30, bits == 8 ? 1 : 2, 4);
    put(file, bmp_runs(indices, width, height, bits));
    return file;
}

void add_bmps(std::vector<EncodedImage>& images) {
    const Image image = picture(kWidth, kHeight);
    const auto add = [&](const std::string& name, const Bytes& rows, const BmpKind& kind,
                         const Image& expected) {
        images.push_back({name, bmp_bytes(kWidth, kHeight, rows, kind), expected, 0, ""});
    };
    const Bytes bgr = bgr_samples(image);
    add("colour.bmp", bgr, {}, image);
    add("top_down.bmp", bgr, {.top_down = true}, image);
    add("os2.bmp", bgr, {.header = 12}, image);
    add("palette.bmp", index_samples(image), {.bits = 8, .palette = bmp_palette(64, 0, true)},
        palette_picture(image));
    add("os2_palette.bmp", index_samples(image),
        {.bits = 8, .header = 12, .palette = bmp_palette(64, 0, false)}, palette_picture(image));
    for (const int bits : {1, 4})
        add("palette" + std::to_string(bits) + ".bmp",
            packed(level_samples(image, bits), kWidth, bits),
            {.bits = bits, .palette = bmp_palette(1 << bits, 1 << bits, true)},
            level_picture(image, bits));
    images.push_back({"runs8.bmp",
                      bmp_run_length(image, index_samples(image), 8, bmp_palette(64, 0, true)),
                      palette_picture(image), 0, ""});
    images.push_back({"runs4.bmp",
                      bmp_run_length(image, level_samples(image, 4), 4, bmp_palette(16, 16, true)),
                      level_picture(image, 4), 0, ""});
    add("555.bmp", pixels_555(image, false), {.bits = 16}, picture_555(image, false));
    add("565.bmp", pixels_555(image, true), {.bits = 16, .masks = {0xf800, 0x07e0, 0x001f}},
        picture_555(image, true));
    const Bytes bgra = samples(image, [](Rgb c, int x, int y) {
        return std::vector{c.b, c.g, c.r, alpha_at(x, y)};
    });
    add("unused_byte.bmp", bgra, {.bits = 32}, image);
    add("alpha.bmp", bgra,
        {.bits = 32, .header = 124, .masks = {0xff0000, 0xff00, 0xff, 0xff000000}},
        over_white(image));
}

// ---- PNM ----

Bytes pnm_bytes(const std::string& header, const Bytes& samples_) {
    Bytes file;
    put(file, header);
    put(file, samples_);
    return file;
}

Bytes numbers(const Bytes& values, std::string_view separator) {
    Bytes text;
    for (const std::uint8_t value : values) {
        put(text, std::to_string(value));
        put(text, separator);
    }
    return text;
}

void add_pnms(std::vector<EncodedImage>& images) {
    const Image image = picture(kWidth, kHeight), grey_image = grey_picture(image);
    const std::string size = std::to_string(kWidth) + " " + std::to_string(kHeight) + "\n";
    const auto add = [&](const std::string& name, const std::string& header, const Bytes& pixels,
                         const Image& expected) {
        images.push_back({name, pnm_bytes(header, pixels), expected, 0, ""});
    };
    const Bytes rgb = rgb_samples(image), grey = grey_samples(image);
    Bytes black = level_samples(image, 1);  // in PBM 1 is black
    for (std::uint8_t& bit : black) bit ^= 1;
    const Image two_levels = level_picture(image, 1);
    add("text.pbm", "P1\n# a comment\n" + size, numbers(black, ""), two_levels);
    add("text.pgm", "P2 " + size + "255\n", numbers(grey, "\n"), grey_image);
    add("text.ppm", "P3\n" + size + "#two\n255 # comments\n", numbers(rgb, " "), image);
    add("binary.pbm", "P4\n" + size, packed(black, kWidth, 1), two_levels);
    add("binary.pgm", "P5\n" + size + "255\n", grey, grey_image);
    add("binary.ppm", "P6\n" + size + "255\n", rgb, image);
    add("wide.ppm", "P6\n" + size + "65535\n", widened(rgb, true), image);
    add("few_levels.pgm", "P5\n" + size + "15\n", level_samples(image, 4), level_picture(image, 4));
}

// ---- headers ----

std::uint32_t crc32_of(const std::uint8_t* data, std::size_t size) {
    std::uint32_t crc = 0xffffffffu;
    for (std::size_t i = 0; i < size; ++i) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

Bytes huge_png() {
    Bytes file = png_bytes(picture(4, 4));
    overwrite_number(file, 16, kHugeWidth, 4, true);
    overwrite_number(file, 20, kHugeHeight, 4, true);
    overwrite_number(file, 29, crc32_of(file.data() + 12, 17), 4, true);
    return file;
}

Bytes huge_jpeg() {
    Bytes file = jpeg_bytes(picture(4, 4));
    const std::uint8_t frame[] = {0xff, 0xc0};
    const auto at = std::search(file.begin(), file.end(), frame, frame + 2) - file.begin();
    overwrite_number(file, at + 5, kHugeHeight, 2, true);
    overwrite_number(file, at + 7, kHugeWidth, 2, true);
    return file;
}

Bytes huge_tiff() {
    Bytes file = tiff_bytes(picture(4, 4), {.compression = COMPRESSION_NONE});
    std::size_t directory = 0;
    std::memcpy(&directory, file.data() + 4, 4);
    for (std::size_t entry = directory + 2; entry + 12 <= file.size(); entry += 12) {
        const int tag = file[entry] | file[entry + 1] << 8;
        if (tag == TIFFTAG_IMAGEWIDTH) overwrite_number(file, entry + 8, kHugeWidth, 2);
        if (tag == TIFFTAG_IMAGELENGTH) overwrite_number(file, entry + 8, kHugeHeight, 2);
    }
    return file;
}

Bytes huge_gif() {
    Bytes file = gif_bytes(picture(4, 4));
    overwrite_number(file, 6, kHugeWidth, 2);
    overwrite_number(file, 8, kHugeHeight, 2);
    return file;
}

Bytes huge_bmp() {
    Bytes file = bmp_bytes(4, 4, bgr_samples(picture(4, 4)));
    overwrite_number(file, 18, kHugeWidth, 4);
    overwrite_number(file, 22, kHugeHeight, 4);
    return file;
}

}  // namespace

Image picture(int width, int height) {
    return paint(width, height, [&](int x, int y) {
        const int across = 255 * x / std::max(1, width - 1),
                  down = 255 * y / std::max(1, height - 1);
        return Rgb{across, 240 - 200 * down / 255, (across / 2 + down) * 2 / 3};
    });
}

Image stored_as(const Image& upright, int orientation) {
    const int width = upright.width(), height = upright.height();
    const bool turned = orientation >= 5;
    return paint(turned ? height : width, turned ? width : height, [&](int x, int y) {
        switch (orientation) {
            case 2: return pixel(upright, width - 1 - x, y);
            case 3: return pixel(upright, width - 1 - x, height - 1 - y);
            case 4: return pixel(upright, x, height - 1 - y);
            case 5: return pixel(upright, y, x);
            case 6: return pixel(upright, width - 1 - y, x);
            case 7: return pixel(upright, width - 1 - y, height - 1 - x);
            case 8: return pixel(upright, y, height - 1 - x);
            default: return pixel(upright, x, y);
        }
    });
}

namespace {

/// HEIF and AVIF, as far as they can be encoded here.
void add_still_videos(std::vector<EncodedImage>& images) {
    const Image image = picture(kWidth, kHeight);
    const Bytes rgb = rgb_samples(image), rgba = rgba_samples(image);
    constexpr int kHevcTolerance = 45;
    const auto add = [&](const char* name, Bytes bytes, Image expected, int tolerance) {
        if (!bytes.empty())
            images.push_back({name, std::move(bytes), std::move(expected), tolerance, ""});
    };
    add("photo.heic", heif_bytes(kWidth, kHeight, rgb, false), image, kHevcTolerance);
    add("photo.avif", avif_bytes(kWidth, kHeight, rgb, {}), image, 0);
    add("alpha.avif", avif_bytes(kWidth, kHeight, rgba, {.alpha = true}), over_white(image), 0);
    const auto stored = [&](int orientation, AvifKind kind) {
        const Image turned = stored_as(image, orientation);
        return avif_bytes(turned.width(), turned.height(), rgb_samples(turned), kind);
    };
    add("turned.avif", stored(8, {.quarter_turns = 1}), image, 0);
    add("upside_down.avif", stored(3, {.quarter_turns = 2}), image, 0);
    add("mirrored.avif", stored(2, {.mirror = 1}), image, 0);
    add("flipped.avif", stored(4, {.mirror = 0}), image, 0);
}

}  // namespace

std::vector<EncodedImage> encoded_images() {
    std::vector<EncodedImage> images;
    add_jpegs(images);
    add_pngs(images);
    add_webps(images);
    add_tiffs(images);
    add_gifs(images);
    add_bmps(images);
    add_pnms(images);
    add_still_videos(images);
    return images;
}

std::vector<EncodedImage> oriented_images() {
    std::vector<EncodedImage> images;
    const Image upright = picture(kWidth, kHeight);
    for (int orientation = 1; orientation <= 8; ++orientation) {
        const Image stored = stored_as(upright, orientation);
        const Bytes exif = exif_block(orientation, orientation % 2 == 0);
        const std::string name = "orientation" + std::to_string(orientation);
        images.push_back(
            {name + ".jpg", jpeg_bytes(stored, {.exif = exif}), upright, kJpegTolerance, ""});
        images.push_back({name + ".png", png_bytes(stored, {.exif = exif}), upright, 0, ""});
        images.push_back(
            {name + ".tif", tiff_bytes(stored, {.orientation = orientation}), upright, 0, ""});
        Bytes chunks = webp_chunks(webp_bytes(stored));
        put(chunks, webp_chunk("EXIF", exif));
        images.push_back({name + ".webp",
                          webp_extended(stored.width(), stored.height(), kWebpExif, chunks),
                          upright, 0, ""});
    }
    return images;
}

std::vector<EncodedImage> images_of_size(int width, int height) {
    const Image image = picture(width, height);
    std::vector<EncodedImage> images{
        {"size.jpg", jpeg_bytes(image), image, kJpegTolerance, ""},
        {"size.png", png_bytes(image), image, 0, ""},
        {"size.tif", tiff_bytes(image), image, 0, ""},
        {"size.gif", gif_bytes(image), palette_picture(image), 0, ""},
        {"size.bmp", bmp_bytes(width, height, bgr_samples(image)), image, 0, ""},
        {"size.ppm",
         pnm_bytes("P6 " + std::to_string(width) + " " + std::to_string(height) + " 255\n",
                   rgb_samples(image)),
         image, 0, ""}};
    if (std::max(width, height) <= WEBP_MAX_DIMENSION)
        images.push_back({"size.webp", webp_bytes(image), image, 0, ""});
    return images;
}

std::vector<EncodedImage> images_with_huge_headers() {
    const std::string size = std::to_string(kHugeWidth) + " " + std::to_string(kHugeHeight);
    return {{"huge.jpg", huge_jpeg(), {}, 0, ""},
            {"huge.png", huge_png(), {}, 0, ""},
            {"huge.webp",
             webp_animation(kHugeWidth, kHugeHeight, webp_frame(picture(4, 4), 0, 0)),
             {},
             0,
             ""},
            {"huge.tif", huge_tiff(), {}, 0, ""},
            {"huge.gif", huge_gif(), {}, 0, ""},
            {"huge.bmp", huge_bmp(), {}, 0, ""},
            {"huge.pgm", pnm_bytes("P5 " + size + " 255\n", {1, 2, 3}), {}, 0, ""}};
}

std::vector<EncodedImage> images_of_alpha(std::uint8_t grey) {
    const int width = kWidth, height = kHeight;
    Bytes rgba;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            rgba.insert(rgba.end(), 3, grey);
            rgba.push_back(is_in_bar(x, y) ? 255 : 0);
        }
    std::uint8_t* data = nullptr;
    const std::size_t size = WebPEncodeLosslessRGBA(rgba.data(), width, height, 4 * width, &data);
    std::vector<EncodedImage> images{
        {"bar.png",
         png_bytes(width, height, rgba, {.colour_type = PNG_COLOR_TYPE_RGB_ALPHA}),
         {},
         0,
         ""},
        {"bar.tif", tiff_bytes(width, height, rgba, {.channels = 4, .alpha = true}), {}, 0, ""},
        {"bar.bmp",
         bmp_bytes(width, height, rgba,
                   {.bits = 32, .header = 124, .masks = {0xff0000, 0xff00, 0xff, 0xff000000}}),
         {},
         0,
         ""},
        {"bar.webp", take(data, size), {}, 0, ""}};
    for (Bytes bytes :
         {avif_bytes(width, height, rgba, {.alpha = true}), heif_bytes(width, height, rgba, true)})
        if (!bytes.empty()) images.push_back({"bar.video", std::move(bytes), {}, 0, ""});
    return images;
}

bool is_in_bar(int x, int y) { return x >= 8 && x < 30 && y >= 8 && y < 16; }

Bytes jpeg_of_many_scans() {
    return jpeg_bytes(picture(kWidth, kHeight), {.scan_per_coefficient = true});
}

int largest_difference(const Image& a, const Image& b) {
    if (a.width() != b.width() || a.height() != b.height()) return 256;
    int largest = 0;
    for (int y = 0; y < a.height(); ++y)
        for (int i = 0; i < 3 * a.width(); ++i)
            largest = std::max(largest, std::abs(a.row(y)[i] - b.row(y)[i]));
    return largest;
}

Bytes exif_block(int orientation, bool big_endian) {
    Bytes block;
    put(block, big_endian ? "MM" : "II");
    const auto number = [&](std::uint32_t value, int size) {
        put_number(block, value, size, big_endian);
    };
    number(42, 2);
    number(8, 4);       // where the directory is
    number(1, 2);       // its entries
    number(0x0112, 2);  // orientation
    number(3, 2);       // 16-bit numbers
    number(1, 4);       // one of them
    number(orientation, 2);
    number(0, 2);
    number(0, 4);  // no further directory
    return block;
}

}  // namespace dbnet::test
