// COCO-Text, versions 1 (polygon) and 2 (mask), and TextOCR (points): one document with the objects
// imgs and anns, whose keys are identifiers. Illegible is what COCO-Text calls so and what TextOCR
// transcribes as ".".
#include "core/error.hpp"
#include "formats/document.hpp"
#include "formats/image_table.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

constexpr std::string_view kNotLegible = "illegible";
constexpr std::string_view kTextocrIllegible = ".";

Polygon outline_of(const Json& json, const Where& where) {
    for (const char* key : {"mask", "polygon", "points"})
        if (const Json* flat = find(json, key)) return flat_points(*flat, where[key]);
    return corners(box(member(json, "bbox", where), where["bbox"]));
}

RecordRegion region_of(const Json& json, const Where& where) {
    RecordRegion region;
    region.polygon = outline_of(json, where);
    region.text = string_or_empty(json, "utf8_string", where);
    region.ignore =
        string_or_empty(json, "legibility", where) == kNotLegible || is_illegible(region.text);
    return region;
}

RecordRegion textocr_region_of(const Json& json, const Where& where) {
    RecordRegion region = region_of(json, where);
    region.ignore = region.ignore || region.text == kTextocrIllegible;
    return region;
}

void read_tables(const Input& input, const RecordSink& sink,
                 RecordRegion (*parse)(const Json& json, const Where& where)) {
    constexpr std::string_view kTables[] = {"imgs/*", "anns/*"};
    const Where file(input.path);
    ImageTable images(input.path);
    const auto take = [&](JsonItem&& item) {
        const std::string key(item.key);
        sink.part([&] {
            if (item.pattern == 0) {
                const Where table = file["imgs"];
                const Where where = table[key];
                images.add_image(
                    key,
                    {string(member(item.value, "file_name", where), where["file_name"]),
                     size_or_0(item.value, "width", where), size_or_0(item.value, "height", where)},
                    where);
            } else {
                const Where table = file["anns"];
                const Where where = table[key];
                images.add_text(identifier(item.value, "image_id", where),
                                parse(item.value, where));
            }
        });
    };
    const std::vector<bool> seen = stream_json(input, kTables, take);
    if (!seen[0]) fail_in(file, "has no \"imgs\"");
    if (!seen[1]) fail_in(file, "has no \"anns\"");
    images.deliver(sink);
}

void read_cocotext(const Input& input, const RecordSink& sink) {
    read_tables(input, sink, region_of);
}

void read_textocr(const Input& input, const RecordSink& sink) {
    read_tables(input, sink, textocr_region_of);
}

/// Whether a document has the tables, and texts with the key.
bool has_texts(const Sample& sample, std::string_view key) {
    for (const std::string_view path : sample.json)
        if (path.starts_with("/anns/") && path.ends_with(key)) return true;
    return false;
}

bool has_tables(const Sample& sample) { return sample.has("/anns {}") || sample.has("/imgs {}"); }

Likeness recognise_cocotext(const Sample& sample) {
    if (!has_tables(sample)) return {};
    return {80, "a document with the objects imgs and anns"};
}

Likeness recognise_textocr(const Sample& sample) {
    if (!has_tables(sample) || !has_texts(sample, "/points []")) return {};
    return {90, "a document with the objects imgs and anns, whose outlines are points"};
}

}  // namespace

constinit const Format kCocotextFormat{
    .name = "cocotext",
    .prefix = "",
    .extension = ".json",
    .read = read_cocotext,
    .recognise = recognise_cocotext,
    .labels = {.scope = LabelFiles::Scope::common, .extensions = {".json"}},
    .holds = {.words = true, .illegible = true, .sizes = true},
    .used_by = "COCO-Text, versions 1 and 2",
    .illegible = "`legibility`: illegible"};

constinit const Format kTextocrFormat{
    .name = "textocr",
    .prefix = "",
    .extension = ".json",
    .read = read_textocr,
    .recognise = recognise_textocr,
    .labels = {.scope = LabelFiles::Scope::common, .extensions = {".json"}},
    .holds = {.words = true, .illegible = true, .sizes = true},
    .used_by = "TextOCR",
    .illegible = "`.`"};

}  // namespace dbnet::formats
