// One table for all images (RFC 4180, lines end with \n): a line per region, with the points in one
// field, "x1 y1 x2 y2 ...". An image without regions has one line, whose last five fields are
// empty.
#include <algorithm>
#include <optional>
#include <utility>

#include "core/error.hpp"
#include "formats/lines_writer.hpp"
#include "formats/registry.hpp"
#include "formats/rows.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

constexpr std::string_view kHeading = "image,width,height,region,score,points,text,ignore";
constexpr std::size_t kFields = 8;

std::string points_field(const Polygon& polygon) {
    std::string text;
    for (const Point& point : polygon) {
        if (!text.empty()) text += " ";
        text.append(print(rounded_coordinate(point.x))).append(" ");
        text.append(print(rounded_coordinate(point.y)));
    }
    return text;
}

std::string render(const Record& record, const WriteOptions& options) {
    const std::string image =
        core::concat(quoted(record.image), ",", record.width, ",", record.height, ",");
    if (record.regions.empty()) return image + ",,,,\n";
    std::string text;
    int number = 0;
    for (const RecordRegion& region : record.regions) {
        const std::string score = region.score ? print(rounded_score(*region.score)) : "";
        text += core::concat(image, ++number, ",", score, ",",
                             points_field(outline(region, options.shape, Shape::polygon)), ",",
                             quoted(region.text), ",", region.ignore ? 1 : 0, "\n");
    }
    return text;
}

std::unique_ptr<RecordWriter> open(const std::string& path, const WriteOptions& options) {
    return open_lines(path, std::string(kHeading) + "\n", render, options);
}

void check_heading(const Row& row, const Place& place) {
    std::string heading;
    for (const std::string& field : row) heading.append(heading.empty() ? "" : ",").append(field);
    if (heading != kHeading) fail_at(place, core::concat("expected the heading ", kHeading));
}

RecordRegion region_of(const Row& fields, const Place& place) {
    RecordRegion region;
    region.line = place.line;
    if (!fields[4].empty()) region.score = parse_score(fields[4], place);
    region.polygon = parse_points(split(fields[5], ' '), place);
    region.text = fields[6];
    if (fields[7] != "0" && fields[7] != "1") fail_at(place, "ignore must be 0 or 1");
    region.ignore = fields[7] == "1";
    return region;
}

/// Adds to the record of the image, or begins the next one.
void add_row(const Row& fields, const Place& place, std::optional<Record>& record,
             const RecordSink& sink) {
    if (fields.size() != kFields)
        fail_at(place, core::concat("expected ", kFields, " fields, got ", fields.size()));
    if (!record || record->image != fields[0]) {
        Record next{fields[0], parse_size(fields[1], place), parse_size(fields[2], place)};
        next.line = place.line;
        if (record) sink(std::move(*record));
        record = std::move(next);
    }
    if (!fields[3].empty()) RecordSink::add(*record, region_of(fields, place));
}

void read(const Input& input, const RecordSink& sink) {
    std::optional<Record> record;
    bool first = true;
    read_rows(input, [&](const Row& row, const Place& place) {
        if (std::exchange(first, false)) return check_heading(row, place);
        sink.part([&] { add_row(row, place, record, sink); });
    });
    if (first) check_heading({}, {input.path, 1});
    if (record) sink(std::move(*record));
}

Likeness recognise(const Sample& sample) {
    if (sample.lines.empty() || sample.lines.front() != kHeading) return {};
    return {99, "a table with the heading that dbnet writes"};
}

}  // namespace

constinit const Format kCsvFormat{
    .name = "csv",
    .prefix = "",
    .extension = ".csv",
    .open = open,
    .read = read,
    .recognise = recognise,
    .labels = {.scope = LabelFiles::Scope::common, .extensions = {".csv"}},
    .holds = {.words = true, .illegible = true, .sizes = true},
    .used_by = "dbnet",
    .illegible = "`ignore`"};

}  // namespace dbnet::formats
