// DOTA, one file per image: x1 y1 ... x4 y4 class difficult. Some files begin with a line of the
// image's source and one of its resolution.
#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "formats/attributes.hpp"
#include "formats/comma_line.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

constexpr std::size_t kNumbers = 8;

bool is_heading(std::string_view line) {
    line = trim(line);
    return line.starts_with("imagesource:") || line.starts_with("gsd:") ||
           line.starts_with("'imagesource'") || line.starts_with("'gsd'");
}

RecordRegion parse(std::string_view line, const Place& place) {
    std::vector<std::string_view> fields = split_blanks(line);
    if (fields.size() < kNumbers + 1 || fields.size() > kNumbers + 2)
        fail_at(place, core::concat("expected x1 y1 x2 y2 x3 y3 x4 y4 class difficult, got ",
                                    fields.size(), " fields"));
    RecordRegion region;
    region.ignore = (fields.size() > kNumbers + 1 && fields.back() != "0") ||
                    is_illegible_label(fields[kNumbers]);
    fields.resize(kNumbers);
    region.polygon = parse_points(fields, place);
    return region;
}

void read(const Input& input, const RecordSink& sink) {
    Record record{std::filesystem::path(input.path).stem().string()};
    LineReader lines(input);
    for (std::string_view line; lines.next(line);) {
        if (trim(line).empty() || is_heading(line)) continue;
        sink.part([&] {
            RecordRegion region = parse(line, lines.place());
            region.line = lines.place().line;
            RecordSink::add(record, std::move(region));
        });
    }
    sink(std::move(record));
}

Likeness recognise(const Sample& sample) {
    const double lines = sample.share([](std::string_view line) {
        if (is_heading(line)) return true;
        const std::vector<std::string_view> fields = split_blanks(line);
        return fields.size() > kNumbers && fields.size() <= kNumbers + 2 &&
               std::ranges::all_of(fields.begin(), fields.begin() + kNumbers, is_number) &&
               !is_number(fields[kNumbers]);
    });
    if (lines < 0.7) return {};
    return {static_cast<int>(90 * lines), "lines of eight numbers and a class, between blanks"};
}

}  // namespace

constinit const Format kDotaFormat{.name = "dota",
                                   .prefix = "",
                                   .extension = ".txt",
                                   .read = read,
                                   .recognise = recognise,
                                   .labels = {.extensions = {".txt"}},
                                   .holds = {.illegible = true},
                                   .used_by = "DOTA, oriented boxes of other tools",
                                   .illegible = "difficult other than 0"};

}  // namespace dbnet::formats
