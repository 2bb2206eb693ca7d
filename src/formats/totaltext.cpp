// Total-Text, one file per image. MATLAB: the cell array polygt or gt, a row for each text with x:,
// its numbers, y:, its numbers, the word and the orientation. Text: the same as Python printed it,
//     x: [[1 2 3]], y: [[4 5 6]], ornt: [u'c'], transcriptions: [u'word']
// where long lists go on over line ends. "#" as the word or the orientation marks illegible text.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "core/error.hpp"
#include "formats/mat.hpp"
#include "formats/registry.hpp"
#include "formats/sample.hpp"
#include "formats/text.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::formats {
namespace {

constexpr std::string_view kIllegible = "#";
constexpr std::size_t kColumns = 6;
constexpr std::size_t kMostCells = 6 * RecordSink::kMostTexts;

bool is_mark(std::string_view word) {
    word = trim(word);
    return word == kIllegible || is_illegible(word);
}

std::string stem_of(const Input& input) {
    std::string stem = std::filesystem::path(input.path).stem().string();
    for (const std::string_view prefix : kTotaltextFormat.labels.prefixes)
        if (!prefix.empty() && stem.starts_with(prefix)) return stem.substr(prefix.size());
    return stem;
}

RecordRegion region_of(const std::vector<MatArray>& cells, std::size_t row, std::size_t rows,
                       const Input& input) {
    const auto cell = [&](std::size_t column) -> const MatArray& {
        return cells[column * rows + row];
    };
    const std::vector<double>& x = cell(1).numbers;
    const std::vector<double>& y = cell(3).numbers;
    if (x.size() != y.size() || x.size() < 3)
        core::fail(ErrorCode::malformed, input.path, ": text ", row + 1, " has ", x.size(),
                   " x and ", y.size(), " y, expected as many, and at least 3");
    RecordRegion region;
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (!(std::abs(x[i]) <= kMaxCoordinate && std::abs(y[i]) <= kMaxCoordinate))
            core::fail(ErrorCode::malformed, input.path, ": text ", row + 1,
                       " has a coordinate out of range");
        region.polygon.push_back({x[i], y[i]});
    }
    region.text = cell(4).text();
    region.ignore = region.text.empty() || is_mark(region.text) || cell(5).text() == kIllegible;
    return region;
}

void read_mat(const Input& input, const RecordSink& sink) {
    const MatFile file(input);
    std::optional<MatCells> cells = file.cells("polygt");
    if (!cells) cells = file.cells("gt");
    if (!cells) core::fail(ErrorCode::malformed, input.path, ": has no variable polygt or gt");
    Record record{stem_of(input)};
    const std::size_t rows = cells->dimensions().empty() ? 0 : cells->dimensions()[0];
    if (cells->count() != rows * kColumns && cells->count() > 0)
        core::fail(ErrorCode::malformed, input.path, ": expected ", kColumns, " columns");
    if (cells->count() > kMostCells)
        core::fail(ErrorCode::too_large, input.path, ": has ", cells->count(), " cells");
    std::vector<MatArray> all;
    while (all.size() < cells->count()) all.push_back(cells->next());
    for (std::size_t row = 0; row < rows && !all.empty(); ++row)
        sink.part([&] { RecordSink::add(record, region_of(all, row, rows, input)); });
    sink(std::move(record));
}

/// The part of the record after `key`, from its opening bracket.
std::string_view list_after(std::string_view text, std::string_view key, const Place& place) {
    const std::size_t at = text.find(key);
    const std::size_t open = at == text.npos ? at : text.find('[', at);
    if (open == text.npos) fail_at(place, core::concat("has no list ", key));
    return text.substr(open);
}

/// Numbers of "[[ 1  2 3]]", also with commas between them.
std::vector<double> numbers_of(std::string_view list, const Place& place) {
    list = list.substr(0, list.find(']'));
    std::vector<double> numbers;
    constexpr std::string_view kBetween = "[ ,\t\n";
    for (;;) {
        const std::size_t begin = list.find_first_not_of(kBetween);
        if (begin == list.npos) return numbers;
        list.remove_prefix(begin);
        const std::string_view field = list.substr(0, list.find_first_of(kBetween));
        numbers.push_back(parse_coordinate(field, place));
        list.remove_prefix(field.size());
    }
}

/// Takes what follows a backslash in a literal.
void take_escape(std::string_view& rest, std::string& text) {
    if (rest.empty()) return;
    const char kind = rest.front();
    rest.remove_prefix(1);
    const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    unsigned code = 0;
    if (digits > 0 && rest.size() >= digits) {
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + digits, code, 16);
        if (error == std::errc() && end == rest.data() + digits && code < 0x110000) {
            append_utf8(text, code);
            rest.remove_prefix(digits);
            return;
        }
    }
    if (kind == 'n' || kind == 'r' || kind == 't')
        text += kind == 'n' ? '\n' : kind == 'r' ? '\r' : '\t';
    else if (kind == '\\' || kind == '\'' || kind == '"')
        text += kind;
    else
        text.append("\\").append(1, kind);
}

/// The strings of "[u'a', u"b"]", joined by commas; nothing for an empty list.
std::optional<std::string> strings_of(std::string_view list, const Place& place) {
    std::optional<std::string> joined;
    list.remove_prefix(1);
    for (;;) {
        const std::size_t begin = list.find_first_of("'\"]");
        if (begin == list.npos) fail_at(place, "a list is not closed");
        const char quote = list[begin];
        list.remove_prefix(begin + 1);
        if (quote == ']') return joined;
        std::string text;
        while (!list.empty() && list.front() != quote) {
            const char c = list.front();
            list.remove_prefix(1);
            if (c == '\\')
                take_escape(list, text);
            else
                text += c;
        }
        if (list.empty()) fail_at(place, "a word is not closed");
        list.remove_prefix(1);
        if (joined)
            joined->append(",").append(text);
        else
            joined = std::move(text);
    }
}

RecordRegion parse(std::string_view text, const Place& place) {
    const std::vector<double> x = numbers_of(list_after(text, "x:", place), place);
    const std::vector<double> y = numbers_of(list_after(text, "y:", place), place);
    if (x.size() != y.size() || x.size() < 3)
        fail_at(place, core::concat("has ", x.size(), " x and ", y.size(),
                                    " y, expected as many, and at least 3"));
    RecordRegion region;
    region.line = place.line;
    for (std::size_t i = 0; i < x.size(); ++i) region.polygon.push_back({x[i], y[i]});
    const auto word = strings_of(list_after(text, "transcriptions:", place), place);
    region.text = word.value_or("");
    region.ignore = !word || is_mark(region.text);
    if (text.find("ornt:") != text.npos)
        region.ignore =
            region.ignore || strings_of(list_after(text, "ornt:", place), place) == kIllegible;
    return region;
}

void read_txt(const Input& input, const RecordSink& sink) {
    Record record{stem_of(input)};
    LineReader lines(input);
    std::string text;
    std::size_t begin = 0;
    const auto finish = [&] {
        if (!text.empty())
            sink.part([&] { RecordSink::add(record, parse(text, {input.path, begin})); });
        text.clear();
    };
    for (std::string_view line; lines.next(line);) {
        if (trim(line).empty()) continue;
        if (trim(line).starts_with("x:")) finish();
        if (text.empty()) begin = lines.place().line;
        text.append(line).append("\n");
    }
    finish();
    sink(std::move(record));
}

void read(const Input& input, const RecordSink& sink) {
    if (std::filesystem::path(input.path).extension() == ".mat")
        read_mat(input, sink);
    else
        read_txt(input, sink);
}

/// As Python writes a text that is not ASCII.
std::string literal(std::string_view text) {
    const bool double_quotes = text.find('\'') != text.npos && text.find('"') == text.npos;
    const char quote = double_quotes ? '"' : '\'';
    std::string result = "u";
    result += quote;
    for (const char c : text) {
        if (c == quote || c == '\\')
            result.append("\\").append(1, c);
        else if (c == '\n' || c == '\r' || c == '\t')
            result.append(c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else
            result += c;
    }
    return result + quote;
}

/// c: curved, h: level, m: another direction.
std::string_view orientation(const Polygon& polygon) {
    constexpr double kLevel = 0.18;  // about ten degrees
    if (polygon.size() > 4) return "c";
    const double dx = polygon[1].x - polygon[0].x;
    const double dy = polygon[1].y - polygon[0].y;
    return std::abs(dy) <= kLevel * std::abs(dx) ? "h" : "m";
}

std::string render(const Record& record, const std::string&, const WriteOptions& options) {
    std::string text;
    for (const RecordRegion& region : record.regions) {
        const Polygon polygon = outline(region, options.shape, Shape::polygon);
        std::string x;
        std::string y;
        for (const Point& point : polygon) {
            x += core::concat(x.empty() ? "" : " ", std::lround(point.x));
            y += core::concat(y.empty() ? "" : " ", std::lround(point.y));
        }
        text.append("x: [[").append(x).append("]], y: [[").append(y);
        text.append("]], ornt: [u'").append(region.ignore ? kIllegible : orientation(polygon));
        text.append("'], transcriptions: [");
        text.append(literal(region.ignore ? kIllegible : std::string_view(region.text)));
        text.append("]\n");
    }
    return text;
}

Likeness recognise(const Sample& sample) {
    if (sample.files.front().path.ends_with(".mat")) {
        const std::vector<std::string> names = MatFile(sample.files.front()).names();
        for (const std::string_view name : {"polygt", "gt"})
            if (std::ranges::find(names, name) != names.end())
                return {95, core::concat("a MATLAB file with the variable ", name)};
        return {};
    }
    const bool begins = !sample.lines.empty() && trim(sample.lines.front()).starts_with("x: [[");
    return begins ? Likeness{95, "lines that begin with x: [["} : Likeness{};
}

}  // namespace

constinit const Format kTotaltextFormat{.name = "totaltext",
                                        .prefix = "",
                                        .extension = ".txt",
                                        .render = render,
                                        .read = read,
                                        .recognise = recognise,
                                        .labels = {.extensions = {".txt", ".mat"},
                                                   .prefixes = {"poly_gt_", "gt_", ""},
                                                   .folder = LabelFiles::Folder::gts},
                                        .holds = {.words = true, .illegible = true},
                                        .used_by = "Total-Text, `.mat` of both kinds and `.txt`",
                                        .illegible = "`#` as word or orientation, no word"};

}  // namespace dbnet::formats
