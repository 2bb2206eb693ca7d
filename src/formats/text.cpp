#include "formats/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "core/error.hpp"

namespace dbnet::formats {
namespace {

std::optional<double> to_number(std::string_view field) {
    field = trim(field);
    if (field.starts_with('+')) field.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    if (error != std::errc() || end != field.data() + field.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

/// `what` names the kind of number and its range.
double parse_in_range(std::string_view field, double low, double high, std::string_view what,
                      const Place& place) {
    const std::optional<double> value = to_number(field);
    if (!value || *value < low || *value > high)
        fail_at(place, core::concat("'", field.substr(0, 40), "' is not ", what));
    return *value;
}

}  // namespace

bool is_number(std::string_view field) { return to_number(field).has_value(); }

double rounded_coordinate(double value) { return std::round(value * 100) / 100 + 0.0; }

double rounded_score(double value) { return std::round(value * 1e4) / 1e4 + 0.0; }

std::string print(double value) {
    char text[32];
    const auto result = std::to_chars(text, text + sizeof text, value);
    return {text, result.ptr};
}

void fail_at(const Place& place, std::string_view message) {
    core::fail(ErrorCode::malformed, place.file, ":", place.line, ": ", message);
}

double parse_coordinate(std::string_view field, const Place& place) {
    return parse_in_range(field, -kMaxCoordinate, kMaxCoordinate, "a coordinate", place);
}

float parse_score(std::string_view field, const Place& place) {
    return static_cast<float>(parse_in_range(field, 0, 1, "a score between 0 and 1", place));
}

int parse_size(std::string_view field, const Place& place) {
    const double value = parse_in_range(field, 0, kMaxCoordinate, "a size in pixels", place);
    if (value != std::floor(value)) fail_at(place, "a size in pixels must be a whole number");
    return static_cast<int>(value);
}

Polygon parse_points(const std::vector<std::string_view>& fields, const Place& place) {
    if (fields.size() < 6 || fields.size() % 2 != 0)
        fail_at(place, core::concat("expected x,y pairs of at least 3 points, got ", fields.size(),
                                    " numbers"));
    Polygon polygon;
    for (std::size_t i = 0; i < fields.size(); i += 2)
        polygon.push_back(
            {parse_coordinate(fields[i], place), parse_coordinate(fields[i + 1], place)});
    return polygon;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> fields;
    for (;;) {
        const std::size_t end = text.find(separator);
        fields.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return fields;
        text.remove_prefix(end + 1);
    }
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> split_blanks(std::string_view text) {
    std::vector<std::string_view> fields;
    for (text = trim(text); !text.empty(); text = trim(text)) {
        fields.push_back(text.substr(0, text.find_first_of(" \t")));
        text.remove_prefix(fields.back().size());
    }
    return fields;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

bool is_illegible(std::string_view text) {
    constexpr std::array<std::string_view, 6> kWords{
        "do not care", "don't care", "dontcare", "do_not_care", "dont care", "don\u2019t care"};
    text = trim(text);
    if (text == "*") return true;
    if (text.starts_with('#')) return text.size() >= 3 && text.find_first_not_of('#') == text.npos;
    return text.size() <= 13 && std::ranges::find(kWords, lower(text)) != kWords.end();
}

std::string on_one_line(std::string_view text) {
    std::string result(text);
    std::ranges::replace_if(
        result, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return result;
}

void append_utf8(std::string& text, char32_t character) {
    if (character < 0x80) {
        text += static_cast<char>(character);
        return;
    }
    const int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    constexpr unsigned kHeads[] = {0, 0xC0, 0xE0, 0xF0};
    text += static_cast<char>(kHeads[more] | (character >> (6 * more)));
    for (int i = more - 1; i >= 0; --i)
        text += static_cast<char>(0x80 | ((character >> (6 * i)) & 0x3F));
}

LineReader::LineReader(const Input& input) : path_(input.path), stream_(input) {}

bool LineReader::fill() {
    std::string_view block = stream_.next();
    if (first_) {
        first_ = false;
        if (block.starts_with("\xFF\xFE") || block.starts_with("\xFE\xFF")) {
            utf16_ = block.starts_with("\xFF\xFE") ? 1 : 2;
            block.remove_prefix(2);
        } else if (block.starts_with("\xEF\xBB\xBF")) {
            block.remove_prefix(3);
        }
    }
    if (block.empty()) return false;
    if (utf16_ != 0) {
        decode_utf16(block);
        block = decoded_;
    }
    if (block.find('\0') != std::string_view::npos)
        core::fail(ErrorCode::malformed, path_, ": not a text file (it has zero bytes)");
    rest_ = block;
    return true;
}

/// What is no character becomes U+FFFD.
void LineReader::decode_utf16(std::string_view block) {
    const auto put = [&](char32_t c) { append_utf8(decoded_, c); };
    constexpr char32_t kNoCharacter = 0xFFFD;
    std::string bytes = std::exchange(odd_, {});
    bytes.append(block);
    decoded_.clear();
    std::size_t i = 0;
    for (; i + 1 < bytes.size(); i += 2) {
        const auto a = static_cast<unsigned char>(bytes[i]);
        const auto b = static_cast<unsigned char>(bytes[i + 1]);
        const auto unit = static_cast<char16_t>(utf16_ == 1 ? a | (b << 8) : b | (a << 8));
        const bool is_low = unit >= 0xDC00 && unit < 0xE000;
        if (const char16_t high = std::exchange(high_, char16_t{0}); high != 0) {
            put(is_low ? 0x10000 + ((high - 0xD800u) << 10) + (unit - 0xDC00u) : kNoCharacter);
            if (is_low) continue;
        }
        if (unit >= 0xD800 && unit < 0xDC00)
            high_ = unit;
        else
            put(is_low ? kNoCharacter : unit);
    }
    odd_ = bytes.substr(i);
}

bool LineReader::next(std::string_view& line) {
    pending_.clear();
    bool begun = false;
    for (;;) {
        if (rest_.empty() && !fill()) break;
        if (std::exchange(after_cr_, false) && rest_.starts_with('\n')) rest_.remove_prefix(1);
        const std::size_t end = rest_.find_first_of("\r\n");
        const std::string_view part = rest_.substr(0, end);
        begun = begun || !rest_.empty();
        if (end == std::string_view::npos) {
            if (pending_.size() + part.size() > static_cast<std::size_t>(kMaxFileBytes))
                core::fail(ErrorCode::too_large, path_, ": a line has more than ", kMaxFileBytes,
                           " bytes");
            pending_ += part;
            rest_ = {};
            continue;
        }
        after_cr_ = rest_[end] == '\r';
        if (pending_.empty())
            line = part;
        else
            line = pending_ += part;
        rest_.remove_prefix(end + 1);
        ++line_;
        return true;
    }
    if (!begun) return false;
    line = pending_;
    ++line_;
    return true;
}

}  // namespace dbnet::formats
