// PaddleOCR's label file: a line per image, path<TAB>[{"transcription": "...", "points": [[x, y],
// ...]}, ...]. Illegible text has the transcription "###" or "*". The score is a key that Paddle's
// own tools pass over.
#include <optional>

#include "core/error.hpp"
#include "formats/document.hpp"
#include "formats/lines_writer.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

std::string render(const Record& record, const WriteOptions& options) {
    if (record.image.find_first_of("\t\n\r") != std::string::npos)
        core::fail(ErrorCode::unsupported, record.image,
                   ": the format paddle has no way to write a name with a tab or a line break");
    OrderedJson regions = OrderedJson::array();
    for (const RecordRegion& region : record.regions) {
        OrderedJson json{{"transcription", region.ignore ? std::string(kIgnoredText) : region.text},
                         {"points", points(outline(region, options.shape, Shape::quad))}};
        if (region.score) json["score"] = rounded_score(*region.score);
        regions.push_back(std::move(json));
    }
    return record.image + "\t" + to_line(regions) + "\n";
}

RecordRegion region_of(const Json& json, const Where& where) {
    RecordRegion region;
    region.polygon = points(member(json, "points", where), 3, where["points"]);
    region.score = score(json, where);
    region.text = string(member(json, "transcription", where), where["transcription"]);
    region.ignore = is_illegible(region.text);
    return region;
}

Record record_of(std::string_view line, const Place& place, const RecordSink& sink) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos)
        fail_at(place, "expected an image's path, a tab and a JSON array");
    const Where where(place.file, place.line);
    const Json regions = parse_json(line.substr(tab + 1), where);
    Record record{std::string(line.substr(0, tab))};
    record.line = place.line;
    std::size_t index = 0;
    for (const Json& json : array(regions, where))
        sink.part([&] {
            RecordRegion region = region_of(json, where[index++]);
            region.line = place.line;
            RecordSink::add(record, std::move(region));
        });
    return record;
}

void read(const Input& input, const RecordSink& sink) {
    LineReader lines(input);
    for (std::string_view line; lines.next(line);) {
        if (trim(line).empty()) continue;
        std::optional<Record> record;
        sink.part([&] { record = record_of(line, lines.place(), sink); });
        if (record) sink(std::move(*record));
    }
}

Likeness recognise(const Sample& sample) {
    const double lines = sample.share([](std::string_view line) {
        const std::size_t tab = line.find('\t');
        return tab != line.npos && trim(line.substr(tab)).starts_with('[');
    });
    if (lines < 0.7) return {};
    return {static_cast<int>(95 * lines), "lines of a path, a tab and a JSON array"};
}

std::unique_ptr<RecordWriter> open(const std::string& path, const WriteOptions& options) {
    return open_lines(path, "", render, options);
}

}  // namespace

constinit const Format kPaddleFormat{.name = "paddle",
                                     .prefix = "",
                                     .extension = ".txt",
                                     .open = open,
                                     .read = read,
                                     .recognise = recognise,
                                     .labels = {.scope = LabelFiles::Scope::common,
                                                .extensions = {".txt", ".json"},
                                                .usual = "Label.txt"},
                                     .holds = {.words = true, .illegible = true},
                                     .used_by = "PaddleOCR, PPOCRLabel, with key information too",
                                     .illegible = "`###`, `*`"};

}  // namespace dbnet::formats
