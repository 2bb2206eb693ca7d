#include "data/image_finder.hpp"

#include <algorithm>
#include <filesystem>

#include "data/archive.hpp"
#include "image/file_name.hpp"

namespace dbnet::data {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kExtensions[] = {".jpg", ".png", ".jpeg", ".JPG", ".PNG", ".JPEG",
                                            ".tif", ".bmp", ".webp", ".gif", ".tiff"};
constexpr std::size_t kMostBelow = 5'000'000;

}  // namespace

std::optional<std::string> ImageFinder::find_exactly(const std::string& named) const {
    const std::string path = (fs::path(folder_) / named).lexically_normal().string();
    if (is_file(path)) return path;
    if (image::is_named_as_image(named)) return std::nullopt;
    for (const std::string_view extension : kExtensions)
        if (is_file(path + std::string(extension))) return path + std::string(extension);
    return std::nullopt;
}

void ImageFinder::look_below() {
    looked_below_ = true;
    const auto add = [&](const std::string& path) {
        if (!image::is_named_as_image(path)) return;
        for (const std::string& name :
             {fs::path(path).filename().string(), fs::path(path).stem().string()}) {
            const auto [place, is_new] = below_.emplace(name, path);
            if (!is_new && place->second != path) place->second.clear();
        }
    };
    if (in_archive(folder_)) {
        for (const std::string& path : files_in(folder_)) add(path);
        return;
    }
    std::error_code error;
    constexpr auto kOptions = fs::directory_options::skip_permission_denied;
    std::size_t count = 0;
    for (fs::recursive_directory_iterator at(folder_, kOptions, error), end;
         !error && at != end && count < kMostBelow; at.increment(error), ++count)
        add(at->path().string());
}

std::optional<std::string> ImageFinder::find(const std::string& named) {
    std::string name = named;
    std::ranges::replace(name, '\\', '/');
    if (name.size() > 1 && name[1] == ':') name.erase(0, 2);
    const std::string whole = name;
    name.erase(0, std::min(name.find_first_not_of('/'), name.size()));
    if (name.empty()) return std::nullopt;
    for (std::string part = name;;) {
        if (auto found = find_exactly(part)) return found;
        const std::size_t slash = part.find('/');
        if (slash == std::string::npos) break;
        part.erase(0, slash + 1);
        if (part.empty()) return std::nullopt;
    }
    if (whole.starts_with('/') && is_file(whole)) return whole;
    if (!looked_below_) look_below();
    const auto found = below_.find(fs::path(name).filename().string());
    if (found == below_.end() || found->second.empty()) return std::nullopt;
    return found->second;
}

}  // namespace dbnet::data
