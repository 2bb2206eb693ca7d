#include "image/convert.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "core/error.hpp"

namespace dbnet::image {
namespace {

/// Where red, green and blue are within a pixel.
constexpr std::array<int, 3> rgb_offsets(PixelFormat format) {
    switch (format) {
        case PixelFormat::grey8: return {0, 0, 0};
        case PixelFormat::rgb8:
        case PixelFormat::rgba8: return {0, 1, 2};
        case PixelFormat::bgr8:
        case PixelFormat::bgra8: return {2, 1, 0};
    }
    core::fail(ErrorCode::invalid_argument, "unknown pixel format ", static_cast<int>(format));
}

}  // namespace

void check_view(const ImageView& view) {
    if (view.data == nullptr || view.width < 1 || view.height < 1)
        core::fail(ErrorCode::invalid_argument, "the image is empty (", view.width, "x",
                   view.height, " pixels)");
    const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(view.width) * channels(view.format);
    if (view.height > 1 && std::abs(view.stride) < row)
        core::fail(ErrorCode::invalid_argument, "a stride of ", view.stride,
                   " bytes is less than the ", row, " bytes of a row");
    static_cast<void>(rgb_offsets(view.format));  // throws for a format that is none
}

void to_rgb(const std::uint8_t* pixels, PixelFormat format, int width, std::uint8_t* rgb) {
    if (format == PixelFormat::rgb8) {
        std::copy_n(pixels, static_cast<std::size_t>(width) * 3, rgb);
        return;
    }
    const auto [red, green, blue] = rgb_offsets(format);
    const int step = channels(format);
    for (int x = 0; x < width; ++x, pixels += step, rgb += 3) {
        rgb[0] = pixels[red];
        rgb[1] = pixels[green];
        rgb[2] = pixels[blue];
    }
}

Image to_image(const ImageView& view) {
    check_view(view);
    Image image(view.width, view.height);
    for (int y = 0; y < view.height; ++y)
        to_rgb(view.row(y), view.format, view.width, image.row(y));
    return image;
}

std::uint8_t ground_for(std::span<const std::uint8_t> rgba) {
    constexpr std::array<int, 3> kGrounds{255, 0, 128};
    constexpr int kNear = 60;  // grey levels
    std::array<std::uint64_t, 3> near{};
    std::uint64_t visible = 0;
    for (std::size_t i = 0; i + 3 < rgba.size(); i += 4) {
        const int luma = (299 * rgba[i] + 587 * rgba[i + 1] + 114 * rgba[i + 2]) / 1000;
        visible += rgba[i + 3];
        for (std::size_t g = 0; g < kGrounds.size(); ++g)
            if (std::abs(luma - kGrounds[g]) < kNear) near[g] += rgba[i + 3];
    }
    if (near[0] * 4 <= visible) return 255;
    const auto least = std::min_element(near.begin(), near.end()) - near.begin();
    return static_cast<std::uint8_t>(kGrounds[static_cast<std::size_t>(least)]);
}

void over(std::uint8_t ground, const std::uint8_t* rgba, std::size_t count, std::uint8_t* rgb) {
    for (std::size_t i = 0; i < count; ++i, rgba += 4, rgb += 3) {
        const unsigned alpha = rgba[3];
        for (int c = 0; c < 3; ++c)
            rgb[c] =
                static_cast<std::uint8_t>((rgba[c] * alpha + ground * (255 - alpha) + 127) / 255);
    }
}

}  // namespace dbnet::image
