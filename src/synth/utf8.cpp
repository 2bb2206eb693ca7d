#include "synth/utf8.hpp"

#include <algorithm>

namespace dbnet::synth {

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 128; });
}

std::optional<std::u32string> decode_utf8(std::string_view text) {
    std::u32string characters;
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = [&](std::size_t at) {
            return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
        };
        const unsigned lead = byte(i);
        const std::size_t more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
        if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4) return std::nullopt;
        char32_t character = more == 0 ? lead : lead & (0x3fu >> more);
        for (std::size_t k = 1; k <= more; ++k) {
            if ((byte(i + k) & 0xc0) != 0x80) return std::nullopt;
            character = character << 6 | (byte(i + k) & 0x3f);
        }
        const bool overlong =
            (more == 2 && character < 0x800) || (more == 3 && character < 0x10000);
        if (overlong || (character >= 0xd800 && character < 0xe000) || character > 0x10ffff)
            return std::nullopt;
        characters.push_back(character);
        i += more + 1;
    }
    return characters;
}

}  // namespace dbnet::synth
