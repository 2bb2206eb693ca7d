// One table for all images (RFC 4180, lines end with \n): a line per region, with the points in one
// field, "x1 y1 x2 y2 ...". An image without regions has one line, whose last five fields are
// empty.
#include <algorithm>
#include <optional>
#include <utility>

#include "core/error.hpp"
#include "formats/lines_writer.hpp"
#include "formats/registry.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

constexpr std::string_view kHeading = "image,width,height,region,score,points,text,ignore";
constexpr std::size_t kFields = 8;

std::string quoted(const std::string& field) {
    if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
    std::string text = "\"";
    for (const char c : field) text.append(c == '"' ? 2 : 1, c);
    return text + "\"";
}

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

std::vector<std::string> fields_of(std::string_view row) {
    std::vector<std::string> fields(1);
    bool quoted_part = false;
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (row[i] == '"' && quoted_part && row.substr(i + 1).starts_with('"'))
            fields.back() += row[i++];
        else if (row[i] == '"')
            quoted_part = !quoted_part;
        else if (row[i] == ',' && !quoted_part)
            fields.emplace_back();
        else
            fields.back() += row[i];
    }
    return fields;
}

/// A row goes on over the line's end while a quote is open: while it has an odd number of them.
bool next_row(LineReader& lines, std::string& row) {
    const auto has_odd_quotes = [](std::string_view text) {
        return std::ranges::count(text, '"') % 2 != 0;
    };
    std::string_view line;
    if (!lines.next(line)) return false;
    row = line;
    for (bool open = has_odd_quotes(line); open; open ^= has_odd_quotes(line)) {
        if (!lines.next(line)) fail_at(lines.place(), "a quoted field is not closed");
        row.append("\n").append(line);
    }
    return true;
}

RecordRegion region_of(const std::vector<std::string>& fields, const Place& place) {
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
void add_row(const std::vector<std::string>& fields, const Place& place,
             std::optional<Record>& record, const RecordSink& sink) {
    if (fields.size() != kFields)
        fail_at(place, core::concat("expected ", kFields, " fields, got ", fields.size()));
    if (!record || record->image != fields[0]) {
        Record next{fields[0], parse_size(fields[1], place), parse_size(fields[2], place)};
        next.line = place.line;
        if (record) sink(std::move(*record));
        record = std::move(next);
    }
    if (!fields[3].empty()) record->regions.push_back(region_of(fields, place));
}

void read(const std::string& path, const RecordSink& sink) {
    LineReader lines(path);
    std::string row;
    if (!next_row(lines, row) || row != kHeading)
        fail_at({path, 1}, core::concat("expected the heading ", kHeading));
    std::optional<Record> record;
    while (next_row(lines, row))
        sink.part([&] { add_row(fields_of(row), lines.place(), record, sink); });
    if (record) sink(std::move(*record));
}

}  // namespace

constinit const Format kCsvFormat{"csv", "", ".csv", nullptr, open, read};

}  // namespace dbnet::formats
