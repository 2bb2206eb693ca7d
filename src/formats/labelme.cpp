// LabelMe's file, one per image, for correcting outlines by hand. Text without a transcription has
// the label "text", illegible text the label "###". The path of the image is relative to the file,
// as LabelMe wants it.
#include <algorithm>

#include "core/error.hpp"
#include "formats/document.hpp"
#include "formats/registry.hpp"
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
    constexpr std::size_t kStraight = 12, kMost = 40;
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
        OrderedJson shape{{"label", label_of(region)},
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

Polygon outline_of(const Json& shape, const std::string& where) {
    const Json* type = find(shape, "shape_type");
    const std::string name = type == nullptr ? "polygon" : string(*type, where + ".shape_type");
    const std::string place = where + ".points";
    const Json& values = member(shape, "points", where);
    if (name == "polygon") return points(values, 3, place);
    if (name != "rectangle") fail_in(where, "is a " + name + ", expected a polygon or a rectangle");
    const Polygon ends = points(values, 2, place);
    const auto [left, right] = std::minmax(ends[0].x, ends[1].x);
    const auto [top, bottom] = std::minmax(ends[0].y, ends[1].y);
    return {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
}

RecordRegion region_of(const Json& shape, const std::string& where) {
    RecordRegion region;
    region.polygon = outline_of(shape, where);
    region.score = score(shape, where);
    const std::string label = string(member(shape, "label", where), where + ".label");
    region.ignore = label == kIgnoredText;
    if (label != kUnknownText) region.text = label;
    return region;
}

void read(const std::string& path, const RecordSink& sink) {
    const Json document = read_json(path);
    Record record{string(member(document, "imagePath", path), path + ": imagePath")};
    if (const Json* width = find(document, "imageWidth"))
        record.width = size(*width, path + ": imageWidth");
    if (const Json* height = find(document, "imageHeight"))
        record.height = size(*height, path + ": imageHeight");
    std::size_t index = 0;
    for (const Json& shape : array(member(document, "shapes", path), path + ": shapes"))
        sink.part([&] {
            record.regions.push_back(
                region_of(shape, core::concat(path, ": shapes[", index++, "]")));
        });
    sink(std::move(record));
}

}  // namespace

constinit const Format kLabelmeFormat{"labelme", "", ".json", render, nullptr, read};

}  // namespace dbnet::formats
