#include "formats/comma_line.hpp"

#include <algorithm>
#include <filesystem>

namespace dbnet::formats {
namespace {

bool are_digits(std::string_view field, std::size_t least, std::size_t most) {
    return field.size() >= least && field.size() <= most &&
           field.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

CommaLine leading_numbers(std::string_view line, std::size_t most) {
    CommaLine result;
    result.rest = line;
    while (result.numbers.size() < most) {
        const std::size_t comma = result.rest.find(',');
        const std::string_view field = result.rest.substr(0, comma);
        if (!is_number(field)) break;
        result.numbers.push_back(field);
        result.has_rest = comma != std::string_view::npos;
        result.rest.remove_prefix(result.has_rest ? comma + 1 : result.rest.size());
        if (!result.has_rest) break;
    }
    return result;
}

bool are_groups_of_digits(const std::vector<std::string_view>& numbers, std::size_t first) {
    for (std::size_t i = first; i < numbers.size(); ++i)
        if (!are_digits(numbers[i], i == first ? 1 : 3, 3)) return false;
    return true;
}

void read_lines(const Input& input, const RecordSink& sink, const Format& format,
                RecordRegion (*parse)(std::string_view line, const Place& place)) {
    std::string stem = std::filesystem::path(input.path).stem().string();
    for (const std::string_view prefix : format.labels.prefixes) {
        if (prefix.empty() || !stem.starts_with(prefix)) continue;
        stem.erase(0, prefix.size());
        break;
    }
    Record record{stem};
    LineReader lines(input);
    for (std::string_view line; lines.next(line);)
        if (!trim(line).empty())
            sink.part([&] {
                RecordRegion region = parse(line, lines.place());
                region.line = lines.place().line;
                RecordSink::add(record, std::move(region));
            });
    sink(std::move(record));
}

}  // namespace dbnet::formats
