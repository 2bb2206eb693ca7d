// WebP by libwebp. The demuxer finds the canvas, the first frame and the EXIF block in simple,
// extended and animated files alike.
#include <algorithm>
#include <memory>
#include <string>

#include <webp/decode.h>
#include <webp/demux.h>

#include "image/codec.hpp"
#include "image/convert.hpp"
#include "image/encode.hpp"
#include "image/orientation.hpp"

namespace dbnet::image {
namespace {

struct DeleteDemuxer {
    void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
using Demuxer = std::unique_ptr<WebPDemuxer, DeleteDemuxer>;

int orientation_of(const Demuxer& demuxer) {
    WebPChunkIterator chunk{};
    int orientation = 1;
    if (WebPDemuxGetChunk(demuxer.get(), "EXIF", 1, &chunk) != 0)
        orientation = exif_orientation({chunk.chunk.bytes, chunk.chunk.size});
    WebPDemuxReleaseChunkIterator(&chunk);
    return orientation;
}

[[noreturn]] void fail_broken(const Source& source) {
    source.fail(ErrorCode::malformed, "broken or truncated WebP");
}

/// The frame is the whole picture and opaque: decoded to its place.
void read_opaque(const Source& source, const WebPIterator& frame, Image& image) {
    const std::size_t stride = static_cast<std::size_t>(image.width()) * 3;
    if (WebPDecodeRGBInto(frame.fragment.bytes, frame.fragment.size, image.row(0),
                          stride * image.height(), static_cast<int>(stride)) == nullptr)
        fail_broken(source);
}

/// The frame covers a part of the canvas, or is transparent: laid over a ground.
void read_on_canvas(const Source& source, const WebPIterator& frame, Image& image) {
    source.check_size(frame.width, frame.height);
    const std::size_t stride = static_cast<std::size_t>(frame.width) * 4;
    Bytes rgba(stride * frame.height);
    if (WebPDecodeRGBAInto(frame.fragment.bytes, frame.fragment.size, rgba.data(), rgba.size(),
                           static_cast<int>(stride)) == nullptr)
        fail_broken(source);
    const std::uint8_t ground = ground_for(rgba);
    std::fill_n(image.row(0), static_cast<std::size_t>(image.width()) * image.height() * 3, ground);
    const int columns = std::min(frame.width, image.width() - frame.x_offset);
    const int rows = std::min(frame.height, image.height() - frame.y_offset);
    if (columns < 1) return;
    for (int y = 0; y < rows; ++y)
        over(ground, rgba.data() + y * stride, columns,
             image.row(frame.y_offset + y) + std::ptrdiff_t{3} * frame.x_offset);
}

}  // namespace

Image decode_webp(const Source& source) {
    const WebPData data{source.bytes.data(), source.bytes.size()};
    const Demuxer demuxer(WebPDemux(&data));
    if (demuxer == nullptr) fail_broken(source);
    Image image = source.canvas(WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH),
                                WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT));
    WebPIterator frame{};
    if (WebPDemuxGetFrame(demuxer.get(), 1, &frame) == 0) fail_broken(source);
    const std::unique_ptr<WebPIterator, decltype(&WebPDemuxReleaseIterator)> release(
        &frame, WebPDemuxReleaseIterator);
    const bool whole = frame.width == image.width() && frame.height == image.height();
    (whole && !frame.has_alpha ? read_opaque : read_on_canvas)(source, frame, image);
    if (frame.num_frames > 1)
        image.add_warning("animated: only the first of " + std::to_string(frame.num_frames) +
                          " frames is used");
    const int orientation = orientation_of(demuxer);
    if (source.traits != nullptr) *source.traits = {orientation, false, frame.has_alpha != 0};
    return upright(std::move(image), orientation);
}

}  // namespace dbnet::image
