#pragma once

#include <string_view>
#include <vector>

#include "formats/formats.hpp"
#include "formats/text.hpp"

// The lines of ICDAR and its relatives: numbers and a text, between commas.
namespace dbnet::formats {

/// The fields that a line begins with, as far as they are numbers, and what comes after their
/// comma.
struct CommaLine {
    std::vector<std::string_view> numbers;  ///< at most `most`
    std::string_view rest;
    bool has_rest = false;  ///< whether anything, also nothing, comes after a comma
};

CommaLine leading_numbers(std::string_view line, std::size_t most);

/// Whether numbers after the coordinates are the groups of a large number, as in 1,968: those are
/// part of a text.
bool are_groups_of_digits(const std::vector<std::string_view>& numbers, std::size_t first);

/// Reads the lines of a file of one image, each by `parse`; empty ones are passed over. The image's
/// name is that of the file, without its extension and one of the format's prefixes.
void read_lines(const Input& input, const RecordSink& sink, const Format& format,
                RecordRegion (*parse)(std::string_view line, const Place& place));

}  // namespace dbnet::formats
