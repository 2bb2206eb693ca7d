// JPEG by libjpeg-turbo with its exact settings (integer "slow" DCT, smooth chroma upsampling).
// A file that ends before its last pixel is an error; a missing end marker, and damage inside the
// data that libjpeg gets over, are warnings.
#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string_view>
#include <utility>

#include <jpeglib.h>

#include <jerror.h>

#include "image/codec.hpp"
#include "image/convert.hpp"
#include "image/encode.hpp"
#include "image/library_call.hpp"
#include "image/orientation.hpp"

namespace dbnet::image {
namespace {

static_assert(LibraryMessages::kLength >= JMSG_LENGTH_MAX);

/// Real progressive files have some ten scans, crafted ones thousands, each a pass over all pixels.
constexpr int kMaxScans = 100;
constexpr int kMaxEncodedSide = 65500;
constexpr int kFullChromaQuality = 90;
constexpr int kMostReduction = 8;
constexpr int kExifMarker = JPEG_APP0 + 1;

/// What libjpeg calls instead of printing and exiting.
struct ErrorManager {
    jpeg_error_mgr base;  // first, so that libjpeg's pointer to it is one to this
    std::jmp_buf jump;
    LibraryMessages messages;
    bool ended = false;  ///< the bytes are used up
};

ErrorManager& manager(j_common_ptr jpeg) { return *reinterpret_cast<ErrorManager*>(jpeg->err); }

[[noreturn]] void on_error(j_common_ptr jpeg) {
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    manager(jpeg).messages.set_error(text);
    std::longjmp(manager(jpeg).jump, 1);
}

/// Level -1 is a warning, higher ones are traces. Where the bytes end, libjpeg goes on as if an end
/// marker stood there: if that is all that is missing, it has nothing more to complain about.
void on_message(j_common_ptr jpeg, int level) {
    if (level >= 0) return;
    ErrorManager& errors = manager(jpeg);
    if (errors.ended) on_error(jpeg);
    errors.ended = jpeg->err->msg_code == JWRN_JPEG_EOF;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    errors.messages.add_warning(text);
}

void on_progress(j_common_ptr jpeg) {
    if (!jpeg->is_decompressor) return;
    if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number <= kMaxScans) return;
    manager(jpeg).messages.set_error("too many scans");
    std::longjmp(manager(jpeg).jump, 1);
}

/// Whether all scans of a file that ended without its marker are there: libjpeg does not miss them.
bool has_all_scans(jpeg_decompress_struct& jpeg) {
    if (jpeg_has_multiple_scans(&jpeg) == FALSE) return true;
    if (!jpeg.progressive_mode) return false;  // which components came is not told
    return std::all_of(jpeg.coef_bits, jpeg.coef_bits + jpeg.num_components, [](const auto& bits) {
        return std::all_of(std::begin(bits), std::end(bits), [](int left) { return left == 0; });
    });
}

/// Reads all scans of a file that has several, the first bytes of one that has not.
void start(jpeg_decompress_struct& jpeg) {
    jpeg_start_decompress(&jpeg);
    ErrorManager& errors = manager(reinterpret_cast<j_common_ptr>(&jpeg));
    if (!errors.ended || has_all_scans(jpeg)) return;
    errors.messages.set_error("it ends before its last scan");
    std::longjmp(errors.jump, 1);
}

void install(ErrorManager& errors) {
    jpeg_std_error(&errors.base);
    errors.base.error_exit = on_error;
    errors.base.emit_message = on_message;
}

bool is_unsupported(int message) {
    return message == JERR_SOF_UNSUPPORTED || message == JERR_ARITH_NOTIMPL ||
           message == JERR_CONVERSION_NOTIMPL || message == JERR_BAD_PRECISION;
}

class Decompressor {
public:
    explicit Decompressor(const Source& source) : source_(source) {
        install(errors_);
        jpeg.err = &errors_.base;
        progress_.progress_monitor = on_progress;
        run([&] { jpeg_create_decompress(&jpeg); });
    }
    ~Decompressor() { jpeg_destroy_decompress(&jpeg); }
    Decompressor(const Decompressor&) = delete;
    Decompressor& operator=(const Decompressor&) = delete;

    void read_header() {
        run([&] {
            jpeg.progress = &progress_;
            jpeg_mem_src(&jpeg, source_.bytes.data(), source_.bytes.size());
            jpeg_save_markers(&jpeg, kExifMarker, 0xffff);
            jpeg_read_header(&jpeg, TRUE);
        });
    }

    /// Throws what libjpeg found wrong.
    template <typename Calls>
    void run(Calls calls) {
        if (attempt(errors_.jump, calls)) return;
        const int message = errors_.base.msg_code;
        source_.fail(is_unsupported(message) ? ErrorCode::unsupported : ErrorCode::malformed,
                     "broken or truncated JPEG: ", errors_.messages.error());
    }

    const LibraryMessages& messages() const { return errors_.messages; }

    jpeg_decompress_struct jpeg{};

private:
    const Source& source_;
    ErrorManager errors_{};
    jpeg_progress_mgr progress_{};
};

int orientation_of(const jpeg_decompress_struct& jpeg) {
    constexpr std::string_view kExif{"Exif\0\0", 6};
    for (auto* marker = jpeg.marker_list; marker != nullptr; marker = marker->next) {
        const std::span data(marker->data, marker->data_length);
        if (marker->marker == kExifMarker && data.size() > kExif.size() &&
            std::equal(kExif.begin(), kExif.end(), data.begin()))
            return exif_orientation(data);
    }
    return 1;
}

void read_rgb(Decompressor& decompressor, Image& image) {
    jpeg_decompress_struct& jpeg = decompressor.jpeg;
    jpeg.out_color_space = JCS_RGB;
    decompressor.run([&] {
        start(jpeg);
        while (jpeg.output_scanline < jpeg.output_height) {
            JSAMPROW row = image.row(static_cast<int>(jpeg.output_scanline));
            jpeg_read_scanlines(&jpeg, &row, 1);
        }
        jpeg_finish_decompress(&jpeg);
    });
}

/// Four inks as the light they leave: (255 - ink) * (255 - black) / 255.
void cmyk_to_rgb(const std::uint8_t* cmyk, bool inverted, int width, std::uint8_t* rgb) {
    const std::uint8_t flip = inverted ? 0 : 255;
    for (int x = 0; x < width; ++x, cmyk += 4, rgb += 3)
        for (int c = 0; c < 3; ++c)
            rgb[c] = static_cast<std::uint8_t>(((cmyk[c] ^ flip) * (cmyk[3] ^ flip) + 127) / 255);
}

/// Adobe's files hold the inks inverted, which they tell by an Adobe marker.
void read_cmyk(Decompressor& decompressor, Image& image) {
    jpeg_decompress_struct& jpeg = decompressor.jpeg;
    jpeg.out_color_space = JCS_CMYK;
    const bool inverted = jpeg.saw_Adobe_marker;
    Bytes line(static_cast<std::size_t>(image.width()) * 4);
    decompressor.run([&] {
        start(jpeg);
        while (jpeg.output_scanline < jpeg.output_height) {
            std::uint8_t* rgb = image.row(static_cast<int>(jpeg.output_scanline));
            JSAMPROW row = line.data();
            jpeg_read_scanlines(&jpeg, &row, 1);
            cmyk_to_rgb(row, inverted, image.width(), rgb);
        }
        jpeg_finish_decompress(&jpeg);
    });
}

/// Where libjpeg puts what it writes: a block that moves to `bytes` whenever it is full.
struct Destination {
    jpeg_destination_mgr base;  // first, as in ErrorManager
    Bytes bytes;
    std::array<JOCTET, 1 << 14> block;
};

Destination& destination(j_compress_ptr jpeg) {
    return *reinterpret_cast<Destination*>(jpeg->dest);
}

void start_block(j_compress_ptr jpeg) {
    jpeg->dest->next_output_byte = destination(jpeg).block.data();
    jpeg->dest->free_in_buffer = destination(jpeg).block.size();
}

void move_block(j_compress_ptr jpeg, std::size_t size) {
    Destination& to = destination(jpeg);
    if (!append(to.bytes, to.block.data(), size)) ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    start_block(jpeg);
}

boolean on_full_block(j_compress_ptr jpeg) {
    move_block(jpeg, destination(jpeg).block.size());
    return TRUE;
}

void on_end(j_compress_ptr jpeg) {
    move_block(jpeg, destination(jpeg).block.size() - jpeg->dest->free_in_buffer);
}

class Compressor {
public:
    Compressor() {
        install(errors_);
        jpeg.err = &errors_.base;
        destination_.base = {nullptr, 0, start_block, on_full_block, on_end};
        run([&] { jpeg_create_compress(&jpeg); });
        jpeg.dest = &destination_.base;
    }
    ~Compressor() { jpeg_destroy_compress(&jpeg); }
    Compressor(const Compressor&) = delete;
    Compressor& operator=(const Compressor&) = delete;

    template <typename Calls>
    void run(Calls calls) {
        if (!attempt(errors_.jump, calls))
            core::fail(ErrorCode::internal, "cannot write JPEG: ", errors_.messages.error());
    }

    Bytes take_bytes() { return std::move(destination_.bytes); }

    jpeg_compress_struct jpeg{};

private:
    ErrorManager errors_{};
    Destination destination_{};
};

void configure(jpeg_compress_struct& jpeg, const ImageView& view, int quality) {
    const bool grey = view.format == PixelFormat::grey8;
    jpeg.image_width = static_cast<JDIMENSION>(view.width);
    jpeg.image_height = static_cast<JDIMENSION>(view.height);
    jpeg.input_components = grey ? 1 : 3;
    jpeg.in_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, quality, TRUE);
    if (quality < kFullChromaQuality) return;
    jpeg.comp_info[0].h_samp_factor = 1;
    jpeg.comp_info[0].v_samp_factor = 1;
}

}  // namespace

Image decode_jpeg(const Source& source) {
    Decompressor decompressor(source);
    decompressor.read_header();
    jpeg_decompress_struct& jpeg = decompressor.jpeg;
    const int orientation = orientation_of(jpeg);
    source.check_size(jpeg.image_width, jpeg.image_height);
    jpeg.scale_num = 1;
    jpeg.scale_denom = static_cast<unsigned>(source.reduction);
    decompressor.run([&] { jpeg_calc_output_dimensions(&jpeg); });
    Image image = source.canvas(jpeg.output_width, jpeg.output_height);
    const bool cmyk = jpeg.jpeg_color_space == JCS_CMYK || jpeg.jpeg_color_space == JCS_YCCK;
    if (source.traits != nullptr) *source.traits = {orientation, cmyk, false};
    (cmyk ? read_cmyk : read_rgb)(decompressor, image);
    decompressor.messages().report("JPEG", image);
    return upright(std::move(image), orientation);
}

Reducible reducible_jpeg(const Source& source) {
    Decompressor decompressor(source);
    decompressor.read_header();
    const jpeg_decompress_struct& jpeg = decompressor.jpeg;
    source.check_size(jpeg.image_width, jpeg.image_height);
    const auto width = static_cast<int>(jpeg.image_width);
    const auto height = static_cast<int>(jpeg.image_height);
    const int orientation = orientation_of(jpeg);
    int most = kMostReduction;
    // Turned, what reaches beyond the image would lie at its left or top.
    while (orientation != 1 && (width % most != 0 || height % most != 0)) most /= 2;
    if (swaps_sides(orientation)) return {height, width, most};
    return {width, height, most};
}

Bytes encode_jpeg(const ImageView& view, int quality) {
    check_view(view);
    if (quality < 1 || quality > 100)
        core::fail(ErrorCode::invalid_argument, "JPEG quality ", quality, ", expected 1 to 100");
    if (view.width > kMaxEncodedSide || view.height > kMaxEncodedSide)
        core::fail(ErrorCode::invalid_argument, "JPEG cannot hold ", view.width, "x", view.height,
                   " pixels, its sides are at most ", kMaxEncodedSide);
    Compressor compressor;
    jpeg_compress_struct& jpeg = compressor.jpeg;
    Bytes line(static_cast<std::size_t>(view.width) * 3);
    compressor.run([&] {
        configure(jpeg, view, quality);
        jpeg_start_compress(&jpeg, TRUE);
        while (jpeg.next_scanline < jpeg.image_height) {
            const std::uint8_t* pixels = view.row(static_cast<int>(jpeg.next_scanline));
            JSAMPROW row = const_cast<JSAMPROW>(pixels);
            if (view.format != PixelFormat::grey8) {
                to_rgb(pixels, view.format, view.width, line.data());
                row = line.data();
            }
            jpeg_write_scanlines(&jpeg, &row, 1);
        }
        jpeg_finish_compress(&jpeg);
    });
    return compressor.take_bytes();
}

}  // namespace dbnet::image
