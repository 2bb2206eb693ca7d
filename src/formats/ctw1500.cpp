// SCUT-CTW1500, one file per image, each text 14 points: along the top and back along the bottom.
// Text files of three kinds: 32 numbers (a box, then offsets from its corner; no words), 28 numbers
// and "####" before the word ("#######" is illegible), 28 numbers and CARE or ### (no words). The
// training labels of the later release are XML, whose pts are centres of letters.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "core/error.hpp"
#include "formats/comma_line.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"
#include "formats/xml.hpp"

namespace dbnet::formats {
namespace {

constexpr std::size_t kPoints = 14;
constexpr std::string_view kPrefix = "####";
constexpr std::string_view kCare = "CARE";
constexpr std::string_view kDocument[] = {"Annotations", "image"};

RecordRegion parse(std::string_view line, const Place& place) {
    const CommaLine fields = leading_numbers(line, 2 * kPoints + 4);
    RecordRegion region;
    if (fields.numbers.size() == 2 * kPoints + 4) {
        const Point corner{parse_coordinate(fields.numbers[0], place),
                           parse_coordinate(fields.numbers[1], place)};
        region.polygon = parse_points({fields.numbers.begin() + 4, fields.numbers.end()}, place);
        for (Point& point : region.polygon) point = {point.x + corner.x, point.y + corner.y};
        return region;
    }
    if (fields.numbers.size() != 2 * kPoints)
        fail_at(place, core::concat("has ", fields.numbers.size(),
                                    " numbers, expected 28 and a text, or 32"));
    region.polygon = parse_points(fields.numbers, place);
    std::string_view text = fields.rest;
    if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
    region.ignore = is_illegible(text);
    if (trim(text) != kCare || text.size() < fields.rest.size()) region.text = text;
    return region;
}

RecordRegion region_of(const XmlElement& box, const Input& input) {
    const Place place{input.path, box.line};
    RecordRegion region;
    region.line = box.line;
    region.polygon = parse_points(split(box.required_child("segs", input.path).text, ','), place);
    region.text = box.text_of("label");
    region.ignore = is_illegible(region.text);
    return region;
}

void read_xml(const Input& input, const RecordSink& sink) {
    bool any = false;
    stream_xml(input, kDocument, [&](XmlElement&& image) {
        any = true;
        const std::string* name = image.attribute("file");
        Record record{name != nullptr ? *name : std::filesystem::path(input.path).stem().string()};
        for (const XmlElement& box : image.children)
            if (box.name == "box")
                sink.part([&] { RecordSink::add(record, region_of(box, input)); });
            else
                sink.ignore("an element <" + box.name + ">");
        sink(std::move(record));
    });
    if (!any) sink(Record{std::filesystem::path(input.path).stem().string()});
}

void read(const Input& input, const RecordSink& sink) {
    if (std::filesystem::path(input.path).extension() == ".xml")
        read_xml(input, sink);
    else
        read_lines(input, sink, kCtw1500Format, parse);
}

/// Puts points on the longest edges from `first` to `last` until there are `wanted`.
void divide(Polygon& chain, std::size_t wanted) {
    while (chain.size() < wanted) {
        std::size_t longest = 0;
        double length = -1;
        for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
            const double edge =
                std::hypot(chain[i + 1].x - chain[i].x, chain[i + 1].y - chain[i].y);
            if (edge > length) std::tie(longest, length) = std::pair(i, edge);
        }
        const Point a = chain[longest];
        const Point b = chain[longest + 1];
        chain.insert(chain.begin() + static_cast<std::ptrdiff_t>(longest) + 1,
                     {(a.x + b.x) / 2, (a.y + b.y) / 2});
    }
}

/// A chain of equal steps where it is straight.
Polygon evenly(const Point& from, const Point& to, std::size_t count) {
    Polygon chain;
    for (std::size_t i = 0; i < count; ++i) {
        const double t = static_cast<double>(i) / static_cast<double>(count - 1);
        chain.push_back({from.x + t * (to.x - from.x), from.y + t * (to.y - from.y)});
    }
    return chain;
}

/// Leaves out the points that change the outline least.
void simplify(Polygon& polygon, std::size_t wanted) {
    while (polygon.size() > wanted) {
        std::size_t least = 0;
        double area = std::numeric_limits<double>::infinity();
        for (std::size_t i = 0; i < polygon.size(); ++i) {
            const Point& a = polygon[(i + polygon.size() - 1) % polygon.size()];
            const Point& b = polygon[i];
            const Point& c = polygon[(i + 1) % polygon.size()];
            const double change = std::abs((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));
            if (change < area) std::tie(least, area) = std::pair(i, change);
        }
        polygon.erase(polygon.begin() + static_cast<std::ptrdiff_t>(least));
    }
}

/// The same outline with 14 points: its first half is taken for the top.
Polygon with_14_points(Polygon polygon) {
    simplify(polygon, kPoints);
    if (polygon.size() == kPoints) return polygon;
    if (polygon.size() % 2 != 0) {
        polygon.push_back(polygon.front());
        divide(polygon, polygon.size() + 1);
        polygon.pop_back();
    }
    const auto middle = polygon.begin() + static_cast<std::ptrdiff_t>(polygon.size() / 2);
    Polygon top(polygon.begin(), middle);
    Polygon bottom(middle, polygon.end());
    for (Polygon* chain : {&top, &bottom}) {
        if (chain->size() == 2)
            *chain = evenly(chain->front(), chain->back(), kPoints / 2);
        else
            divide(*chain, kPoints / 2);
    }
    top.insert(top.end(), bottom.begin(), bottom.end());
    return top;
}

std::string render(const Record& record, const std::string&, const WriteOptions& options) {
    std::string text;
    for (const RecordRegion& region : record.regions) {
        for (const Point& point : with_14_points(outline(region, options.shape, Shape::polygon)))
            text += core::concat(std::lround(point.x), ",", std::lround(point.y), ",");
        text.append(kPrefix);
        text.append(region.ignore ? std::string(kIgnoredText) : on_one_line(region.text));
        text += "\n";
    }
    return text;
}

Likeness recognise(const Sample& sample) {
    if (sample.xml.first == kDocument[0] && sample.xml.second == kDocument[1])
        return {90, "XML with Annotations and image"};
    const double lines = sample.share([](std::string_view line) {
        const CommaLine fields = leading_numbers(line, 2 * kPoints + 5);
        const std::string_view text = trim(fields.rest);
        if (fields.numbers.size() == 2 * kPoints + 4) return text.empty();
        return fields.numbers.size() == 2 * kPoints &&
               (text.starts_with(kPrefix) || text == kCare || text == kIgnoredText);
    });
    if (lines < 0.8) return {};
    return {static_cast<int>(95 * lines), "lines of 14 points and ####, CARE or offsets"};
}

}  // namespace

constinit const Format kCtw1500Format{.name = "ctw1500",
                                      .prefix = "",
                                      .extension = ".txt",
                                      .render = render,
                                      .read = read,
                                      .recognise = recognise,
                                      .labels = {.extensions = {".txt", ".xml"},
                                                 .prefixes = {"", "gt_"},
                                                 .folder = LabelFiles::Folder::gts},
                                      .holds = {.words = true, .illegible = true},
                                      .used_by = "SCUT-CTW1500: offsets, words, XML, CARE",
                                      .illegible = "`###` after the prefix `####`"};

}  // namespace dbnet::formats
