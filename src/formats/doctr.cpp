// docTR, one document for all images: name -> {img_dimensions, img_hash, polygons}, for recognition
// {typed_words: [{value, geometry}]}. Polygons are a list, or one for each class. Their four points
// may come in any order, so those that cross are put in order. The size is not read: tools disagree
// on which number is the width.
#include "core/error.hpp"
#include "formats/attributes.hpp"
#include "formats/document.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/shapes.hpp"

namespace dbnet::formats {
namespace {

class Image {
public:
    Image(std::string name, const RecordSink& sink) : record_{std::move(name)}, sink_(sink) {}

    Record read(const Json& json, const Where& where) {
        const Json* polygons = find(json, "polygons");
        const Json* words = find(json, "typed_words");
        if (polygons == nullptr && words == nullptr)
            fail_in(where, "has neither \"polygons\" nor \"typed_words\"");
        if (polygons != nullptr && polygons->is_object())
            for (const auto& [name, list] : polygons->items())
                add_polygons(list, where[name], is_illegible_label(name));
        else if (polygons != nullptr)
            add_polygons(*polygons, where["polygons"], false);
        std::size_t index = 0;
        if (words != nullptr)
            for (const Json& word : array(*words, where["typed_words"]))
                sink_.part([&] { add_word(word, where.in("typed_words", index++)); });
        return std::move(record_);
    }

private:
    void add_polygons(const Json& list, const Where& where, bool ignore) {
        std::size_t index = 0;
        for (const Json& polygon : array(list, where))
            sink_.part([&] {
                RecordRegion region;
                region.polygon = without_crossing(points(polygon, 3, where[index++]));
                region.ignore = ignore;
                RecordSink::add(record_, std::move(region));
            });
    }

    void add_word(const Json& word, const Where& where) {
        const Json& box = array(member(word, "geometry", where), where["geometry"]);
        RecordRegion region;
        if (!box.empty() && box[0].is_array()) {
            region.polygon = box.size() == 2 ? of_corners(points(box, 2, where["geometry"]))
                                             : points(box, 3, where["geometry"]);
        } else {
            if (box.size() < 4) fail_in(where["geometry"], "expected [xmin, ymin, xmax, ymax]");
            const auto side = [&](std::size_t i) { return coordinate(box[i], where["geometry"]); };
            region.polygon = of_corners({{side(0), side(1)}, {side(2), side(3)}});
        }
        region.text = string_or_empty(word, "value", where);
        region.ignore = is_illegible_label(region.text);
        RecordSink::add(record_, std::move(region));
    }

    static Polygon of_corners(const Polygon& ends) {
        return corners({ends[0].x, ends[0].y, ends[1].x - ends[0].x, ends[1].y - ends[0].y});
    }

    Record record_;
    const RecordSink& sink_;
};

void read(const Input& input, const RecordSink& sink) {
    constexpr std::string_view kImages[] = {"*"};
    const Where file(input.path);
    const auto take = [&](JsonItem&& item) {
        const std::string name(item.key);
        sink.part([&] { sink(Image(name, sink).read(item.value, file[name])); });
    };
    if (!stream_json(input, kImages, take)[0]) fail_in(file, "expected an object of images");
}

Likeness recognise(const Sample& sample) {
    for (const std::string_view path : sample.json) {
        const std::size_t slash = path.rfind('/');
        if (slash == 0 || slash == path.npos || path.find('/', 1) != slash) continue;
        const std::string_view key = path.substr(slash);
        if (key == "/polygons []" || key == "/polygons {}" || key == "/typed_words []")
            return {90, "images with polygons or typed_words"};
    }
    return {};
}

}  // namespace

constinit const Format kDoctrFormat{
    .name = "doctr",
    .prefix = "",
    .extension = ".json",
    .read = read,
    .recognise = recognise,
    .labels = {.scope = LabelFiles::Scope::common, .extensions = {".json"}, .usual = "labels.json"},
    .holds = {.words = true, .illegible = true},
    .used_by = "docTR: detection, OCR",
    .illegible = "a class called ignore or illegible"};

}  // namespace dbnet::formats
