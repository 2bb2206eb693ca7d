#include "formats/formats.hpp"

#include <algorithm>
#include <filesystem>

#include "core/file.hpp"
#include "formats/registry.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::formats {
namespace {

constexpr const Format* kFormats[] = {&kJsonFormat,
                                      &kJsonlFormat,
                                      &kIcdarFormat,
                                      &kCsvFormat,
                                      &kPaddleFormat,
                                      &kLabelmeFormat,
                                      &kCocoFormat,
                                      &kMmocrFormat,
                                      &kTotaltextFormat,
                                      &kCtw1500Format,
                                      &kYoloFormat,
                                      &kSvgFormat,
                                      &kIcdar2013Format,
                                      &kIcdarPolygonFormat,
                                      &kMltFormat,
                                      &kArtFormat,
                                      &kLsvtFormat,
                                      &kRectsFormat,
                                      &kTd500Format,
                                      &kSynthtextFormat,
                                      &kCocotextFormat,
                                      &kTextocrFormat,
                                      &kHiertextFormat,
                                      &kHiertextLineFormat,
                                      &kHiertextParagraphFormat,
                                      &kMhliaoFormat,
                                      &kLabelstudioFormat,
                                      &kViaFormat,
                                      &kCvatFormat,
                                      &kVocFormat,
                                      &kDotaFormat,
                                      &kDoctrFormat};

/// How the image is reached from the folder of `file`. Links are resolved, since ".." does not lead
/// back through one.
std::string link_to_image(const std::string& image, const std::string& file) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path folder = fs::weakly_canonical(fs::absolute(file).parent_path(), error);
    if (error) return image;
    const fs::path link =
        fs::weakly_canonical(fs::absolute(image), error).lexically_relative(folder);
    return error || link.empty() ? image : link.string();
}

}  // namespace

Polygon corners(const Rect& rect) {
    const double right = rect.x + rect.width;
    const double bottom = rect.y + rect.height;
    return {{rect.x, rect.y}, {right, rect.y}, {right, bottom}, {rect.x, bottom}};
}

Polygon outline(const RecordRegion& region, Shape shape, Shape standard) {
    if (shape == Shape::standard) shape = standard;
    if (shape == Shape::quad && region.quad) return {region.quad->begin(), region.quad->end()};
    if (shape == Shape::rect)
        return corners(region.rect ? *region.rect : geometry::bounding_rect(region.polygon));
    return region.polygon;
}

std::string Format::file_name(std::string_view stem) const {
    return std::string(prefix).append(stem).append(extension);
}

std::string Format::label_name(std::string_view stem) const {
    return std::string(labels.prefixes[0]).append(stem).append(labels.extensions[0]);
}

std::span<const Format* const> all() { return kFormats; }

const Format* find(std::string_view name) noexcept {
    const auto found = std::ranges::find(kFormats, name, &Format::name);
    return found == std::end(kFormats) ? nullptr : *found;
}

void write_image_file(const Format& format, const std::string& path, const Record& record,
                      const WriteOptions& options) {
    core::write_file(path, format.render(record, link_to_image(record.image, path), options));
}

std::vector<Record> read_all(const Format& format, const Input& input) {
    std::vector<Record> records;
    format.read(input, [&](Record&& record) { records.push_back(std::move(record)); });
    return records;
}

}  // namespace dbnet::formats
