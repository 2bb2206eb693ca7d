// HierText: one document for all images (called .jsonl, which it is not), {"annotations":
// [{"image_id", "image_width", "image_height", "paragraphs": [{"lines": [{"words": ...}]}]}]}. Each
// level has vertices and says whether it is legible; three formats read one level each.
#include "core/error.hpp"
#include "formats/document.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

enum class Level { paragraph, line, word };

class Reader {
public:
    Reader(const RecordSink& sink, Level level, Record& record)
        : sink_(sink), level_(level), record_(record) {}

    void read(const Json& parent, const char* key, Level level, const Where& where) {
        const Json* values = find(parent, key);
        if (values == nullptr) return;
        std::size_t index = 0;
        for (const Json& value : array(*values, where[key])) {
            const Where place = where.in(key, index++);
            if (level == level_)
                sink_.part([&] { RecordSink::add(record_, region_of(value, place)); });
            else if (level == Level::paragraph)
                read(value, "lines", Level::line, place);
            else
                read(value, "words", Level::word, place);
        }
    }

private:
    static RecordRegion region_of(const Json& json, const Where& where) {
        RecordRegion region;
        region.polygon = points(member(json, "vertices", where), 3, where["vertices"]);
        region.text = string_or_empty(json, "text", where);
        const Json* legible = find(json, "legible");
        region.ignore = legible != nullptr && !flag(json, "legible", where);
        return region;
    }

    const RecordSink& sink_;
    Level level_;
    Record& record_;
};

void read_level(const Input& input, const RecordSink& sink, Level level) {
    constexpr std::string_view kImages[] = {"annotations/*"};
    const Where file(input.path);
    const auto take = [&](JsonItem&& item) {
        sink.part([&] {
            const Where where = file.in("annotations", item.index);
            Record record{string(member(item.value, "image_id", where), where["image_id"]),
                          size_or_0(item.value, "image_width", where),
                          size_or_0(item.value, "image_height", where)};
            sink.part([&] {
                Reader(sink, level, record).read(item.value, "paragraphs", Level::paragraph, where);
            });
            sink(std::move(record));
        });
    };
    if (!stream_json(input, kImages, take)[0]) fail_in(file, "has no \"annotations\"");
}

void read_words(const Input& input, const RecordSink& sink) {
    read_level(input, sink, Level::word);
}
void read_text_lines(const Input& input, const RecordSink& sink) {
    read_level(input, sink, Level::line);
}
void read_paragraphs(const Input& input, const RecordSink& sink) {
    read_level(input, sink, Level::paragraph);
}

Likeness recognise(const Sample& sample) {
    if (!sample.has("/annotations []") || !sample.has("/annotations/[]/paragraphs []")) return {};
    return {95, "a document with annotations and their paragraphs"};
}

constexpr LabelFiles kLabels{.scope = LabelFiles::Scope::common, .extensions = {".jsonl", ".json"}};
constexpr Holds kHolds{.words = true, .illegible = true, .sizes = true};
constexpr std::string_view kMark = "`legible`: false";

}  // namespace

constinit const Format kHiertextFormat{.name = "hiertext",
                                       .prefix = "",
                                       .extension = ".jsonl",
                                       .read = read_words,
                                       .recognise = recognise,
                                       .labels = kLabels,
                                       .holds = kHolds,
                                       .used_by = "HierText, words",
                                       .illegible = kMark};

constinit const Format kHiertextLineFormat{.name = "hiertext-line",
                                           .prefix = "",
                                           .extension = ".jsonl",
                                           .read = read_text_lines,
                                           .labels = kLabels,
                                           .holds = kHolds,
                                           .used_by = "HierText, lines",
                                           .illegible = kMark};

constinit const Format kHiertextParagraphFormat{.name = "hiertext-paragraph",
                                                .prefix = "",
                                                .extension = ".jsonl",
                                                .read = read_paragraphs,
                                                .labels = kLabels,
                                                .holds = kHolds,
                                                .used_by = "HierText, paragraphs",
                                                .illegible = kMark};

}  // namespace dbnet::formats
