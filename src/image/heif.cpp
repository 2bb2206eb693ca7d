// HEIF with HEVC pictures inside (HEIC, the format of phones) by libheif, which is opened on
// demand. It turns the picture upright itself: EXIF's orientation does not count in this format.
#include <algorithm>
#include <memory>
#include <string>

#include <libheif/heif.h>

#include "image/codec.hpp"
#include "image/convert.hpp"
#include "image/encode.hpp"
#include "image/shared_library.hpp"

namespace dbnet::image {
namespace {

/// The functions of libheif that are used.
struct Heif {
    SharedLibrary library{DBNET_HEIF_LIBRARY, DBNET_HEIF_PACKAGE};
#define DBNET_HEIF(name) decltype(&::name) name = library.get<decltype(::name)>(#name)
    DBNET_HEIF(heif_context_alloc);
    DBNET_HEIF(heif_context_free);
    DBNET_HEIF(heif_context_read_from_memory_without_copy);
    DBNET_HEIF(heif_context_get_number_of_top_level_images);
    DBNET_HEIF(heif_context_get_primary_image_handle);
    DBNET_HEIF(heif_image_handle_release);
    DBNET_HEIF(heif_image_handle_get_width);
    DBNET_HEIF(heif_image_handle_get_height);
    DBNET_HEIF(heif_image_handle_has_alpha_channel);
    DBNET_HEIF(heif_decoding_options_alloc);
    DBNET_HEIF(heif_decoding_options_free);
    DBNET_HEIF(heif_decode_image);
    DBNET_HEIF(heif_image_release);
    DBNET_HEIF(heif_image_get_width);
    DBNET_HEIF(heif_image_get_height);
    DBNET_HEIF(heif_image_get_plane_readonly);
#undef DBNET_HEIF
};

class Reader {
public:
    Reader(const Source& source, const Heif& heif)
        : source_(source),
          heif_(heif),
          context_(heif.heif_context_alloc(), heif.heif_context_free),
          handle_(nullptr, heif.heif_image_handle_release),
          decoded_(nullptr, heif.heif_image_release) {
        if (context_ == nullptr) source.fail(ErrorCode::internal, "libheif cannot be started");
        check(heif.heif_context_read_from_memory_without_copy(context_.get(), source.bytes.data(),
                                                              source.bytes.size(), nullptr));
        heif_image_handle* handle = nullptr;
        check(heif.heif_context_get_primary_image_handle(context_.get(), &handle));
        handle_.reset(handle);
        source.check_size(heif.heif_image_handle_get_width(handle),
                          heif.heif_image_handle_get_height(handle));
    }

    bool is_transparent() const {
        return heif_.heif_image_handle_has_alpha_channel(handle_.get()) != 0;
    }

    int pictures() const {
        return heif_.heif_context_get_number_of_top_level_images(context_.get());
    }

    Image read() {
        const bool transparent = is_transparent();
        decode(transparent ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB);
        int stride = 0;
        const std::uint8_t* plane =
            heif_.heif_image_get_plane_readonly(decoded_.get(), heif_channel_interleaved, &stride);
        if (plane == nullptr) source_.fail(ErrorCode::malformed, "broken or truncated HEIF");
        Image image =
            source_.canvas(heif_.heif_image_get_width(decoded_.get(), heif_channel_interleaved),
                           heif_.heif_image_get_height(decoded_.get(), heif_channel_interleaved));
        const std::size_t row = static_cast<std::size_t>(image.width()) * (transparent ? 4 : 3);
        Bytes pixels;
        for (int y = 0; y < image.height(); ++y) {
            const std::uint8_t* from = plane + static_cast<std::ptrdiff_t>(y) * stride;
            if (transparent)
                pixels.insert(pixels.end(), from, from + row);
            else
                std::copy_n(from, row, image.row(y));
        }
        if (transparent) over(ground_for(pixels), pixels.data(), pixels.size() / 4, image.row(0));
        return image;
    }

private:
    void decode(heif_chroma chroma) {
        const std::unique_ptr<heif_decoding_options, void (*)(heif_decoding_options*)> options(
            heif_.heif_decoding_options_alloc(), heif_.heif_decoding_options_free);
        if (options != nullptr) options->convert_hdr_to_8bit = 1;
        heif_image* decoded = nullptr;
        check(heif_.heif_decode_image(handle_.get(), &decoded, heif_colorspace_RGB, chroma,
                                      options.get()));
        decoded_.reset(decoded);
    }

    void check(const heif_error& error) const {
        if (error.code == heif_error_Ok) return;
        const bool unsupported = error.code == heif_error_Unsupported_feature ||
                                 error.code == heif_error_Unsupported_filetype ||
                                 error.code == heif_error_Decoder_plugin_error;
        source_.fail(unsupported ? ErrorCode::unsupported : ErrorCode::malformed,
                     "broken, truncated or unknown HEIF: ", error.message);
    }

    const Source& source_;
    const Heif& heif_;
    std::unique_ptr<heif_context, void (*)(heif_context*)> context_;
    std::unique_ptr<heif_image_handle, void (*)(const heif_image_handle*)> handle_;
    std::unique_ptr<heif_image, void (*)(const heif_image*)> decoded_;
};

}  // namespace

Image decode_heif(const Source& source) {
    Reader reader(source, load<Heif>(source));
    Image image = reader.read();
    if (reader.pictures() > 1)
        image.add_warning("several pictures: only the main one of " +
                          std::to_string(reader.pictures()) + " is used");
    if (source.traits != nullptr) *source.traits = {1, false, reader.is_transparent()};
    return image;
}

}  // namespace dbnet::image
