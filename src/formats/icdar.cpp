// ICDAR's text files, one per image (specification, 9.5). Results, res_<stem>.txt: integer
// coordinates x1,y1,...,xn,yn and, if asked for, the score. Annotations, gt_<stem>.txt: four
// points, then the transcription, which may contain commas; "###" marks illegible text. The files
// are told apart by their names, since a transcription may look like a score.
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "formats/registry.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

constexpr std::string_view kResultPrefix = "res_";
constexpr std::string_view kTruthPrefix = "gt_";
constexpr std::size_t kTruthNumbers = 8;

std::string render(const Record& record, const std::string&, const WriteOptions& options) {
    std::string text;
    for (const RecordRegion& region : record.regions) {
        std::string_view separator;
        for (const Point& point : outline(region, options.shape, Shape::quad)) {
            text += core::concat(separator, std::lround(point.x), ",", std::lround(point.y));
            separator = ",";
        }
        if (options.annotations)
            text.append(separator).append(region.ignore ? kIgnoredText : region.text);
        else if (options.scores && region.score)
            text.append(separator).append(print(rounded_score(*region.score)));
        text += "\n";
    }
    return text;
}

RecordRegion parse_result(std::string_view line, const Place& place) {
    std::vector<std::string_view> fields = split(line, ',');
    RecordRegion region;
    region.line = place.line;
    if (fields.size() % 2 != 0) {
        region.score = parse_score(fields.back(), place);
        fields.pop_back();
    }
    region.polygon = parse_points(fields, place);
    return region;
}

RecordRegion parse_truth(std::string_view line, const Place& place) {
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
    region.line = place.line;
    region.ignore = line == kIgnoredText;
    return region;
}

void read(const std::string& path, const RecordSink& sink) {
    std::string stem = std::filesystem::path(path).stem().string();
    const bool is_result = stem.starts_with(kResultPrefix);
    if (is_result)
        stem.erase(0, kResultPrefix.size());
    else if (stem.starts_with(kTruthPrefix))
        stem.erase(0, kTruthPrefix.size());
    Record record{stem};
    LineReader lines(path);
    for (std::string_view line; lines.next(line);)
        if (!trim(line).empty())
            sink.part([&] {
                record.regions.push_back(is_result ? parse_result(line, lines.place())
                                                   : parse_truth(line, lines.place()));
            });
    sink(std::move(record));
}

}  // namespace

constinit const Format kIcdarFormat{"icdar", kResultPrefix, ".txt", render, nullptr, read};

}  // namespace dbnet::formats
