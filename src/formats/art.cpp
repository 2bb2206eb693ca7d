// ICDAR2019 ArT and LSVT: one document for all images, image name -> [{transcription, points,
// illegibility, language}, ...]; LSVT has lines and no language. The names have no extension. The
// records of LSVT's other file, with weak labels, have no points: they are left out.
#include "core/error.hpp"
#include "formats/document.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

RecordRegion region_of(const Json& json, const Where& where) {
    RecordRegion region;
    region.polygon = points(member(json, "points", where), 3, where["points"]);
    region.text = string_or_empty(json, "transcription", where);
    region.ignore = flag(json, "illegibility", where) || is_illegible(region.text);
    return region;
}

void read(const Input& input, const RecordSink& sink) {
    constexpr std::string_view kImages[] = {"*"};
    const Where file(input.path);
    const auto take = [&](JsonItem&& item) {
        sink.part([&] {
            const Where where = file[item.key];
            Record record{std::string(item.key)};
            std::size_t index = 0;
            for (const Json& json : array(item.value, where))
                sink.part([&] { RecordSink::add(record, region_of(json, where[index++])); });
            sink(std::move(record));
        });
    };
    if (!stream_json(input, kImages, take)[0]) fail_in(file, "expected an object of images");
}

bool is_of_kind(const Sample& sample, bool with_language) {
    std::size_t texts = 0;
    std::size_t languages = 0;
    for (const std::string_view path : sample.json) {
        texts += path.ends_with("/[]/transcription string") && path.find('/', 1) != path.npos;
        languages += path.ends_with("/[]/language string");
    }
    return texts > 0 && sample.has(" {}") && (languages > 0) == with_language;
}

Likeness recognise_art(const Sample& sample) {
    if (!is_of_kind(sample, true)) return {};
    return {85, "images with lists of transcriptions that have a language"};
}

Likeness recognise_lsvt(const Sample& sample) {
    if (!is_of_kind(sample, false) || sample.has("/lines []") || sample.has("/chars []")) return {};
    return {80, "images with lists of transcriptions"};
}

}  // namespace

constinit const Format kArtFormat{
    .name = "art",
    .prefix = "",
    .extension = ".json",
    .read = read,
    .recognise = recognise_art,
    .labels = {.scope = LabelFiles::Scope::common, .extensions = {".json"}},
    .holds = {.words = true, .illegible = true},
    .used_by = "ICDAR2019 ArT",
    .illegible = "`illegibility`, `###`"};

constinit const Format kLsvtFormat{
    .name = "lsvt",
    .prefix = "",
    .extension = ".json",
    .read = read,
    .recognise = recognise_lsvt,
    .labels = {.scope = LabelFiles::Scope::common, .extensions = {".json"}},
    .holds = {.words = true, .illegible = true},
    .used_by = "ICDAR2019 LSVT, full labels",
    .illegible = "`illegibility`, `###`"};

}  // namespace dbnet::formats
