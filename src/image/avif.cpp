// AVIF by libavif, which is opened on demand.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <avif/avif.h>

#include "image/codec.hpp"
#include "image/convert.hpp"
#include "image/encode.hpp"
#include "image/orientation.hpp"
#include "image/shared_library.hpp"

namespace dbnet::image {
namespace {

/// The functions of libavif that are used.
struct Avif {
    SharedLibrary library{DBNET_AVIF_LIBRARY, DBNET_AVIF_PACKAGE};
#define DBNET_AVIF(name) decltype(&::name) name = library.get<decltype(::name)>(#name)
    DBNET_AVIF(avifDecoderCreate);
    DBNET_AVIF(avifDecoderDestroy);
    DBNET_AVIF(avifDecoderSetIOMemory);
    DBNET_AVIF(avifDecoderParse);
    DBNET_AVIF(avifDecoderNextImage);
    DBNET_AVIF(avifRGBImageSetDefaults);
    DBNET_AVIF(avifImageYUVToRGB);
    DBNET_AVIF(avifResultToString);
#undef DBNET_AVIF
};

using Decoder = std::unique_ptr<avifDecoder, decltype(&avifDecoderDestroy)>;

void check(const Source& source, const Avif& avif, avifResult result) {
    if (result == AVIF_RESULT_OK) return;
    const bool unsupported =
        result == AVIF_RESULT_NO_CODEC_AVAILABLE || result == AVIF_RESULT_UNSUPPORTED_DEPTH;
    source.fail(unsupported ? ErrorCode::unsupported : ErrorCode::malformed,
                "broken, truncated or unknown AVIF: ", avif.avifResultToString(result));
}

Decoder open(const Source& source, const Avif& avif) {
    Decoder decoder(avif.avifDecoderCreate(), avif.avifDecoderDestroy);
    if (decoder == nullptr) source.fail(ErrorCode::internal, "libavif cannot be started");
    decoder->maxThreads = 1;
    decoder->ignoreExif = decoder->ignoreXMP = AVIF_TRUE;
    decoder->strictFlags = AVIF_STRICT_DISABLED;
    // Its own limit of 16384 x 16384 pixels remains; ours is checked with the header.
    check(source, avif,
          avif.avifDecoderSetIOMemory(decoder.get(), source.bytes.data(), source.bytes.size()));
    check(source, avif, avif.avifDecoderParse(decoder.get()));
    source.check_size(decoder->image->width, decoder->image->height);
    check(source, avif, avif.avifDecoderNextImage(decoder.get()));
    return decoder;
}

Image read_pixels(const Source& source, const Avif& avif, const avifDecoder& decoder) {
    Image image = source.canvas(decoder.image->width, decoder.image->height);
    const bool transparent = decoder.alphaPresent != AVIF_FALSE;
    Bytes rgba;
    avifRGBImage rgb{};
    avif.avifRGBImageSetDefaults(&rgb, decoder.image);
    rgb.depth = 8;
    rgb.format = transparent ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
    rgb.rowBytes = static_cast<std::uint32_t>(image.width()) * (transparent ? 4 : 3);
    if (transparent) rgba.resize(std::size_t{rgb.rowBytes} * image.height());
    rgb.pixels = transparent ? rgba.data() : image.row(0);
    check(source, avif, avif.avifImageYUVToRGB(decoder.image, &rgb));
    if (transparent) over(ground_for(rgba), rgba.data(), rgba.size() / 4, image.row(0));
    return image;
}

/// The file says how it is to be turned (anticlockwise, in steps of 90 degrees) and then mirrored.
Image turned(Image image, const avifImage& about) {
    constexpr int kQuarterTurns[] = {1, 8, 3, 6};  // as EXIF numbers them
    if ((about.transformFlags & AVIF_TRANSFORM_IROT) != 0)
        image = upright(std::move(image), kQuarterTurns[about.irot.angle % 4]);
    if ((about.transformFlags & AVIF_TRANSFORM_IMIR) == 0) return image;
#if AVIF_VERSION_MAJOR >= 1
    const bool swaps_top_and_bottom = about.imir.axis == 0;
#else
    const bool swaps_top_and_bottom = about.imir.mode == 0;
#endif
    return upright(std::move(image), swaps_top_and_bottom ? 4 : 2);
}

}  // namespace

Image decode_avif(const Source& source) {
    const Avif& avif = load<Avif>(source);
    const Decoder decoder = open(source, avif);
    Image image = turned(read_pixels(source, avif, *decoder), *decoder->image);
    if (decoder->imageCount > 1)
        image.add_warning("animated: only the first of " + std::to_string(decoder->imageCount) +
                          " frames is used");
    if (source.traits != nullptr) *source.traits = {1, false, decoder->alphaPresent != AVIF_FALSE};
    return image;
}

}  // namespace dbnet::image
