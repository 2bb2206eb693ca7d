#pragma once

#include <string_view>

#include "formats/record.hpp"
#include "formats/text.hpp"

namespace dbnet::formats {

/// A line of the format icdar-polygon. Throws Error{malformed}.
RecordRegion parse_polygon_line(std::string_view line, const Place& place);

}  // namespace dbnet::formats
