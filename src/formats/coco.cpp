// COCO's instances file: one document for all images. Its images and its annotations are two
// arrays, so the annotations of a run wait in a temporary file until all images are listed: memory
// does not grow with the number of images. The transcription is called utf8_string as in COCO-Text;
// iscrowd marks illegible text.
#include <cstdio>
#include <map>
#include <utility>

#include "core/error.hpp"
#include "core/file.hpp"
#include "formats/document.hpp"
#include "formats/registry.hpp"
#include "formats/text.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::formats {
namespace {

/// Text that is written first and read back once. The file has no name and goes with the object.
class Spool {
public:
    Spool() : file_(std::tmpfile()) {
        if (file_ == nullptr) fail("cannot create");
    }
    ~Spool() { std::fclose(file_); }
    Spool(const Spool&) = delete;
    Spool& operator=(const Spool&) = delete;

    void write(std::string_view text) {
        if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) fail("cannot write");
    }

    void copy_to(core::AtomicFile& target) {
        if (std::fflush(file_) != 0 || std::fseek(file_, 0, SEEK_SET) != 0) fail("cannot write");
        char buffer[1 << 16];
        while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, file_))
            target.write(std::string_view(buffer, got));
        if (std::ferror(file_) != 0) fail("cannot read");
    }

private:
    [[noreturn]] static void fail(std::string_view what) {
        core::fail(ErrorCode::io, what, " a temporary file for the format coco");
    }

    std::FILE* file_;
};

OrderedJson annotation(const RecordRegion& region, Shape shape) {
    const Polygon polygon = outline(region, shape, Shape::polygon);
    OrderedJson flat = OrderedJson::array();
    for (const Point& point : polygon) {
        flat.push_back(rounded_coordinate(point.x));
        flat.push_back(rounded_coordinate(point.y));
    }
    OrderedJson json{{"category_id", 1},
                     {"bbox", box(polygon)},
                     {"segmentation", OrderedJson::array({std::move(flat)})},
                     {"area", rounded_coordinate(geometry::area(polygon))},
                     {"iscrowd", region.ignore ? 1 : 0}};
    if (region.score) json["score"] = rounded_score(*region.score);
    if (!region.text.empty()) json["utf8_string"] = region.text;
    return json;
}

class CocoWriter : public RecordWriter {
public:
    CocoWriter(const std::string& path, const WriteOptions& options)
        : file_(path), shape_(options.shape) {
        file_.write(
            "{\n\"info\": {\"description\": \"text regions found by dbnet\"},\n\"categories\": "
            "[{\"id\": 1, \"name\": \"text\"}],\n\"images\": [");
    }

    void add(const Record& record) override {
        const std::int64_t id = images_ + 1;
        std::int64_t count = count_;
        std::string annotations;
        for (const RecordRegion& region : record.regions) {
            annotations += count++ == 0 ? "\n" : ",\n";
            OrderedJson json{{"id", count}, {"image_id", id}};
            json.update(annotation(region, shape_));
            annotations += to_line(json);
        }
        file_.write((images_ == 0 ? "\n" : ",\n") + to_line({{"id", id},
                                                             {"file_name", record.image},
                                                             {"width", record.width},
                                                             {"height", record.height}}));
        images_ = id;
        annotations_.write(annotations);
        count_ = count;
    }

    void finish() override {
        file_.write("\n],\n\"annotations\": [");
        annotations_.copy_to(file_);
        file_.write("\n]\n}\n");
        file_.commit();
    }

private:
    core::AtomicFile file_;
    Spool annotations_;
    Shape shape_;
    std::int64_t images_ = 0;
    std::int64_t count_ = 0;
};

std::unique_ptr<RecordWriter> open(const std::string& path, const WriteOptions& options) {
    return std::make_unique<CocoWriter>(path, options);
}

/// Identifiers are any whole numbers, and strings in some data sets.
std::string identifier(const Json& object, const char* key, const std::string& where) {
    const Json& value = member(object, key, where);
    if (!value.is_number_integer() && !value.is_string())
        fail_in(where, core::concat("\"", key, "\" must be a number or a string"));
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The first polygon of the segmentation; the box where there is none or a mask instead.
Polygon polygon_of(const Json& json, const std::string& where) {
    const Json* segmentation = find(json, "segmentation");
    if (segmentation == nullptr || !segmentation->is_array() || segmentation->empty())
        return corners(box(member(json, "bbox", where), where + ".bbox"));
    const std::string place = where + ".segmentation";
    const Json& flat = array((*segmentation)[0], place);
    if (flat.size() < 6 || flat.size() % 2 != 0)
        fail_in(place, "expected x, y pairs of at least 3 points");
    Polygon polygon;
    for (std::size_t i = 0; i < flat.size(); i += 2)
        polygon.push_back({coordinate(flat[i], place), coordinate(flat[i + 1], place)});
    return polygon;
}

RecordRegion region_of(const Json& json, const std::string& where) {
    RecordRegion region;
    region.polygon = polygon_of(json, where);
    region.score = score(json, where);
    if (const Json* text = find(json, "utf8_string"))
        region.text = string(*text, where + ".utf8_string");
    region.ignore = flag(json, "iscrowd", where) || flag(json, "ignore", where);
    return region;
}

void read(const std::string& path, const RecordSink& sink) {
    const Json document = read_json(path);
    std::vector<Record> records;
    std::map<std::string, std::size_t> record_of;  // by the image's identifier
    for (const Json& image : array(member(document, "images", path), path + ": images")) {
        const std::string where = core::concat(path, ": images[", records.size(), "]");
        if (!record_of.emplace(identifier(image, "id", where), records.size()).second)
            fail_in(where, "another image has the same \"id\"");
        records.push_back({string(member(image, "file_name", where), where + ".file_name"),
                           size(member(image, "width", where), where + ".width"),
                           size(member(image, "height", where), where + ".height")});
    }
    std::size_t index = 0;
    for (const Json& json : array(member(document, "annotations", path), path + ": annotations")) {
        const std::string where = core::concat(path, ": annotations[", index++, "]");
        sink.part([&] {
            const auto found = record_of.find(identifier(json, "image_id", where));
            if (found == record_of.end()) fail_in(where, "no image has this \"image_id\"");
            records[found->second].regions.push_back(region_of(json, where));
        });
    }
    for (Record& record : records) sink(std::move(record));
}

}  // namespace

constinit const Format kCocoFormat{"coco", "", ".json", nullptr, open, read};

}  // namespace dbnet::formats
