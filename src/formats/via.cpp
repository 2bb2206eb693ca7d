// VGG Image Annotator, versions 1 to 3, JSON and CSV, one file for all images. Versions 1 and 2:
// objects with filename and regions (an object in 1, a list in 2), in projects below
// _via_img_metadata. Version 3: files, views of them, and metadata whose shape begins with a code.
// A CSV file has a row for each region, with JSON in its fields. The attributes are the user's own.
#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <unordered_map>

#include "core/error.hpp"
#include "formats/attributes.hpp"
#include "formats/document.hpp"
#include "formats/registry.hpp"
#include "formats/rows.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

Attributes attributes_of(const Json* object) {
    Attributes attributes;
    if (object == nullptr || !object->is_object()) return attributes;
    for (const auto& [key, value] : object->items()) {
        if (value.is_string()) attributes.emplace_back(key, value.get<std::string>());
        if (value.is_boolean() || value.is_number()) attributes.emplace_back(key, value.dump());
        if (!value.is_object()) continue;
        // Check boxes: {"illegible": true} below the attribute.
        for (const auto& [option, chosen] : value.items())
            if (chosen.is_boolean() && chosen.get<bool>()) attributes.emplace_back(option, "true");
    }
    return attributes;
}

/// Nothing for shapes that are no outlines of text.
std::optional<Polygon> outline_of(const Json& shape, const Where& where, const RecordSink& sink) {
    const std::string name = string_or_empty(shape, "name", where);
    if (name == "rect") {
        const auto side = [&](const char* key) {
            return coordinate(member(shape, key, where), where[key]);
        };
        return corners({side("x"), side("y"), side("width"), side("height")});
    }
    if (name != "polygon") {
        sink.ignore("a shape of the type " + name);
        return std::nullopt;
    }
    const Json& x = array(member(shape, "all_points_x", where), where["all_points_x"]);
    const Json& y = array(member(shape, "all_points_y", where), where["all_points_y"]);
    if (x.size() != y.size() || x.size() < 3)
        fail_in(where, core::concat("has ", x.size(), " x and ", y.size(),
                                    " y, expected as many, and at least 3"));
    Polygon polygon;
    for (std::size_t i = 0; i < x.size(); ++i)
        polygon.push_back({coordinate(x[i], where), coordinate(y[i], where)});
    return polygon;
}

void add_region(const Json& shape, const Json* attributes, const Where& where, std::size_t line,
                Record& record, const RecordSink& sink) {
    std::optional<Polygon> polygon = outline_of(shape, where, sink);
    if (!polygon) return;
    RecordRegion region;
    region.polygon = std::move(*polygon);
    region.line = line;
    apply_attributes(attributes_of(attributes), region);
    RecordSink::add(record, std::move(region));
}

void read_image(const Json& json, const Where& where, const RecordSink& sink) {
    Record record{string(member(json, "filename", where), where["filename"])};
    const Json* regions = find(json, "regions");
    if (regions != nullptr && !regions->is_array() && !regions->is_object())
        fail_in(where["regions"], "expected a list or an object");
    std::size_t index = 0;
    if (regions != nullptr)
        for (const Json& region : *regions)
            sink.part([&] {
                const Where place = where.in("regions", index++);
                add_region(member(region, "shape_attributes", place),
                           find(region, "region_attributes"), place, 0, record, sink);
            });
    sink(std::move(record));
}

void read_images(const Input& input, const RecordSink& sink, std::string_view images) {
    const std::string_view wanted[] = {images};
    const Where file(input.path);
    const bool seen = stream_json(input, wanted, [&](JsonItem&& item) {
        const std::string key(item.key);
        sink.part([&] {
            const Where where = file[key];
            read_image(item.value, where, sink);
        });
    })[0];
    if (!seen) fail_in(file, "expected an object of images");
}

/// Codes of version 3, which begin the numbers of a shape.
std::optional<Polygon> outline_of_numbers(const Json& xy, const Where& where,
                                          const RecordSink& sink) {
    enum { kRectangle = 2, kPolygon = 7 };
    if (array(xy, where).empty()) {
        sink.ignore("metadata without a shape");
        return std::nullopt;
    }
    const int code = static_cast<int>(number(xy[0], 0, 1000, where));
    if (code == kRectangle) {
        if (xy.size() != 5) fail_in(where, "expected [2, x, y, width, height]");
        return corners({coordinate(xy[1], where), coordinate(xy[2], where),
                        coordinate(xy[3], where), coordinate(xy[4], where)});
    }
    if (code != kPolygon) {
        sink.ignore(core::concat("a shape with the code ", code));
        return std::nullopt;
    }
    if (xy.size() < 7 || xy.size() % 2 == 0) fail_in(where, "expected [7, x1, y1, x2, y2, ...]");
    Polygon polygon;
    for (std::size_t i = 1; i < xy.size(); i += 2)
        polygon.push_back({coordinate(xy[i], where), coordinate(xy[i + 1], where)});
    return polygon;
}

/// The tables of version 3 come in any order: each has a pass of its own.
class Version3 {
public:
    Version3(const Input& input, const RecordSink& sink)
        : input_(input), sink_(sink), file_(input.path) {}

    void read() {
        pass("attribute/*", [&](const Json& json, const std::string& key, const Where& where) {
            attributes_[key] = string_or_empty(json, "aname", where);
        });
        pass("file/*", [&](const Json& json, const std::string& key, const Where& where) {
            const std::string name = string_or_empty(json, "fname", where);
            file_names_[key] = name.empty() ? string_or_empty(json, "src", where) : name;
        });
        pass("view/*", [&](const Json& json, const std::string& key, const Where& where) {
            const Json& files = array(member(json, "fid_list", where), where["fid_list"]);
            if (files.empty()) fail_in(where, "a view of no file");
            const std::string id =
                files[0].is_string() ? files[0].get<std::string>() : files[0].dump();
            const auto name = file_names_.find(id);
            if (name == file_names_.end()) fail_in(where, "no file has this \"fid\"");
            record_of_.emplace(key, records_.size());
            records_.push_back({name->second});
        });
        pass("metadata/*", [&](const Json& json, const std::string&, const Where& where) {
            const auto record = record_of_.find(string_or_empty(json, "vid", where));
            if (record == record_of_.end()) fail_in(where, "no view has this \"vid\"");
            add(json, where, records_[record->second]);
        });
        for (Record& record : records_) sink_(std::move(record));
    }

private:
    template <typename Take>
    void pass(std::string_view wanted, Take take) {
        const std::string_view patterns[] = {wanted};
        const std::string_view table = wanted.substr(0, wanted.find('/'));
        stream_json(input_, patterns, [&](JsonItem&& item) {
            const std::string key(item.key);
            const Where above = file_[table];
            sink_.part([&] { take(item.value, key, above[key]); });
        });
    }

    void add(const Json& json, const Where& where, Record& record) {
        std::optional<Polygon> polygon =
            outline_of_numbers(member(json, "xy", where), where["xy"], sink_);
        if (!polygon) return;
        Attributes attributes;
        for (auto& [id, value] : attributes_of(find(json, "av"))) {
            const auto name = attributes_.find(id);
            attributes.emplace_back(name == attributes_.end() ? id : name->second, value);
        }
        RecordRegion region;
        region.polygon = std::move(*polygon);
        apply_attributes(attributes, region);
        RecordSink::add(record, std::move(region));
    }

    const Input& input_;
    const RecordSink& sink_;
    Where file_;
    std::unordered_map<std::string, std::string> attributes_;
    std::unordered_map<std::string, std::string> file_names_;
    std::unordered_map<std::string, std::size_t> record_of_;
    std::vector<Record> records_;
};

/// Columns by the names in the heading, which version 1 begins with #.
class Table {
public:
    Table(const Input& input, const RecordSink& sink) : input_(input), sink_(sink) {}

    void read() {
        read_rows(input_, [&](const Row& row, const Place& place) {
            if (columns_.empty()) return take_heading(row, place);
            sink_.part([&] { take_row(row, place); });
        });
        if (columns_.empty()) fail_at({input_.path, 1}, "has no heading");
        if (record_) sink_(std::move(*record_));
    }

private:
    void take_heading(const Row& row, const Place& place) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            std::string_view name = trim(row[i]);
            if (name.starts_with('#')) name.remove_prefix(1);
            columns_[std::string(name)] = i;
        }
        for (const char* name : {"filename", "region_shape_attributes", "region_attributes"})
            if (!columns_.contains(name)) fail_at(place, core::concat("has no column ", name));
    }

    void take_row(const Row& row, const Place& place) {
        const auto field = [&](const char* name) -> const std::string& {
            const std::size_t column = columns_.at(name);
            if (column >= row.size())
                fail_at(place, core::concat("has ", row.size(), " fields, ", name, " is missing"));
            return row[column];
        };
        const std::string& name = field("filename");
        if (!record_ || record_->image != name) {
            if (record_) sink_(std::move(*record_));
            record_.emplace(Record{name}).line = place.line;
        }
        const Where where(place.file, place.line);
        const std::string& shape = field("region_shape_attributes");
        if (trim(shape).empty() || trim(shape) == "{}") return;
        const Json attributes = parse_json(
            trim(field("region_attributes")).empty() ? "{}" : field("region_attributes"), where);
        add_region(parse_json(shape, where), &attributes, where, place.line, *record_, sink_);
    }

    const Input& input_;
    const RecordSink& sink_;
    std::map<std::string, std::size_t> columns_;
    std::optional<Record> record_;
};

enum class Kind { images, project, version3 };

Kind kind_of(const std::vector<std::string>& outline) {
    bool views = false;
    for (const std::string_view path : outline) {
        if (path.starts_with("/_via_")) return Kind::project;
        views = views || path == "/view {}" || path == "/metadata {}" || path == "/project {}";
    }
    return views ? Kind::version3 : Kind::images;
}

std::string head_of(const Input& input) {
    ByteStream stream(input);
    return std::string(stream.next().substr(0, 1 << 16));
}

void read(const Input& input, const RecordSink& sink) {
    if (std::filesystem::path(input.path).extension() == ".csv") return Table(input, sink).read();
    switch (kind_of(json_outline(head_of(input)))) {
        case Kind::images: return read_images(input, sink, "*");
        case Kind::project: return read_images(input, sink, "_via_img_metadata/*");
        case Kind::version3: return Version3(input, sink).read();
    }
}

Likeness recognise(const Sample& sample) {
    if (!sample.lines.empty() &&
        sample.lines.front().find("region_shape_attributes") != std::string::npos &&
        sample.json.empty())
        return {95, "a table with region_shape_attributes"};
    bool regions = false;
    bool names = false;
    for (const std::string_view path : sample.json) {
        if (path.starts_with("/_via_")) return {95, "a document with _via_ keys"};
        regions = regions || path.ends_with("/regions {}") || path.ends_with("/regions []");
        names = names || path.ends_with("/filename string");
    }
    if (regions && names) return {90, "images with filename and regions"};
    if (sample.has("/project {}") &&
        (sample.has("/view {}") || sample.has("/file {}") || sample.has("/metadata {}")))
        return {90, "a project with files, views and metadata"};
    return {};
}

}  // namespace

constinit const Format kViaFormat{
    .name = "via",
    .prefix = "",
    .extension = ".json",
    .read = read,
    .recognise = recognise,
    .labels = {.scope = LabelFiles::Scope::common, .extensions = {".json", ".csv"}},
    .holds = {.words = true, .illegible = true},
    .used_by = "VGG Image Annotator 1 to 3, JSON and CSV",
    .illegible = "an attribute called ignore or illegible; `###`"};

}  // namespace dbnet::formats
