#include "formats/sample.hpp"

#include <algorithm>
#include <filesystem>

#include "core/error.hpp"
#include "formats/document.hpp"
#include "formats/xml.hpp"

namespace dbnet::formats {
namespace {

constexpr std::size_t kHead = 1 << 18;    ///< bytes of the first file
constexpr std::size_t kMostLines = 2000;  ///< of all files
constexpr std::size_t kLongestLine = 1 << 16;

std::string head_of(const Input& input) {
    ByteStream stream(input);
    std::string head;
    for (std::string_view block = stream.next(); !block.empty() && head.size() < kHead;
         block = stream.next())
        head.append(block.substr(0, kHead - head.size()));
    return head;
}

/// The last line may be cut, unless it is the file's last.
void add_lines(const Input& input, std::vector<std::string>& lines) {
    try {
        LineReader reader(input);
        for (std::string_view line; lines.size() < kMostLines && reader.next(line);)
            if (!trim(line).empty()) lines.emplace_back(line.substr(0, kLongestLine));
    } catch (const Error& error) {
        if (error.code() == ErrorCode::io) throw;
        // Not a text file: what was read of it so far counts.
    }
}

}  // namespace

bool Sample::has(std::string_view path) const {
    return std::ranges::find(json, path) != json.end();
}

double Sample::share(const std::function<bool(std::string_view)>& rule) const {
    if (lines.empty()) return 0;
    return static_cast<double>(std::ranges::count_if(lines, rule)) /
           static_cast<double>(lines.size());
}

Recognised recognise(const std::vector<Input>& files) {
    Sample sample;
    sample.files = files;
    std::string head;
    for (std::size_t i = 0; i < files.size() && trim(head).empty(); ++i) {
        head = head_of(files[i]);
        if (!trim(head).empty()) std::swap(sample.files[0], sample.files[i]);
    }
    std::string_view begin = head;
    if (begin.starts_with("\xEF\xBB\xBF")) begin.remove_prefix(3);
    begin = trim(begin);
    if (begin.empty()) return {find("icdar"), "the label files are empty, which that one allows"};
    if (begin.front() == '{' || begin.front() == '[') sample.json = json_outline(head);
    if (begin.front() == '<') sample.xml = xml_outline(head);
    for (const Input& file : sample.files) add_lines(file, sample.lines);
    Recognised best;
    int percent = 0;
    for (const Format* format : all()) {
        if (format->recognise == nullptr) continue;
        Likeness likeness;
        try {
            likeness = format->recognise(sample);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::io) throw;  // others: not of this format
        }
        if (likeness.percent <= percent) continue;
        percent = likeness.percent;
        best = {format, std::move(likeness.why)};
    }
    return best;
}

}  // namespace dbnet::formats
