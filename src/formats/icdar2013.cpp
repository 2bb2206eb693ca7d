// ICDAR2013 (focused scene text): gt_<stem>.txt with boxes, left top right bottom "word", between
// blanks in the training set and between commas in the test set. The word is in quotes, which are
// not part of it, and may contain blanks, commas and quotes.
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "formats/comma_line.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

constexpr std::string_view kSeparators = ", \t";

/// Takes a field from the front of the line: one comma, or blanks, end it.
std::string_view take_field(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    const std::string_view field = line.substr(0, line.find_first_of(kSeparators));
    line.remove_prefix(field.size());
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.starts_with(',')) line.remove_prefix(1);
    return field;
}

std::string_view unquoted(std::string_view text) {
    text = trim(text);
    if (text.size() >= 2 && text.starts_with('"') && text.ends_with('"'))
        return text.substr(1, text.size() - 2);
    return text;
}

RecordRegion parse(std::string_view line, const Place& place) {
    double sides[4];
    for (double& side : sides) {
        if (trim(line).empty()) fail_at(place, "expected left, top, right, bottom, \"word\"");
        side = parse_coordinate(take_field(line), place);
    }
    RecordRegion region;
    region.polygon = corners({std::min(sides[0], sides[2]), std::min(sides[1], sides[3]),
                              std::abs(sides[2] - sides[0]), std::abs(sides[3] - sides[1])});
    region.text = unquoted(line);
    region.ignore = is_illegible(region.text);
    return region;
}

void read(const Input& input, const RecordSink& sink) {
    read_lines(input, sink, kIcdar2013Format, parse);
}

Likeness recognise(const Sample& sample) {
    bool quoted = false;
    const double boxes = sample.share([&](std::string_view line) {
        for (int i = 0; i < 4; ++i)
            if (!is_number(take_field(line))) return false;
        line = trim(line);
        quoted = quoted || (line.starts_with('"') && line.ends_with('"'));
        return !line.empty() && !is_number(line.substr(0, line.find_first_of(kSeparators)));
    });
    if (boxes < 0.7) return {};
    return {
        static_cast<int>((quoted ? 90 : 50) * boxes),
        quoted ? "lines of four numbers and a word in quotes" : "lines of four numbers and a word"};
}

}  // namespace

constinit const Format kIcdar2013Format{
    .name = "icdar2013",
    .prefix = "",
    .extension = ".txt",
    .read = read,
    .recognise = recognise,
    .labels = {.extensions = {".txt"}, .prefixes = {"gt_", ""}, .folder = LabelFiles::Folder::gts},
    .holds = {.words = true, .illegible = true},
    .used_by = "ICDAR2013, both separators",
    .illegible = "`###`, `*`, do not care"};

}  // namespace dbnet::formats
