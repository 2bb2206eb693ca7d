// JSON of our own, one document per image (json) or one line per image (jsonl). The schema is
// described in docs/formats.md; kSchema changes with it.
#include <algorithm>
#include <optional>

#include "core/error.hpp"
#include "formats/document.hpp"
#include "formats/lines_writer.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

constexpr int kSchema = 1;

OrderedJson region_to_json(const RecordRegion& region, Shape shape) {
    OrderedJson json = OrderedJson::object();
    if (region.score) json["score"] = rounded_score(*region.score);
    const bool standard = shape == Shape::standard;
    if (standard || shape == Shape::polygon) json["polygon"] = points(region.polygon);
    if (shape == Shape::quad || (standard && region.quad))
        json["quad"] = points(outline(region, Shape::quad, Shape::quad));
    if (shape == Shape::rect) json["rect"] = box(outline(region, Shape::rect, Shape::rect));
    if (!region.text.empty()) json["text"] = region.text;
    if (region.ignore) json["ignore"] = true;
    return json;
}

OrderedJson candidate_to_json(const RecordCandidate& candidate) {
    return {{"verdict", candidate.verdict},
            {"reason", candidate.reason},
            {"score", rounded_score(candidate.score)},
            {"short_side", rounded_coordinate(candidate.short_side)},
            {"contour", points(candidate.contour)}};
}

OrderedJson record_to_json(const Record& record, const WriteOptions& options) {
    OrderedJson json{{"schema", kSchema},
                     {"image", record.image},
                     {"width", record.width},
                     {"height", record.height},
                     {"regions", OrderedJson::array()}};
    for (const RecordRegion& region : record.regions)
        json["regions"].push_back(region_to_json(region, options.shape));
    for (const RecordCandidate& candidate : record.candidates)
        json["candidates"].push_back(candidate_to_json(candidate));
    if (!record.warnings.empty()) json["warnings"] = record.warnings;
    for (const auto& [step, milliseconds] : record.timing_ms)
        json["timing_ms"][step] = rounded_coordinate(milliseconds);
    return json;
}

Quad quad_of(const Json& value, const Where& where) {
    const Polygon corners = points(value, 4, where);
    if (corners.size() != 4) fail_in(where, "expected 4 points");
    Quad quad;
    std::ranges::copy(corners, quad.begin());
    return quad;
}

RecordRegion region_of(const Json& json, const Where& where) {
    RecordRegion region;
    region.score = score(json, where);
    if (const Json* quad = find(json, "quad")) region.quad = quad_of(*quad, where["quad"]);
    if (const Json* rect = find(json, "rect")) region.rect = box(*rect, where["rect"]);
    if (const Json* polygon = find(json, "polygon"))
        region.polygon = points(*polygon, 3, where["polygon"]);
    else if (region.quad)
        region.polygon = outline(region, Shape::quad, Shape::quad);
    else if (region.rect)
        region.polygon = outline(region, Shape::rect, Shape::rect);
    else
        fail_in(where, "has no \"polygon\", \"quad\" or \"rect\"");
    if (const Json* text = find(json, "text")) region.text = string(*text, where["text"]);
    region.ignore = flag(json, "ignore", where);
    return region;
}

RecordCandidate candidate_of(const Json& json, const Where& where) {
    return {string(member(json, "verdict", where), where["verdict"]),
            string(member(json, "reason", where), where["reason"]),
            points(member(json, "contour", where), 1, where["contour"]),
            number(member(json, "score", where), 0, 1, where["score"]),
            number(member(json, "short_side", where), 0, kMaxCoordinate, where["short_side"])};
}

/// Calls `read` for each element of the array under a key, if there is one, with its place.
template <typename Read>
void for_each_in(const Json& json, const char* key, const Where& where, Read read) {
    const Json* values = find(json, key);
    if (values == nullptr) return;
    std::size_t index = 0;
    for (const Json& value : array(*values, where[key])) read(value, where.in(key, index++));
}

Record record_of(const Json& json, const Where& where, const RecordSink& sink) {
    const int schema = size(member(json, "schema", where), where["schema"]);
    if (schema != kSchema)
        core::fail(ErrorCode::unsupported, where.text(), ": schema ", schema, ", expected ",
                   kSchema);
    Record record{string(member(json, "image", where), where["image"]),
                  size(member(json, "width", where), where["width"]),
                  size(member(json, "height", where), where["height"])};
    array(member(json, "regions", where), where["regions"]);
    for_each_in(json, "regions", where, [&](const Json& value, const Where& place) {
        sink.part([&] { RecordSink::add(record, region_of(value, place)); });
    });
    for_each_in(json, "candidates", where, [&](const Json& value, const Where& place) {
        record.candidates.push_back(candidate_of(value, place));
    });
    for_each_in(json, "warnings", where, [&](const Json& value, const Where& place) {
        record.warnings.push_back(string(value, place));
    });
    if (const Json* timing = find(json, "timing_ms"))
        for (const auto& [step, value] : timing->items())
            record.timing_ms[step] = number(value, 0, kMaxCoordinate, where["timing_ms"][step]);
    return record;
}

std::string render_document(const Record& record, const std::string&, const WriteOptions& options) {
    return to_text(record_to_json(record, options));
}

void read_document(const Input& input, const RecordSink& sink) {
    sink(record_of(read_json(input), input.path, sink));
}

std::unique_ptr<RecordWriter> open_jsonl(const std::string& path, const WriteOptions& options) {
    return open_lines(path, "", json_line, options);
}

void read_jsonl(const Input& input, const RecordSink& sink) {
    LineReader lines(input);
    for (std::string_view line; lines.next(line);) {
        if (trim(line).empty()) continue;
        const std::size_t number = lines.place().line;
        const Where where(input.path, number);
        std::optional<Record> record;
        sink.part([&] { record = record_of(parse_json(line, where), where, sink); });
        if (!record) continue;
        record->line = number;
        for (RecordRegion& region : record->regions) region.line = number;
        sink(std::move(*record));
    }
}

Likeness recognise(const Sample& sample) {
    if (!sample.has("/schema number") || !sample.has("/image string")) return {};
    return {95, "a document that dbnet writes"};
}

Likeness recognise_jsonl(const Sample& sample) {
    const bool one_file = sample.files.size() == 1 && !sample.lines.empty() &&
                          sample.lines.front().starts_with("{\"schema\"");
    return one_file ? Likeness{97, "lines of JSON that dbnet writes"} : Likeness{};
}

}  // namespace

std::string json_line(const Record& record, const WriteOptions& options) {
    return to_line(record_to_json(record, options)) + "\n";
}

constinit const Format kJsonFormat{.name = "json",
                                   .prefix = "",
                                   .extension = ".json",
                                   .render = render_document,
                                   .read = read_document,
                                   .recognise = recognise,
                                   .labels = {.extensions = {".json"}},
                                   .holds = {.words = true, .illegible = true, .sizes = true},
                                   .used_by = "dbnet",
                                   .illegible = "`ignore`"};

constinit const Format kJsonlFormat{
    .name = "jsonl",
    .prefix = "",
    .extension = ".jsonl",
    .open = open_jsonl,
    .read = read_jsonl,
    .recognise = recognise_jsonl,
    .labels = {.scope = LabelFiles::Scope::common, .extensions = {".jsonl"}},
    .holds = {.words = true, .illegible = true, .sizes = true},
    .used_by = "dbnet",
    .illegible = "`ignore`"};

}  // namespace dbnet::formats
