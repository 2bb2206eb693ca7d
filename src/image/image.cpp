#include <algorithm>
#include <cctype>
#include <filesystem>
#include <utility>

#include <dbnet/image.hpp>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/memory.hpp"
#include "image/codec.hpp"
#include "image/encode.hpp"
#include "image/encoded_image.hpp"

namespace dbnet {
namespace {

/// The limit, cut so that byte counts made from it fit 64 bits.
std::int64_t pixel_limit(const DecodeOptions& options) {
    return std::min(options.max_pixels, std::int64_t{1} << 48);
}

/// What a file of so many pixels may weigh: 16-bit RGBA without compression, and more frames or
/// metadata than any reasonable file has.
std::int64_t max_file_bytes(const DecodeOptions& options) {
    constexpr std::int64_t kBytesPerPixel = 8, kMetadataBytes = 64'000'000;
    return pixel_limit(options) * kBytesPerPixel + kMetadataBytes;
}

std::string format_names() {
    std::string names;
    for (const image::Codec& codec : image::codecs())
        names += (names.empty() ? "" : ", ") + std::string(codec.name);
    return names;
}

std::string lower_extension(const std::string& path) {
    std::string extension = std::filesystem::path(path).extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return extension;
}

const image::Codec& codec_of(const image::Source& source) {
    if (source.bytes.empty()) source.fail(ErrorCode::malformed, "is empty, expected an image");
    if (const image::Codec* codec = image::codec_of(source.bytes)) return *codec;
    source.fail(ErrorCode::malformed, "is no image: its content is none of ", format_names());
}

Image decode(const image::Source& source) {
    const image::Codec& codec = codec_of(source);
    if (source.page > 1 && codec.count_pages == nullptr)
        source.fail(ErrorCode::invalid_argument, "has no page ", source.page, ", only one");
    return codec.decode(source);
}

}  // namespace

std::uint8_t* detail::allocate_pixels(std::size_t bytes) {
    return reinterpret_cast<std::uint8_t*>(core::allocate_zeroed(bytes).release());
}

void detail::release_pixels(std::uint8_t* pixels, std::size_t bytes) noexcept {
    core::ReleaseMemory{bytes}(reinterpret_cast<std::byte*>(pixels));
}

Image::Image(int width, int height) : width_(width), height_(height) {
    if (width < 1 || height < 1)
        core::fail(ErrorCode::invalid_argument, "an image of ", width, "x", height,
                   " pixels, expected at least 1x1");
    core::with_errors([&] { pixels_.resize(static_cast<std::size_t>(width) * height * 3); });
}

Image Image::read(const std::string& path, const DecodeOptions& options) {
    return core::with_errors(
        [&] { return decode(core::read_file(path, max_file_bytes(options)), path, options); });
}

Image Image::decode(std::span<const std::uint8_t> bytes, std::string_view name,
                    const DecodeOptions& options) {
    return core::with_errors([&] {
        return dbnet::decode({bytes, name, pixel_limit(options), nullptr, 1, options.page});
    });
}

Image image::read(const std::string& path, const DecodeOptions& options, Traits& traits) {
    const std::vector<std::uint8_t> bytes = core::read_file(path, max_file_bytes(options));
    return dbnet::decode({bytes, path, pixel_limit(options), &traits, 1, options.page});
}

int Image::count_pages(std::span<const std::uint8_t> bytes) {
    return core::with_errors([&] {
        const image::Codec* codec = image::codec_of(bytes);
        if (codec == nullptr || codec->count_pages == nullptr) return 1;
        return codec->count_pages({bytes, "image", pixel_limit({})});
    });
}

image::EncodedImage::EncodedImage(std::string path, const DecodeOptions& options)
    : path_(std::move(path)),
      options_(options),
      bytes_(core::read_file(path_, max_file_bytes(options))) {}

std::optional<image::Reducible> image::EncodedImage::reducible() const {
    const Source source{bytes_, path_, pixel_limit(options_)};
    const Codec& codec = dbnet::codec_of(source);
    if (codec.reducible == nullptr) return std::nullopt;
    return codec.reducible(source);
}

Image image::EncodedImage::decode(int reduction) const {
    const std::optional<Reducible> possible = reduction == 1 ? std::nullopt : reducible();
    const bool is_power = reduction == 1 || reduction == 2 || reduction == 4 || reduction == 8;
    if (!is_power || reduction > (possible ? possible->most : 1))
        core::fail(ErrorCode::invalid_argument, path_, ": cannot be reduced by ", reduction);
    return dbnet::decode({bytes_, path_, pixel_limit(options_), nullptr, reduction});
}

void Image::write(const std::string& path) const {
    core::with_errors([&] {
        const std::string extension = lower_extension(path);
        if (extension == ".jpg" || extension == ".jpeg")
            core::write_file(path, image::encode_jpeg(view()));
        else if (extension == ".png")
            core::write_file(path, image::encode_png(view()));
        else
            core::fail(ErrorCode::invalid_argument, path,
                       ": cannot tell the image format, expected a name in .jpg, .jpeg or .png");
    });
}

}  // namespace dbnet
