#include "formats/attributes.hpp"

#include <algorithm>
#include <array>

#include "formats/text.hpp"

namespace dbnet::formats {
namespace {

/// In the order of preference.
constexpr std::array<std::string_view, 11> kTexts{
    "text",  "transcription", "transcript", "utf8_string", "word", "words",
    "value", "content",       "string",     "description", "name"};
constexpr std::array<std::string_view, 9> kIllegible{"ignore",     "ignored",     "illegible",
                                                     "unreadable", "difficult",   "dontcare",
                                                     "dont_care",  "do_not_care", "do not care"};
constexpr std::array<std::string_view, 3> kLegible{"legible", "legibility", "readable"};

bool is_true(std::string_view value) {
    const std::string word = lower(trim(value));
    return word == "true" || word == "1" || word == "yes" || word == "on";
}

bool is_false(std::string_view value) {
    const std::string word = lower(trim(value));
    return word == "false" || word == "0" || word == "no" || word == "off" || word == "illegible";
}

}  // namespace

bool is_illegible_label(std::string_view label) {
    const std::string word = lower(trim(label));
    return is_illegible(word) || word == "ignore" || word == "ignored" || word == "illegible" ||
           word == "unreadable";
}

void apply_attributes(const Attributes& attributes, RecordRegion& region) {
    std::size_t best = kTexts.size();
    for (const auto& [key, value] : attributes) {
        const std::string name = lower(trim(key));
        const auto rank =
            static_cast<std::size_t>(std::ranges::find(kTexts, name) - kTexts.begin());
        if (rank < best && !value.empty()) {
            best = rank;
            region.text = value;
        }
        if (std::ranges::find(kIllegible, name) != kIllegible.end() && is_true(value))
            region.ignore = true;
        if (std::ranges::find(kLegible, name) != kLegible.end() && is_false(value))
            region.ignore = true;
    }
    if (is_illegible(region.text)) region.ignore = true;
}

}  // namespace dbnet::formats
