#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/record.hpp"

// Labelling tools let their users name what they write beside an outline.
namespace dbnet::formats {

using Attributes = std::vector<std::pair<std::string, std::string>>;

/// Sets the transcription and whether the text is illegible from attributes that are called so:
/// "text", "transcription", ..., "ignore", "illegible", ...
void apply_attributes(const Attributes& attributes, RecordRegion& region);

/// Whether a class or label says "illegible", "ignore", "###", ...
bool is_illegible_label(std::string_view label);

}  // namespace dbnet::formats
