#include "support/still_video.hpp"

#include <algorithm>
#include <memory>

#include <avif/avif.h>
#include <libheif/heif.h>

namespace dbnet::test {
namespace {

heif_error append(heif_context*, const void* data, std::size_t size, void* bytes) {
    const auto* from = static_cast<const std::uint8_t*>(data);
    static_cast<Bytes*>(bytes)->insert(static_cast<Bytes*>(bytes)->end(), from, from + size);
    return {heif_error_Ok, heif_suberror_Unspecified, ""};
}

template <typename T>
using Handle = std::unique_ptr<T, void (*)(T*)>;

}  // namespace

Bytes heif_bytes(int width, int height, std::span<const std::uint8_t> samples, bool alpha) {
    const Handle<heif_context> context(heif_context_alloc(), heif_context_free);
    heif_encoder* found = nullptr;
    if (heif_context_get_encoder_for_format(context.get(), heif_compression_HEVC, &found).code != 0)
        return {};
    const Handle<heif_encoder> encoder(found, heif_encoder_release);
    heif_encoder_set_lossy_quality(encoder.get(), 95);
    heif_encoder_set_parameter_string(encoder.get(), "chroma", "444");
    heif_image* image = nullptr;
    heif_image_create(width, height, heif_colorspace_RGB,
                      alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, &image);
    heif_image_add_plane(image, heif_channel_interleaved, width, height, 8);
    int stride = 0;
    std::uint8_t* plane = heif_image_get_plane(image, heif_channel_interleaved, &stride);
    const int row = width * (alpha ? 4 : 3);
    for (int y = 0; y < height; ++y)
        std::copy_n(samples.data() + static_cast<std::ptrdiff_t>(y) * row, row,
                    plane + static_cast<std::ptrdiff_t>(y) * stride);
    heif_image_handle* handle = nullptr;
    const heif_error error =
        heif_context_encode_image(context.get(), image, encoder.get(), nullptr, &handle);
    heif_image_release(image);
    if (error.code != heif_error_Ok) return {};
    heif_image_handle_release(handle);
    Bytes bytes;
    heif_writer writer{1, append};
    heif_context_write(context.get(), &writer, &bytes);
    return bytes;
}

Bytes avif_bytes(int width, int height, std::span<const std::uint8_t> samples, AvifKind kind) {
    avifImage* image = avifImageCreate(width, height, 8, AVIF_PIXEL_FORMAT_YUV444);
    image->matrixCoefficients = AVIF_MATRIX_COEFFICIENTS_IDENTITY;
    image->yuvRange = AVIF_RANGE_FULL;
    if (kind.quarter_turns > 0) {
        image->transformFlags |= AVIF_TRANSFORM_IROT;
        image->irot.angle = static_cast<std::uint8_t>(kind.quarter_turns);
    }
    if (kind.mirror >= 0) {
        image->transformFlags |= AVIF_TRANSFORM_IMIR;
#if AVIF_VERSION_MAJOR >= 1
        image->imir.axis = static_cast<std::uint8_t>(kind.mirror);
#else
        image->imir.mode = static_cast<std::uint8_t>(kind.mirror);
#endif
    }
    avifRGBImage rgb{};
    avifRGBImageSetDefaults(&rgb, image);
    rgb.format = kind.alpha ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
    rgb.rowBytes = static_cast<std::uint32_t>(width * (kind.alpha ? 4 : 3));
    rgb.pixels = const_cast<std::uint8_t*>(samples.data());  // which is only read
    Bytes bytes;
    avifEncoder* encoder = avifEncoderCreate();
    encoder->speed = 10;
    encoder->minQuantizer = encoder->maxQuantizer = AVIF_QUANTIZER_LOSSLESS;
    encoder->minQuantizerAlpha = encoder->maxQuantizerAlpha = AVIF_QUANTIZER_LOSSLESS;
    avifRWData output{};
    if (avifImageRGBToYUV(image, &rgb) == AVIF_RESULT_OK &&
        avifEncoderWrite(encoder, image, &output) == AVIF_RESULT_OK)
        bytes.assign(output.data, output.data + output.size);
    avifRWDataFree(&output);
    avifEncoderDestroy(encoder);
    avifImageDestroy(image);
    return bytes;
}

}  // namespace dbnet::test
