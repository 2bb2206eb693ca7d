// mmocr's data sets for detection. Version 1: a document with data_list, an element for each image,
// whose instances have flat polygons and boxes x1, y1, x2, y2; written is this one. Version 0:
// lines of {"file_name", "height", "width", "annotations": as in COCO}.
#include <optional>

#include "core/error.hpp"
#include "core/file.hpp"
#include "formats/coco.hpp"
#include "formats/document.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::formats {
namespace {

constexpr std::size_t kHead = 1 << 16;

Polygon outline_of(const Json& json, const Where& where) {
    if (const Json* flat = find(json, "polygon"); flat != nullptr && !flat->empty())
        return flat_points(flat->is_array() && flat->front().is_array() ? flat->front() : *flat,
                           where["polygon"]);
    const Json& box = array(member(json, "bbox", where), where["bbox"]);
    if (box.size() != 4) fail_in(where["bbox"], "expected [x1, y1, x2, y2]");
    double ends[4];
    for (std::size_t i = 0; i < 4; ++i) ends[i] = coordinate(box[i], where["bbox"]);
    return {{ends[0], ends[1]}, {ends[2], ends[1]}, {ends[2], ends[3]}, {ends[0], ends[3]}};
}

RecordRegion region_of(const Json& json, const Where& where) {
    RecordRegion region;
    region.polygon = outline_of(json, where);
    region.score = score(json, where);
    region.text = string_or_empty(json, "text", where);
    region.ignore = flag(json, "ignore", where);
    return region;
}

void read_document(const Input& input, const RecordSink& sink) {
    constexpr std::string_view kImages[] = {"data_list/*"};
    const Where file(input.path);
    const auto take = [&](JsonItem&& item) {
        sink.part([&] {
            const Where where = file.in("data_list", item.index);
            Record record{string(member(item.value, "img_path", where), where["img_path"]),
                          size_or_0(item.value, "width", where),
                          size_or_0(item.value, "height", where)};
            std::size_t index = 0;
            if (const Json* instances = find(item.value, "instances"))
                for (const Json& json : array(*instances, where["instances"]))
                    sink.part([&] {
                        RecordSink::add(record, region_of(json, where.in("instances", index++)));
                    });
            sink(std::move(record));
        });
    };
    if (!stream_json(input, kImages, take)[0]) fail_in(file, "has no \"data_list\"");
}

Record record_of(std::string_view line, const Place& place, const RecordSink& sink) {
    const Where where(place.file, place.line);
    const Json json = parse_json(line, where);
    Record record{string(member(json, "file_name", where), where["file_name"]),
                  size_or_0(json, "width", where), size_or_0(json, "height", where)};
    record.line = place.line;
    std::size_t index = 0;
    for (const Json& annotation : array(member(json, "annotations", where), where["annotations"]))
        sink.part([&] {
            for (RecordRegion& region :
                 coco_regions(annotation, where.in("annotations", index++), sink)) {
                region.line = place.line;
                RecordSink::add(record, std::move(region));
            }
        });
    return record;
}

void read_lines_of_json(const Input& input, const RecordSink& sink) {
    LineReader lines(input);
    for (std::string_view line; lines.next(line);) {
        if (trim(line).empty()) continue;
        std::optional<Record> record;
        sink.part([&] { record = record_of(line, lines.place(), sink); });
        if (record) sink(std::move(*record));
    }
}

std::vector<std::string> outline_of(const Input& input) {
    ByteStream stream(input);
    std::string head;
    for (std::string_view block = stream.next(); !block.empty() && head.size() < kHead;
         block = stream.next())
        head += block.substr(0, kHead);
    return json_outline(head);
}

void read(const Input& input, const RecordSink& sink) {
    for (const std::string_view path : outline_of(input))
        if (path.starts_with("/file_name ") || path.starts_with("/annotations "))
            return read_lines_of_json(input, sink);
    read_document(input, sink);
}

class Writer : public RecordWriter {
public:
    Writer(const std::string& path, const WriteOptions& options)
        : file_(path), shape_(options.shape) {
        file_.write(
            "{\n\"metainfo\": {\"dataset_type\": \"TextDetDataset\", \"task_name\": \"textdet\", "
            "\"category\": [{\"id\": 0, \"name\": \"text\"}]},\n\"data_list\": [");
    }

    void add(const Record& record) override {
        OrderedJson instances = OrderedJson::array();
        for (const RecordRegion& region : record.regions) instances.push_back(instance(region));
        file_.write(std::exchange(first_, false) ? "\n" : ",\n");
        file_.write(to_line({{"img_path", record.image},
                             {"height", record.height},
                             {"width", record.width},
                             {"instances", std::move(instances)}}));
    }

    void finish() override {
        file_.write("\n]\n}\n");
        file_.commit();
    }

private:
    OrderedJson instance(const RecordRegion& region) const {
        const Polygon polygon = outline(region, shape_, Shape::polygon);
        const Rect box = geometry::bounding_rect(polygon);
        OrderedJson json{
            {"polygon", flat_points(polygon)},
            {"bbox", flat_points({{box.x, box.y}, {box.x + box.width, box.y + box.height}})},
            {"bbox_label", 0},
            {"ignore", region.ignore}};
        if (region.score) json["score"] = rounded_score(*region.score);
        if (!region.text.empty()) json["text"] = region.text;
        return json;
    }

    core::AtomicFile file_;
    Shape shape_;
    bool first_ = true;
};

std::unique_ptr<RecordWriter> open(const std::string& path, const WriteOptions& options) {
    return std::make_unique<Writer>(path, options);
}

Likeness recognise(const Sample& sample) {
    if (sample.has("/data_list []")) return {95, "a document with data_list"};
    if (sample.has("/file_name string") && sample.has("/annotations []"))
        return {95, "lines of JSON with file_name and annotations"};
    return {};
}

}  // namespace

constinit const Format kMmocrFormat{
    .name = "mmocr",
    .prefix = "",
    .extension = ".json",
    .open = open,
    .read = read,
    .recognise = recognise,
    .labels = {.scope = LabelFiles::Scope::common, .extensions = {".json", ".txt"}},
    .holds = {.words = true, .illegible = true, .sizes = true},
    .used_by = "mmocr 1.x documents, mmocr 0.x lines",
    .illegible = "`ignore`, `iscrowd`"};

}  // namespace dbnet::formats
