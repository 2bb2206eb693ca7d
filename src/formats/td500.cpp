// MSRA-TD500's annotations, one file per image (specification, 9.5): "index difficult x y w h
// theta", an axis-aligned box in pixels and the angle in radians by which its corners are turned
// about its centre, clockwise on screen. Difficult text counts as illegible.
#include <algorithm>

#include "core/error.hpp"
#include "formats/comma_line.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/shapes.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

constexpr std::size_t kFields = 7;

RecordRegion parse(std::string_view line, const Place& place) {
    const std::vector<std::string_view> fields = split_blanks(line);
    if (fields.size() != kFields)
        fail_at(place, core::concat("expected index difficult x y w h theta, got ", fields.size(),
                                    " fields"));
    if (fields[1] != "0" && fields[1] != "1")
        fail_at(place, core::concat("'", fields[1].substr(0, 40), "' is not 0 or 1 (difficult)"));
    const auto number = [&](std::size_t i) { return parse_coordinate(fields[i], place); };
    const Rect box{number(2), number(3), number(4), number(5)};
    if (box.width < 0 || box.height < 0) fail_at(place, "the box has a negative side");
    RecordRegion region;
    region.polygon = turned(box, number(6), centre(box));
    region.ignore = fields[1] == "1";
    return region;
}

void read(const Input& input, const RecordSink& sink) {
    read_lines(input, sink, kTd500Format, parse);
}

Likeness recognise(const Sample& sample) {
    const double lines = sample.share([](std::string_view line) {
        const std::vector<std::string_view> fields = split_blanks(line);
        return fields.size() == kFields && (fields[1] == "0" || fields[1] == "1") &&
               std::ranges::all_of(fields, is_number);
    });
    if (lines < 0.7 || !sample.files.front().path.ends_with(".gt")) return {};
    return {static_cast<int>(90 * lines), "lines of an index, a flag, a box and an angle in .gt"};
}

}  // namespace

constinit const Format kTd500Format{.name = "td500",
                                    .prefix = "",
                                    .extension = ".gt",
                                    .read = read,
                                    .recognise = recognise,
                                    .labels = {.extensions = {".gt"}},
                                    .holds = {.illegible = true},
                                    .used_by = "MSRA-TD500, HUST-TR400",
                                    .illegible = "difficult 1"};

}  // namespace dbnet::formats
