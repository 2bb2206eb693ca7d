#include "core/printable.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace dbnet::core {
namespace {

/// Bytes of the UTF-8 sequence at the beginning, 0 when it is none. Overlong forms and surrogates,
/// which no terminal obeys, pass.
std::size_t sequence_length(std::string_view text) {
    const auto first = static_cast<std::uint8_t>(text.front());
    const std::size_t length = first < 0x80                    ? 1
                               : first >= 0xC2 && first < 0xE0 ? 2
                               : first >= 0xE0 && first < 0xF0 ? 3
                               : first >= 0xF0 && first < 0xF5 ? 4
                                                               : 0;
    if (length == 0 || length > text.size()) return 0;
    const auto continues = [](char c) { return (static_cast<std::uint8_t>(c) & 0xC0) == 0x80; };
    return std::ranges::all_of(text.substr(1, length - 1), continues) ? length : 0;
}

/// C0, DEL, and C1, which UTF-8 writes as C2 80 to C2 9F.
bool is_control(std::string_view sequence) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(sequence[i]); };
    if (sequence.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7F;
    return sequence.size() == 2 && byte(0) == 0xC2 && byte(1) < 0xA0;
}

void append_escaped(std::string_view bytes, std::string& result) {
    for (const char c : bytes) {
        char escape[5];
        std::snprintf(escape, sizeof escape, "\\x%02x",
                      static_cast<unsigned>(static_cast<std::uint8_t>(c)));
        result += escape;
    }
}

}  // namespace

std::string printable(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        const std::string_view sequence = text.substr(0, std::max<std::size_t>(length, 1));
        if (length > 0 && (!is_control(sequence) || text.starts_with("\n  ")))
            result += sequence;
        else
            append_escaped(sequence, result);
        text.remove_prefix(sequence.size());
    }
    return result;
}

}  // namespace dbnet::core
