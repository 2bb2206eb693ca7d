// LabelMe's file, one per image, for correcting outlines by hand. Text without a transcription has
// the label "text", illegible text the label "###". The path of the image is relative to the file,
// as LabelMe wants it. On reading, the label is the transcription, unless it names a class: then
// the description is, as in the files of X-AnyLabeling, which has rectangles of four points.
#include <algorithm>
#include <iterator>
#include <optional>

#include "core/error.hpp"
#include "formats/document.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"
#include "geometry/simplify.hpp"

namespace dbnet::formats {
namespace {

constexpr std::string_view kUnknownText = "text";

std::string label_of(const RecordRegion& region) {
    if (region.ignore) return std::string(kIgnoredText);
    return region.text.empty() ? std::string(kUnknownText) : region.text;
}

/// With as few points as a person wants to drag about: within half a pixel of the probability map,
/// beyond which an outline means little. One that wavers so much that it would keep too many is
/// followed less closely.
Polygon editable(const Polygon& outline, const Record& record) {
    constexpr std::size_t kQuad = 4, kStraight = 12, kMost = 40;
    if (outline.size() <= kQuad) return outline;
    constexpr double kClose = 1.5, kFar = 6;  // map pixels
    double tolerance = 0.5;
    Polygon simple = geometry::simplify(outline, tolerance * record.map_pixel);
    while ((simple.size() > kStraight && tolerance < kClose) ||
           (simple.size() > kMost && tolerance < kFar))
        simple = geometry::simplify(outline, (tolerance *= 1.3) * record.map_pixel);
    return simple;
}

std::string render(const Record& record, const std::string& image_link,
                   const WriteOptions& options) {
    OrderedJson shapes = OrderedJson::array();
    for (const RecordRegion& region : record.regions) {
        OrderedJson shape{
            {"label", label_of(region)},
            {"points", points(editable(outline(region, options.shape, Shape::polygon), record))},
            {"group_id", nullptr},
            {"shape_type", "polygon"},
            {"flags", OrderedJson::object()}};
        if (region.score) shape["score"] = rounded_score(*region.score);
        shapes.push_back(std::move(shape));
    }
    return to_text({{"version", "5.0.0"},
                    {"flags", OrderedJson::object()},
                    {"shapes", std::move(shapes)},
                    {"imagePath", image_link},
                    {"imageData", nullptr},
                    {"imageHeight", record.height},
                    {"imageWidth", record.width}});
}

/// Nothing for shapes that are no outlines of text: a circle, a line, a point, a mask.
std::optional<Polygon> outline_of(const Json& shape, const Where& where) {
    const std::string type = find(shape, "shape_type") == nullptr
                                 ? "polygon"
                                 : string_or_empty(shape, "shape_type", where);
    if (type != "polygon" && type != "rectangle" && type != "rotation") return std::nullopt;
    const Json& values = member(shape, "points", where);
    if (type != "rectangle" || (values.is_array() && values.size() != 2))
        return points(values, 3, where["points"]);
    const Polygon ends = points(values, 2, where["points"]);
    const auto [left, right] = std::minmax(ends[0].x, ends[1].x);
    const auto [top, bottom] = std::minmax(ends[0].y, ends[1].y);
    return Polygon{{left, top}, {right, top}, {right, bottom}, {left, bottom}};
}

/// Whether a label says what kind of thing is outlined, not what is written there.
bool is_class(const Json& shape, std::string_view label) {
    constexpr std::string_view kClasses[] = {"text", "word", "line", "textline", "ocr", ""};
    return std::ranges::find(kClasses, lower(label)) != std::end(kClasses) ||
           shape.contains("kie_linking") || shape.contains("difficult");
}

void set_text(const Json& shape, const Where& where, RecordRegion& region) {
    const std::string label = string_or_empty(shape, "label", where);
    const std::string description = string_or_empty(shape, "description", where);
    const bool has_class = is_class(shape, label);
    if (has_class && !description.empty())
        region.text = description;
    else if (label != kUnknownText)
        region.text = label;
    region.ignore = is_illegible(label) || is_illegible(region.text) ||
                    (has_class && flag(shape, "difficult", where));
}

void add_region(const Json& shape, const Where& where, Record& record, const RecordSink& sink) {
    std::optional<Polygon> polygon = outline_of(shape, where);
    if (!polygon)
        return sink.ignore("a shape of the type " + string_or_empty(shape, "shape_type", where));
    member(shape, "label", where);
    RecordRegion region;
    region.polygon = std::move(*polygon);
    region.score = score(shape, where);
    set_text(shape, where, region);
    RecordSink::add(record, std::move(region));
}

void read(const Input& input, const RecordSink& sink) {
    const Json document = read_json(input);
    const Where file(input.path);
    Record record{string(member(document, "imagePath", file), file["imagePath"]),
                  size_or_0(document, "imageWidth", file),
                  size_or_0(document, "imageHeight", file)};
    std::size_t index = 0;
    for (const Json& shape : array(member(document, "shapes", file), file["shapes"]))
        sink.part([&] { add_region(shape, file.in("shapes", index++), record, sink); });
    sink(std::move(record));
}

Likeness recognise(const Sample& sample) {
    if (!sample.has("/shapes []") && !sample.has("/imagePath string")) return {};
    return {90, "a document with shapes and imagePath"};
}

}  // namespace

constinit const Format kLabelmeFormat{.name = "labelme",
                                      .prefix = "",
                                      .extension = ".json",
                                      .render = render,
                                      .read = read,
                                      .recognise = recognise,
                                      .labels = {.extensions = {".json"}},
                                      .holds = {.words = true, .illegible = true, .sizes = true},
                                      .used_by = "LabelMe, X-AnyLabeling",
                                      .illegible = "label `###`, `difficult`"};

}  // namespace dbnet::formats
