#pragma once

#include <functional>
#include <string>
#include <vector>

#include "formats/input.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {

using Row = std::vector<std::string>;

/// Goes through the rows of a table of comma-separated values (RFC 4180; any line ends, a byte
/// order mark is passed over). Throws Error: io, malformed (a quote that is not closed), too_large
/// (a row of more than 10,000 fields).
void read_rows(const Input& input, const std::function<void(const Row&, const Place&)>& take);

/// The field as it is written: in quotes where it has to be.
std::string quoted(const std::string& field);

}  // namespace dbnet::formats
