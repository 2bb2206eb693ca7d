#include "formats/text.hpp"

#include <charconv>
#include <cmath>
#include <optional>

#include "core/error.hpp"
#include "core/file.hpp"

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

LineReader::LineReader(const std::string& path)
    : path_(path), bytes_(core::read_file(path, kMaxFileBytes)) {
    rest_ = {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
    if (rest_.find('\0') != std::string_view::npos)
        core::fail(ErrorCode::malformed, path, ": not a text file (it has zero bytes)");
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
}

bool LineReader::next(std::string_view& line) {
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++line_;
    return true;
}

}  // namespace dbnet::formats
