// ICDAR's text files, one per image (specification, 9.5). Results, res_<stem>.txt: integer
// coordinates x1,y1,...,xn,yn and, if asked for, the score. Annotations, gt_<stem>.txt: four
// points, then the transcription, which may contain commas; "###" marks illegible text. The files
// are told apart by their names, since a transcription may look like a score.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "formats/comma_line.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"
#include "geometry/min_area_rect.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::formats {
namespace {

constexpr std::string_view kResultPrefix = "res_";
constexpr std::size_t kTruthNumbers = 8;
constexpr std::size_t kMostNumbers = 1000;

/// Annotations are quads: of a polygon of more points the rectangle around it.
Polygon outline_of(const RecordRegion& region, const WriteOptions& options) {
    Polygon polygon = outline(region, options.shape, Shape::quad);
    if (!options.annotations || options.shape == Shape::polygon || polygon.size() <= 4)
        return polygon;
    const Quad quad = geometry::clockwise_from_top_left(geometry::min_area_rect(polygon).corners);
    return {quad.begin(), quad.end()};
}

std::string render(const Record& record, const std::string&, const WriteOptions& options) {
    std::string text;
    for (const RecordRegion& region : record.regions) {
        std::string_view separator;
        for (const Point& point : outline_of(region, options)) {
            text += core::concat(separator, std::lround(point.x), ",", std::lround(point.y));
            separator = ",";
        }
        if (options.annotations)
            text.append(separator).append(region.ignore ? std::string(kIgnoredText)
                                                        : on_one_line(region.text));
        else if (options.scores && region.score)
            text.append(separator).append(print(rounded_score(*region.score)));
        text += "\n";
    }
    return text;
}

RecordRegion parse_result(std::string_view line, const Place& place) {
    std::vector<std::string_view> fields = split(line, ',');
    RecordRegion region;
    if (fields.size() % 2 != 0) {
        region.score = parse_score(fields.back(), place);
        fields.pop_back();
    }
    region.polygon = parse_points(fields, place);
    return region;
}

/// Whether the numbers after the first eight are points of the same outline, not a text: at least
/// two, and near the others.
bool is_polygon(const std::vector<std::string_view>& numbers, const Place& place) {
    if (numbers.size() < kTruthNumbers + 4 || are_groups_of_digits(numbers, kTruthNumbers))
        return false;
    const Rect box = geometry::bounding_rect(
        parse_points({numbers.begin(), numbers.begin() + kTruthNumbers}, place));
    const double reach = 2 * std::max(box.width, box.height);
    for (std::size_t i = kTruthNumbers; i + 1 < numbers.size(); i += 2) {
        const double x = parse_coordinate(numbers[i], place);
        const double y = parse_coordinate(numbers[i + 1], place);
        if (x < box.x - reach || x > box.x + box.width + reach || y < box.y - reach ||
            y > box.y + box.height + reach)
            return false;
    }
    return true;
}

RecordRegion parse_truth(std::string_view line, const Place& place) {
    const CommaLine all = leading_numbers(line, kMostNumbers);
    if (is_polygon(all.numbers, place))
        fail_at(place, core::concat("has ", all.numbers.size(),
                                    " numbers, expected four points and a text; polygons are the "
                                    "format icdar-polygon"));
    std::vector<std::string_view> numbers;
    while (numbers.size() < kTruthNumbers && !line.empty()) {
        const std::size_t comma = line.find(',');
        numbers.push_back(line.substr(0, comma));
        line.remove_prefix(comma == std::string_view::npos ? line.size() : comma + 1);
    }
    if (numbers.size() < kTruthNumbers)
        fail_at(place, core::concat("expected x1,y1,x2,y2,x3,y3,x4,y4,text, got ", numbers.size(),
                                    " fields"));
    RecordRegion region;
    region.polygon = parse_points(numbers, place);
    region.text = line;
    region.ignore = is_illegible(line);
    return region;
}

void read(const Input& input, const RecordSink& sink) {
    const bool is_result =
        std::filesystem::path(input.path).stem().string().starts_with(kResultPrefix);
    read_lines(input, sink, kIcdarFormat, is_result ? parse_result : parse_truth);
}

Likeness recognise(const Sample& sample) {
    const double quads = sample.share([](std::string_view line) {
        const CommaLine fields = leading_numbers(line, kMostNumbers);
        return fields.numbers.size() >= kTruthNumbers &&
               (fields.numbers.size() <= kTruthNumbers + 1 ||
                are_groups_of_digits(fields.numbers, kTruthNumbers));
    });
    if (quads < 0.7) return {};
    return {static_cast<int>(70 * quads), "lines of eight numbers and a text"};
}

}  // namespace

constinit const Format kIcdarFormat{.name = "icdar",
                                    .prefix = kResultPrefix,
                                    .extension = ".txt",
                                    .render = render,
                                    .read = read,
                                    .recognise = recognise,
                                    .labels = {.extensions = {".txt"},
                                               .prefixes = {"gt_", kResultPrefix, ""},
                                               .folder = LabelFiles::Folder::gts},
                                    .holds = {.words = true, .illegible = true},
                                    .used_by = "ICDAR2015, hand-made quads",
                                    .illegible = "`###`, `*`, do not care"};

}  // namespace dbnet::formats
