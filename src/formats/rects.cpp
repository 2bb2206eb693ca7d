// ICDAR2019 ReCTS: a document for each image, {"lines": [{"transcription", "points": [x1, y1, ...,
// x4, y4], "ignore": 0}, ...], "chars": the same text letter by letter, which is not read}.
#include <filesystem>

#include "core/error.hpp"
#include "formats/document.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

RecordRegion region_of(const Json& json, const Where& where) {
    RecordRegion region;
    region.polygon = flat_points(member(json, "points", where), where["points"]);
    region.text = string_or_empty(json, "transcription", where);
    region.ignore = flag(json, "ignore", where) || is_illegible(region.text);
    return region;
}

void read(const Input& input, const RecordSink& sink) {
    const Json document = read_json(input);
    const Where file(input.path);
    Record record{std::filesystem::path(input.path).stem().string()};
    std::size_t index = 0;
    for (const Json& json : array(member(document, "lines", file), file["lines"]))
        sink.part([&] { RecordSink::add(record, region_of(json, file.in("lines", index++))); });
    sink(std::move(record));
}

Likeness recognise(const Sample& sample) {
    if (!sample.has("/lines []") || !sample.has("/lines/[]/points []")) return {};
    return {90, "a document with lines and their flat points"};
}

}  // namespace

constinit const Format kRectsFormat{.name = "rects",
                                    .prefix = "",
                                    .extension = ".json",
                                    .read = read,
                                    .recognise = recognise,
                                    .labels = {.extensions = {".json"}, .prefixes = {"", "gt_"}},
                                    .holds = {.words = true, .illegible = true},
                                    .used_by = "ICDAR2019 ReCTS, lines",
                                    .illegible = "`ignore`, `###`"};

}  // namespace dbnet::formats
