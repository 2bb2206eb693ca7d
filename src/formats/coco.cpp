// COCO's instances file: one document for all images. Its images and its annotations are two
// arrays, so the annotations of a run wait in a temporary file until all images are listed: memory
// does not grow with the number of images. The transcription is called utf8_string as in COCO-Text;
// iscrowd marks illegible text.
#include <cstdio>
#include <utility>

#include "core/error.hpp"
#include "core/file.hpp"
#include "formats/coco.hpp"
#include "formats/document.hpp"
#include "formats/image_table.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
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
    OrderedJson json{{"category_id", 1},
                     {"bbox", box(polygon)},
                     {"segmentation", OrderedJson::array({flat_points(polygon)})},
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

RecordRegion region_of(const Json& json, Polygon&& polygon, const Where& where) {
    RecordRegion region;
    region.polygon = std::move(polygon);
    region.score = score(json, where);
    for (const char* key : {"utf8_string", "text", "transcription"})
        if (region.text.empty()) region.text = string_or_empty(json, key, where);
    region.ignore = flag(json, "iscrowd", where) || flag(json, "ignore", where);
    return region;
}

void read(const Input& input, const RecordSink& sink) {
    constexpr std::string_view kTables[] = {"images/*", "annotations/*"};
    const Where file(input.path);
    ImageTable images(input.path);
    const auto take = [&](JsonItem&& item) {
        sink.part([&] {
            if (item.pattern == 0) {
                const Where where = file.in("images", item.index);
                images.add_image(
                    identifier(item.value, "id", where),
                    {string(member(item.value, "file_name", where), where["file_name"]),
                     size_or_0(item.value, "width", where), size_or_0(item.value, "height", where)},
                    where);
            } else {
                const Where where = file.in("annotations", item.index);
                const std::string image = identifier(item.value, "image_id", where);
                for (const RecordRegion& region : coco_regions(item.value, where, sink))
                    images.add_text(image, region);
            }
        });
    };
    const std::vector<bool> seen = stream_json(input, kTables, take);
    if (!seen[0]) fail_in(file, "has no \"images\"");
    if (!seen[1]) fail_in(file, "has no \"annotations\"");
    images.deliver(sink);
}

Likeness recognise(const Sample& sample) {
    const bool images = sample.has("/images []");
    const bool texts = sample.has("/annotations []");
    if (!images && !(texts && sample.has("/annotations/[]/image_id number"))) return {};
    return {images && texts ? 90 : 75, "a document with images and annotations"};
}

}  // namespace

std::vector<RecordRegion> coco_regions(const Json& json, const Where& where,
                                       const RecordSink& sink) {
    std::vector<RecordRegion> regions;
    const Json* segmentation = find(json, "segmentation");
    if (segmentation != nullptr && segmentation->is_array() && !segmentation->empty()) {
        const Where place = where["segmentation"];
        if (!segmentation->front().is_array()) {
            regions.push_back(region_of(json, flat_points(*segmentation, place), where));
            return regions;
        }
        for (const Json& flat : *segmentation)
            regions.push_back(region_of(json, flat_points(flat, place), where));
        return regions;
    }
    if (segmentation != nullptr && segmentation->is_object())
        sink.ignore("a mask: its box is taken");
    regions.push_back(
        region_of(json, corners(box(member(json, "bbox", where), where["bbox"])), where));
    return regions;
}

constinit const Format kCocoFormat{
    .name = "coco",
    .prefix = "",
    .extension = ".json",
    .open = open,
    .read = read,
    .recognise = recognise,
    .labels = {.scope = LabelFiles::Scope::common, .extensions = {".json"}},
    .holds = {.words = true, .illegible = true, .sizes = true},
    .used_by = "COCO, mmocr 0.x `instances_*.json`",
    .illegible = "`iscrowd`, `ignore`"};

}  // namespace dbnet::formats
