// write_map() writes the PNG file first and the JSON file last, each of them completely or not at
// all: a map is there when its JSON file is.
#include "app/map_folder.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include <dbnet/error.hpp>

#include "core/error.hpp"
#include "core/file.hpp"
#include "formats/document.hpp"
#include "image/encode.hpp"

namespace dbnet::app {
namespace {

namespace fs = std::filesystem;

/// FNV-1a of the model's bytes, so that maps of another model are never taken for this one's.
std::string fingerprint(const std::string& path) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const std::uint8_t byte : core::read_file(path)) hash = (hash ^ byte) * 0x100000001b3;
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

std::string image_of(const std::string& where) {
    return formats::member(formats::read_json(where), "image", where).get<std::string>();
}

bool is_newer(const fs::path& file, const fs::path& other) {
    return fs::last_write_time(file) > fs::last_write_time(other);
}

}  // namespace

MapFolder::MapFolder(const std::string& parent, const std::string& model, Preset preset,
                     const SizeRule& size) {
    std::string rule = size.to_string();
    std::ranges::replace(rule, ':', '_');
    path_ = core::concat(parent, "/maps-", rule, "-", to_string(preset), "-", fingerprint(model));
}

std::string MapFolder::stem_of(const data::LabelledImage& image) const {
    return path_ + "/maps/" + data::name_of(image);
}

bool MapFolder::has(const data::LabelledImage& image) const {
    const std::string stem = stem_of(image);
    return fs::exists(stem + ".json") && fs::exists(stem + ".png");
}

void MapFolder::remove_outdated(const data::LabelledImage& image) const {
    const std::string json = stem_of(image) + ".json";
    if (!has(image)) return;
    try {
        if (!is_newer(image.image, json) && image_of(json) == image.image) return;
    } catch (const std::exception&) {  // whatever it is, it is not a map of this image
    }
    fs::remove(json);
}

ProbabilityMap MapFolder::read(const data::LabelledImage& image) const {
    const std::string stem = stem_of(image);
    const image::Grey16 grey = image::decode_png16(core::read_file(stem + ".png"), stem + ".png");
    const std::string where = stem + ".json";
    const formats::Json json = formats::read_json(where);
    const auto size = [&](const char* key) {
        return formats::size(formats::member(json, key, where), where + ": " + key);
    };
    ProbabilityMap map{grey.width,
                       grey.height,
                       size("valid_width"),
                       size("valid_height"),
                       size("image_width"),
                       size("image_height"),
                       {}};
    map.values.reserve(grey.pixels.size());
    for (const std::uint16_t value : grey.pixels)
        map.values.push_back(static_cast<float>(value) / 65535.f);
    return map;
}

}  // namespace dbnet::app
