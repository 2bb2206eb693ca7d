// MSRA-TD500's annotations, one file per image (specification, 9.5): "index difficult x y w h
// theta", an axis-aligned box in pixels and the angle in radians by which its corners are turned
// about its centre, clockwise on screen. Difficult text counts as illegible.
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "formats/registry.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

constexpr std::size_t kFields = 7;

std::vector<std::string_view> fields_of(std::string_view line) {
    std::vector<std::string_view> fields;
    for (line = trim(line); !line.empty(); line = trim(line)) {
        fields.push_back(line.substr(0, line.find_first_of(" \t")));
        line.remove_prefix(fields.back().size());
    }
    return fields;
}

Polygon turned(const Rect& box, double angle) {
    const Point centre{box.x + box.width / 2, box.y + box.height / 2};
    Polygon polygon = corners(box);
    for (Point& point : polygon) {
        const double dx = point.x - centre.x;
        const double dy = point.y - centre.y;
        point = {centre.x + std::cos(angle) * dx - std::sin(angle) * dy,
                 centre.y + std::cos(angle) * dy + std::sin(angle) * dx};
    }
    return polygon;
}

RecordRegion parse(std::string_view line, const Place& place) {
    const std::vector<std::string_view> fields = fields_of(line);
    if (fields.size() != kFields)
        fail_at(place, core::concat("expected index difficult x y w h theta, got ", fields.size(),
                                    " fields"));
    if (fields[1] != "0" && fields[1] != "1")
        fail_at(place, core::concat("'", fields[1].substr(0, 40), "' is not 0 or 1 (difficult)"));
    const auto number = [&](std::size_t i) { return parse_coordinate(fields[i], place); };
    const Rect box{number(2), number(3), number(4), number(5)};
    if (box.width < 0 || box.height < 0) fail_at(place, "the box has a negative side");
    RecordRegion region;
    region.polygon = turned(box, number(6));
    region.ignore = fields[1] == "1";
    region.line = place.line;
    return region;
}

void read(const std::string& path, const RecordSink& sink) {
    Record record{std::filesystem::path(path).stem().string()};
    LineReader lines(path);
    for (std::string_view line; lines.next(line);)
        if (!trim(line).empty())
            sink.part([&] { record.regions.push_back(parse(line, lines.place())); });
    sink(std::move(record));
}

}  // namespace

constinit const Format kTd500Format{"td500", "", ".gt", nullptr, nullptr, read};

}  // namespace dbnet::formats
