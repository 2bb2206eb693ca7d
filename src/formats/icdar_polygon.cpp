// ICDAR's lines with any number of points, x1,y1,...,xn,yn,text: how Total-Text is passed on, and
// the label files of MhLiao's lists. An even number of leading numbers are coordinates; of an odd
// number the last one is the text, or its first part.
#include "formats/icdar_polygon.hpp"

#include "core/error.hpp"
#include "formats/comma_line.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

constexpr std::size_t kMostNumbers = 20'000;

void read(const Input& input, const RecordSink& sink) {
    read_lines(input, sink, kIcdarPolygonFormat, parse_polygon_line);
}

Likeness recognise(const Sample& sample) {
    double others = 0;
    const double polygons = sample.share([&](std::string_view line) {
        const CommaLine fields = leading_numbers(line, kMostNumbers);
        const std::size_t points = fields.numbers.size() / 2;
        others += points != 4 && points >= 3 && !are_groups_of_digits(fields.numbers, 8) ? 1 : 0;
        return points >= 3;
    });
    const bool has_others =
        others >= 1 && others >= 0.02 * static_cast<double>(sample.lines.size());
    if (polygons < 0.7 || !has_others) return {};
    return {static_cast<int>(75 * polygons), "lines of different numbers of points and a text"};
}

}  // namespace

RecordRegion parse_polygon_line(std::string_view line, const Place& place) {
    const CommaLine fields = leading_numbers(line, kMostNumbers);
    std::vector<std::string_view> numbers = fields.numbers;
    std::string_view text = fields.rest;
    if (numbers.size() % 2 != 0) {
        const char* const begin = numbers.back().data();
        text = {begin, static_cast<std::size_t>(line.data() + line.size() - begin)};
        numbers.pop_back();
    }
    RecordRegion region;
    region.polygon = parse_points(numbers, place);
    region.text = text;
    region.ignore = is_illegible(text);
    return region;
}

constinit const Format kIcdarPolygonFormat{
    .name = "icdar-polygon",
    .prefix = "",
    .extension = ".txt",
    .read = read,
    .recognise = recognise,
    .labels = {.extensions = {".txt"},
               .prefixes = {"gt_", "poly_gt_", ""},
               .folder = LabelFiles::Folder::gts},
    .holds = {.words = true, .illegible = true},
    .used_by = "Total-Text as lines, polygons of any number of points",
    .illegible = "`###`, `*`, do not care"};

}  // namespace dbnet::formats
