// Pascal VOC's XML, one file per image, with objects that have a bndbox (corners, in any order) or,
// of roLabelImg, a robndbox (centre, size and an angle in radians, clockwise on screen).
#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "formats/attributes.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/shapes.hpp"
#include "formats/text.hpp"
#include "formats/xml.hpp"

namespace dbnet::formats {
namespace {

constexpr std::string_view kDocument[] = {"annotation"};

RecordRegion region_of(const XmlElement& object, const Input& input) {
    const XmlElement* turned_box = object.child("robndbox");
    const XmlElement& box =
        turned_box != nullptr ? *turned_box : object.required_child("bndbox", input.path);
    const auto number = [&](const char* name) {
        const XmlElement& element = box.required_child(name, input.path);
        return parse_coordinate(element.text, {input.path, element.line});
    };
    RecordRegion region;
    region.line = object.line;
    if (turned_box != nullptr) {
        const double width = number("w");
        const double height = number("h");
        const Rect rect{number("cx") - width / 2, number("cy") - height / 2, width, height};
        region.polygon = turned(rect, number("angle"), centre(rect));
    } else {
        const auto [left, right] = std::minmax({number("xmin"), number("xmax")});
        const auto [top, bottom] = std::minmax({number("ymin"), number("ymax")});
        region.polygon = corners({left, top, right - left, bottom - top});
    }
    region.ignore =
        object.text_of("difficult") == "1" || is_illegible_label(object.text_of("name"));
    return region;
}

void read(const Input& input, const RecordSink& sink) {
    stream_xml(input, kDocument, [&](XmlElement&& document) {
        Record record{std::string(document.text_of("filename"))};
        if (record.image.empty()) record.image = std::filesystem::path(input.path).stem().string();
        if (const XmlElement* size = document.child("size"))
            sink.part([&] {
                const Place place{input.path, size->line};
                record.width = parse_size(size->text_of("width"), place);
                record.height = parse_size(size->text_of("height"), place);
            });
        for (const XmlElement& object : document.children)
            if (object.name == "object")
                sink.part([&] { RecordSink::add(record, region_of(object, input)); });
        sink(std::move(record));
    });
}

Likeness recognise(const Sample& sample) {
    if (sample.xml.first != kDocument[0]) return {};
    return {90, "XML with an annotation"};
}

}  // namespace

constinit const Format kVocFormat{.name = "voc",
                                  .prefix = "",
                                  .extension = ".xml",
                                  .read = read,
                                  .recognise = recognise,
                                  .labels = {.extensions = {".xml"}},
                                  .holds = {.illegible = true, .sizes = true},
                                  .used_by = "Pascal VOC, LabelImg, roLabelImg",
                                  .illegible = "`difficult`"};

}  // namespace dbnet::formats
