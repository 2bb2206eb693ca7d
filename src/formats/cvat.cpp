// CVAT for images 1.1: annotations/image with box and polygon. A box is given unturned, and turns
// about its centre, in degrees, clockwise on screen. The attributes are the user's own.
#include <numbers>

#include "core/error.hpp"
#include "formats/attributes.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/shapes.hpp"
#include "formats/text.hpp"
#include "formats/xml.hpp"

namespace dbnet::formats {
namespace {

constexpr std::string_view kDocument[] = {"annotations", "image"};

Polygon box_of(const XmlElement& shape, const Input& input) {
    const Place place{input.path, shape.line};
    const auto side = [&](const char* name) {
        return parse_coordinate(shape.required(name, input.path), place);
    };
    const Rect box{side("xtl"), side("ytl"), side("xbr") - side("xtl"), side("ybr") - side("ytl")};
    const std::string* degrees = shape.attribute("rotation");
    return turned(
        box, degrees == nullptr ? 0 : parse_coordinate(*degrees, place) * std::numbers::pi / 180,
        centre(box));
}

Polygon polygon_of(const XmlElement& shape, const Input& input) {
    std::vector<std::string_view> fields;
    for (const std::string_view pair : split(shape.required("points", input.path), ';'))
        if (!trim(pair).empty())
            for (const std::string_view field : split(pair, ',')) fields.push_back(field);
    return parse_points(fields, {input.path, shape.line});
}

void add(const XmlElement& shape, const Input& input, Record& record, const RecordSink& sink) {
    if (shape.name == "tag") return;
    if (shape.name != "box" && shape.name != "polygon")
        return sink.ignore("a shape of the type " + shape.name);
    RecordRegion region;
    region.line = shape.line;
    region.polygon = shape.name == "box" ? box_of(shape, input) : polygon_of(shape, input);
    Attributes attributes;
    for (const XmlElement& child : shape.children)
        if (const std::string* name = child.attribute("name"); name && child.name == "attribute")
            attributes.emplace_back(*name, child.text);
    apply_attributes(attributes, region);
    if (const std::string* label = shape.attribute("label"))
        region.ignore = region.ignore || is_illegible_label(*label);
    RecordSink::add(record, std::move(region));
}

void read(const Input& input, const RecordSink& sink) {
    stream_xml(input, kDocument, [&](XmlElement&& image) {
        sink.part([&] {
            const Place place{input.path, image.line};
            Record record{image.required("name", input.path)};
            record.line = image.line;
            if (const std::string* width = image.attribute("width"))
                record.width = parse_size(*width, place);
            if (const std::string* height = image.attribute("height"))
                record.height = parse_size(*height, place);
            for (const XmlElement& shape : image.children)
                sink.part([&] { add(shape, input, record, sink); });
            sink(std::move(record));
        });
    });
}

Likeness recognise(const Sample& sample) {
    if (sample.xml.first != kDocument[0]) return {};
    return {90, "XML with annotations"};
}

}  // namespace

constinit const Format kCvatFormat{
    .name = "cvat",
    .prefix = "",
    .extension = ".xml",
    .read = read,
    .recognise = recognise,
    .labels = {.scope = LabelFiles::Scope::common,
               .extensions = {".xml"},
               .usual = "annotations.xml"},
    .holds = {.words = true, .illegible = true, .sizes = true},
    .used_by = "CVAT for images 1.1",
    .illegible = "an attribute or label called ignore or illegible; `###`"};

}  // namespace dbnet::formats
