// GIF by giflib, record by record up to the second frame: only the first is decoded.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include <gif_lib.h>

#include "image/codec.hpp"
#include "image/convert.hpp"
#include "image/encode.hpp"

namespace dbnet::image {
namespace {

struct CloseGif {
    void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};
using Gif = std::unique_ptr<GifFileType, CloseGif>;

int read_bytes(GifFileType* gif, GifByteType* to, int size) {
    auto& rest = *static_cast<std::span<const std::uint8_t>*>(gif->UserData);
    const std::size_t count = std::min(static_cast<std::size_t>(std::max(size, 0)), rest.size());
    std::memcpy(to, rest.data(), count);
    rest = rest.subspan(count);
    return static_cast<int>(count);
}

/// One GIF while it is read; throws what giflib finds wrong.
class Reader {
public:
    explicit Reader(const Source& source) : source_(source), rest_(source.bytes) {
        int error = 0;
        gif_.reset(DGifOpen(&rest_, read_bytes, &error));
        if (gif_ == nullptr) fail(error);
    }

    const GifFileType& file() const { return *gif_; }

    /// Goes to the next frame and reads its header; false when there is none. `transparent` becomes
    /// the index of the colour that is not drawn, or stays.
    bool next_frame(int& transparent) {
        for (;;) {
            GifRecordType record = UNDEFINED_RECORD_TYPE;
            check(DGifGetRecordType(gif_.get(), &record));
            if (record == TERMINATE_RECORD_TYPE) return false;
            if (record == IMAGE_DESC_RECORD_TYPE) {
                check(DGifGetImageDesc(gif_.get()));
                return true;
            }
            read_extension(transparent);
        }
    }

    void read_line(std::span<GifPixelType> line) {
        check(DGifGetLine(gif_.get(), line.data(), static_cast<int>(line.size())));
    }

private:
    void read_extension(int& transparent) {
        int code = 0;
        GifByteType* block = nullptr;  // its first byte is the size
        check(DGifGetExtension(gif_.get(), &code, &block));
        while (block != nullptr) {
            GraphicsControlBlock control;
            if (code == GRAPHICS_EXT_FUNC_CODE &&
                DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK)
                transparent = control.TransparentColor;
            check(DGifGetExtensionNext(gif_.get(), &block));
        }
    }

    void check(int result) const {
        if (result != GIF_OK) fail(gif_->Error);
    }

    [[noreturn]] void fail(int error) const {
        const char* reason = GifErrorString(error);
        source_.fail(ErrorCode::malformed,
                     "broken or truncated GIF: ", reason == nullptr ? "unknown error" : reason);
    }

    const Source& source_;
    std::span<const std::uint8_t> rest_;
    Gif gif_;
};

/// Row of the frame that each stored line belongs to: four passes when interlaced.
std::vector<int> row_order(int height, bool interlaced) {
    struct Pass {
        int first, step;
    };
    constexpr std::array<Pass, 4> kPasses{{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
    std::vector<int> rows;
    if (!interlaced)
        for (int y = 0; y < height; ++y) rows.push_back(y);
    else
        for (const Pass& pass : kPasses)
            for (int y = pass.first; y < height; y += pass.step) rows.push_back(y);
    return rows;
}

/// Draws a line at (left, y) of an RGBA canvas, as far as it lies on it. Indices without a colour
/// are black.
void draw_line(std::span<const GifPixelType> line, const ColorMapObject& colours, int transparent,
               int left, std::uint8_t* row, int width) {
    const int columns = std::min(static_cast<int>(line.size()), width - left);
    for (int x = 0; x < columns; ++x) {
        const int index = line[x];
        if (index == transparent) continue;
        const GifColorType colour =
            index < colours.ColorCount ? colours.Colors[index] : GifColorType{};
        std::uint8_t* out = row + std::ptrdiff_t{4} * (left + x);
        out[0] = colour.Red;
        out[1] = colour.Green;
        out[2] = colour.Blue;
        out[3] = 255;
    }
}

void read_frame(const Source& source, Reader& reader, int transparent, Image& image) {
    const GifImageDesc& frame = reader.file().Image;
    const ColorMapObject* colours =
        frame.ColorMap != nullptr ? frame.ColorMap : reader.file().SColorMap;
    if (colours == nullptr) source.fail(ErrorCode::malformed, "GIF without a colour table");
    std::vector<GifPixelType> line(frame.Width);
    const std::size_t stride = static_cast<std::size_t>(image.width()) * 4;
    Bytes canvas(stride * image.height());
    for (const int y : row_order(frame.Height, frame.Interlace)) {
        reader.read_line(line);
        if (frame.Top + y < image.height())
            draw_line(line, *colours, transparent, frame.Left,
                      canvas.data() + (frame.Top + y) * stride, image.width());
    }
    over(ground_for(canvas), canvas.data(), canvas.size() / 4, image.row(0));
}

}  // namespace

Image decode_gif(const Source& source) {
    Reader reader(source);
    int transparent = NO_TRANSPARENT_COLOR;
    if (!reader.next_frame(transparent)) source.fail(ErrorCode::malformed, "GIF without a frame");
    const GifFileType& file = reader.file();
    source.check_size(file.Image.Width, file.Image.Height);
    Image image = source.canvas(file.SWidth, file.SHeight);
    if (source.traits != nullptr) source.traits->transparent = transparent != NO_TRANSPARENT_COLOR;
    read_frame(source, reader, transparent, image);
    if (reader.next_frame(transparent)) image.add_warning("animated: only the first frame is used");
    return image;
}

}  // namespace dbnet::image
