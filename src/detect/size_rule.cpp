#include <array>
#include <charconv>
#include <optional>

#include <dbnet/detector.hpp>

#include "core/error.hpp"

namespace dbnet {
namespace {

constexpr int kLargestSide = 65536;

struct KindForm {
    SizeRule::Kind kind;
    std::string_view prefix;
    bool two_sides;
};

constexpr std::array<KindForm, 6> kForms{{{SizeRule::Kind::height, "height:", false},
                                          {SizeRule::Kind::max_side, "max:", false},
                                          {SizeRule::Kind::min_side, "min:", false},
                                          {SizeRule::Kind::keep_ratio, "keep:", true},
                                          {SizeRule::Kind::fixed, "", true},
                                          {SizeRule::Kind::short_side, "", false}}};

std::optional<int> parse_side(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (!whole || value < 1 || value > kLargestSide) return std::nullopt;
    return value;
}

std::optional<SizeRule> parse_as(const KindForm& form, std::string_view text) {
    if (!text.starts_with(form.prefix)) return std::nullopt;
    text.remove_prefix(form.prefix.size());
    const std::size_t cross = text.find('x');
    if (form.two_sides != (cross != std::string_view::npos)) return std::nullopt;
    const auto a = parse_side(text.substr(0, cross));
    const auto b = form.two_sides ? parse_side(text.substr(cross + 1)) : 0;
    if (!a || !b) return std::nullopt;
    return SizeRule{form.kind, *a, *b};
}

}  // namespace

SizeRule SizeRule::parse(std::string_view text) {
    for (const KindForm& form : kForms)
        if (const auto rule = parse_as(form, text)) return *rule;
    core::fail(ErrorCode::invalid_argument, "'", text.substr(0, 80),
               "' is no size; expected 736 (shorter side), 736x1280 (height x width), height:736, "
               "max:960, min:736 or keep:736x1333, sides from 1 to ",
               kLargestSide);
}

std::string SizeRule::to_string() const {
    for (const KindForm& form : kForms)
        if (form.kind == kind)
            return form.two_sides ? core::concat(form.prefix, a, 'x', b)
                                  : core::concat(form.prefix, a);
    core::fail(ErrorCode::invalid_argument, "unknown kind of size rule");
}

}  // namespace dbnet
