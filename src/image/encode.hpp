#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <dbnet/image.hpp>

namespace dbnet::image {

using Bytes = std::vector<std::uint8_t>;

/// 16-bit grey pixels, row by row.
struct Grey16 {
    int width = 0;
    int height = 0;
    std::vector<std::uint16_t> pixels;
};

/// Baseline JPEG, grey for grey8 and colour otherwise; from quality 90 on the colours are not
/// subsampled. Throws Error{invalid_argument}: empty view, quality outside 1..100, or a side beyond
/// the 65500 pixels that libjpeg writes.
Bytes encode_jpeg(const ImageView& view, int quality = 92);

/// 8-bit PNG, grey for grey8 and RGB otherwise. Throws Error{invalid_argument} for an empty view.
Bytes encode_png(const ImageView& view);

/// 16-bit grey PNG of width x height samples. Throws Error{invalid_argument} unless there are just
/// as many and at least one.
Bytes encode_png16(std::span<const std::uint16_t> pixels, int width, int height);

/// The samples of a 16-bit grey PNG. `name` stands for the file in messages. Throws Error as
/// Image::decode does, and Error{unsupported} for any other kind of PNG.
Grey16 decode_png16(std::span<const std::uint8_t> bytes, std::string_view name = "image",
                    const DecodeOptions& options = {});

}  // namespace dbnet::image
