// ICDAR2017 and 2019 MLT: x1,y1,...,x4,y4,script,text. The text is all that comes after the ninth
// comma. "###" marks illegible text, whatever its script.
#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "formats/comma_line.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

constexpr std::size_t kNumbers = 8;
constexpr std::array<std::string_view, 11> kScripts{"arabic", "latin",  "chinese", "japanese",
                                                    "korean", "bangla", "hindi",   "symbols",
                                                    "mixed",  "none",   "bengali"};

RecordRegion parse(std::string_view line, const Place& place) {
    const CommaLine fields = leading_numbers(line, kNumbers);
    const std::size_t comma = fields.rest.find(',');
    if (fields.numbers.size() < kNumbers || !fields.has_rest || comma == std::string_view::npos)
        fail_at(place, "expected x1,y1,x2,y2,x3,y3,x4,y4,script,text");
    RecordRegion region;
    region.polygon = parse_points(fields.numbers, place);
    region.text = fields.rest.substr(comma + 1);
    region.ignore = is_illegible(region.text);
    return region;
}

void read(const Input& input, const RecordSink& sink) {
    read_lines(input, sink, kMltFormat, parse);
}

Likeness recognise(const Sample& sample) {
    const double lines = sample.share([](std::string_view line) {
        const CommaLine fields = leading_numbers(line, kNumbers);
        const std::string script = lower(fields.rest.substr(0, fields.rest.find(',')));
        return fields.numbers.size() == kNumbers && script.size() < fields.rest.size() &&
               std::ranges::find(kScripts, script) != kScripts.end();
    });
    if (lines < 0.8) return {};
    return {static_cast<int>(90 * lines), "lines of eight numbers, a script and a text"};
}

}  // namespace

constinit const Format kMltFormat{
    .name = "mlt",
    .prefix = "",
    .extension = ".txt",
    .read = read,
    .recognise = recognise,
    .labels = {.extensions = {".txt"}, .prefixes = {"gt_", ""}, .folder = LabelFiles::Folder::gts},
    .holds = {.words = true, .illegible = true},
    .used_by = "ICDAR2017 MLT, ICDAR2019 MLT",
    .illegible = "`###`, `*`, do not care"};

}  // namespace dbnet::formats
