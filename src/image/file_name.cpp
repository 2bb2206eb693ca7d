#include "image/file_name.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <string_view>

namespace dbnet::image {
namespace {

constexpr std::array<std::string_view, 17> kImageExtensions = {
    ".jpg", ".jpeg", ".jpe", ".png", ".webp", ".tif",  ".tiff", ".gif", ".bmp",
    ".ppm", ".pgm",  ".pbm", ".pnm", ".avif", ".heic", ".heif", ".hif"};

}  // namespace

bool is_named_as_image(const std::string& path) {
    std::string extension = std::filesystem::path(path).extension().string();
    std::ranges::transform(extension, extension.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::ranges::find(kImageExtensions, extension) != kImageExtensions.end();
}

}  // namespace dbnet::image
