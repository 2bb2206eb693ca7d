// YOLO, one file per image, lines of a class and numbers from 0 to 1, parts of the image's width
// and height: centre and size of a box, four corners, or the points of a polygon; a score may
// follow a box. Nothing marks illegible text: it is left out when written.
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "formats/comma_line.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

constexpr std::size_t kBox = 5;

RecordRegion parse(std::string_view line, const Place& place) {
    std::vector<std::string_view> fields = split_blanks(line);
    if (fields.size() < kBox)
        fail_at(place, core::concat("expected a class and at least 4 numbers, got ", fields.size(),
                                    " fields"));
    RecordRegion region;
    if (fields.size() % 2 == 0) {
        region.score = parse_score(fields.back(), place);
        fields.pop_back();
    }
    if (fields.size() > kBox) {
        region.polygon = parse_points({fields.begin() + 1, fields.end()}, place);
        return region;
    }
    const auto number = [&](std::size_t i) { return parse_coordinate(fields[i], place); };
    const double width = number(3);
    const double height = number(4);
    if (width < 0 || height < 0) fail_at(place, "the box has a negative side");
    region.polygon = corners({number(1) - width / 2, number(2) - height / 2, width, height});
    return region;
}

void read(const Input& input, const RecordSink& sink) {
    const auto take = [&](Record&& record) {
        record.relative = true;
        sink(std::move(record));
    };
    read_lines(input, sink.with(take), kYoloFormat, parse);
}

std::string render(const Record& record, const std::string&, const WriteOptions& options) {
    if (record.width == 0 || record.height == 0)
        core::fail(ErrorCode::unsupported, record.image,
                   ": the format yolo needs the size of the image");
    const auto part = [](double value, int side) {
        return print(std::round(value / side * 1e6) / 1e6);
    };
    std::string text;
    for (const RecordRegion& region : record.regions) {
        if (region.ignore) continue;
        text += "0";
        for (const Point& point : outline(region, options.shape, Shape::polygon))
            text.append(" ")
                .append(part(point.x, record.width))
                .append(" ")
                .append(part(point.y, record.height));
        text += "\n";
    }
    return text;
}

Likeness recognise(const Sample& sample) {
    const double lines = sample.share([](std::string_view line) {
        const std::vector<std::string_view> fields = split_blanks(line);
        if (fields.size() < kBox || fields[0].find_first_not_of("0123456789") != line.npos)
            return false;
        return std::ranges::all_of(fields.begin() + 1, fields.end(), [](std::string_view field) {
            return is_number(field) && std::abs(parse_coordinate(field, {})) <= 2;
        });
    });
    if (lines < 0.7) return {};
    return {static_cast<int>(90 * lines), "lines of a class and numbers from 0 to 1"};
}

}  // namespace

constinit const Format kYoloFormat{
    .name = "yolo",
    .prefix = "",
    .extension = ".txt",
    .render = render,
    .read = read,
    .recognise = recognise,
    .labels = {.extensions = {".txt"}, .folder = LabelFiles::Folder::labels},
    .used_by = "YOLO: boxes, oriented boxes, segmentation",
    .illegible = "nothing"};

}  // namespace dbnet::formats
