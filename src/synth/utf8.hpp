#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dbnet::synth {

/// The characters of a text; nothing where it is not UTF-8.
std::optional<std::u32string> decode_utf8(std::string_view text);

/// Whether it consists of ASCII characters only.
bool is_ascii(std::string_view text);

}  // namespace dbnet::synth
