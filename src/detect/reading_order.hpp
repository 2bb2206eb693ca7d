#pragma once

#include <vector>

#include <dbnet/region.hpp>

namespace dbnet::detect {

/// Lines from the top, words from the left. A word belongs to a line when its centre is at most
/// half a text height above or below that of the line's first word.
void sort_in_reading_order(std::vector<Region>& regions);

}  // namespace dbnet::detect
