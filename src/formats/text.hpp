#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <dbnet/region.hpp>

// Numbers and lines of text, the same in every locale.
namespace dbnet::formats {

/// Larger files are refused before they are read.
inline constexpr std::int64_t kMaxFileBytes = 1'000'000'000;
/// Coordinates and sizes beyond this are refused: no image is that large.
inline constexpr double kMaxCoordinate = 1e9;

double rounded_coordinate(double value);  ///< to hundredths of a pixel, never -0
double rounded_score(double value);       ///< to four decimals
std::string print(double value);          ///< shortest text that reads back to the same value

/// A place in a file, for messages: "file:line".
struct Place {
    std::string_view file;
    std::size_t line = 0;
};

[[noreturn]] void fail_at(const Place& place, std::string_view message);

/// The whole field as a coordinate or a score. Throws Error{malformed} for anything else, also for
/// infinities and numbers out of range.
double parse_coordinate(std::string_view field, const Place& place);
float parse_score(std::string_view field, const Place& place);
int parse_size(std::string_view field, const Place& place);

/// Points from fields x1, y1, x2, y2, ...; at least 3. Throws Error{malformed}.
Polygon parse_points(const std::vector<std::string_view>& fields, const Place& place);

std::vector<std::string_view> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);

/// Goes through the lines of a text file of at most kMaxFileBytes: without the byte order mark and
/// without \r\n or \n.
class LineReader {
public:
    /// Throws Error: io, too_large, malformed (a zero byte: not a text file).
    explicit LineReader(const std::string& path);
    LineReader(const LineReader&) = delete;
    LineReader& operator=(const LineReader&) = delete;
    /// False at the end.
    bool next(std::string_view& line);
    Place place() const { return {path_, line_}; }

private:
    std::string path_;
    std::vector<std::uint8_t> bytes_;
    std::string_view rest_;
    std::size_t line_ = 0;
};

/// What marks illegible text in the annotations of this field.
inline constexpr std::string_view kIgnoredText = "###";

}  // namespace dbnet::formats
