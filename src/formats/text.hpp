#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <dbnet/region.hpp>

#include "formats/input.hpp"

// Numbers and lines of text, the same in every locale.
namespace dbnet::formats {

/// Larger files are refused where they are read as a whole.
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

/// Whether the whole field, without the blanks around it, is a finite number.
bool is_number(std::string_view field);

/// The whole field as a coordinate or a score. Throws Error{malformed} for anything else, also for
/// infinities and numbers out of range.
double parse_coordinate(std::string_view field, const Place& place);
float parse_score(std::string_view field, const Place& place);
int parse_size(std::string_view field, const Place& place);

/// Points from fields x1, y1, x2, y2, ...; at least 3. Throws Error{malformed}.
Polygon parse_points(const std::vector<std::string_view>& fields, const Place& place);

std::vector<std::string_view> split(std::string_view text, char separator);
/// Fields between blanks and tabs.
std::vector<std::string_view> split_blanks(std::string_view text);
std::string_view trim(std::string_view text);
/// In lower case, as far as it is ASCII.
std::string lower(std::string_view text);

/// Adds a character.
void append_utf8(std::string& text, char32_t character);

/// What marks illegible text in the annotations of this field.
inline constexpr std::string_view kIgnoredText = "###";

/// Whether a transcription says "do not care" in one of the spellings that are in use: three or
/// more #, *, "do not care", "don't care", "dontcare".
bool is_illegible(std::string_view text);

/// The text on one line: what ends a line becomes a blank. For formats that have no way to write
/// line ends.
std::string on_one_line(std::string_view text);

/// Goes through the lines of a text file, a block at a time: without the byte order mark and
/// without their ends \n, \r\n or \r. UTF-16 with a byte order mark becomes UTF-8.
class LineReader {
public:
    /// Throws Error{io}.
    explicit LineReader(const Input& input);
    LineReader(const LineReader&) = delete;
    LineReader& operator=(const LineReader&) = delete;
    /// False at the end. The line lives until the next call. Throws Error: io, malformed (a zero
    /// byte: not a text file), too_large (a line above kMaxFileBytes).
    bool next(std::string_view& line);
    Place place() const { return {path_, line_}; }

private:
    bool fill();
    void decode_utf16(std::string_view block);

    std::string path_;
    ByteStream stream_;
    std::string decoded_;    ///< the block, if it was not UTF-8
    std::string_view rest_;  ///< of the block
    std::string pending_;    ///< a line that begins in the blocks before
    std::string odd_;        ///< bytes that begin a character, at the end of a block of UTF-16
    char16_t high_ = 0;      ///< the first half of a surrogate pair
    std::size_t line_ = 0;
    int utf16_ = 0;  ///< 1: little-endian, 2: big-endian
    bool first_ = true;
    bool after_cr_ = false;
};

}  // namespace dbnet::formats
