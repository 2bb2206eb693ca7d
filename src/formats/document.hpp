#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <dbnet/region.hpp>

#include "formats/input.hpp"

// Reading and writing JSON documents for the formats that are JSON.
namespace dbnet::formats {

/// For writing: keys stay in the order in which they are set.
using OrderedJson = nlohmann::ordered_json;
/// For reading: keys stay in the order of the file, which some formats give their texts by.
using Json = nlohmann::ordered_json;

/// Where a value stands: "labels.json: regions[3].polygon", "labels.txt:7: [3].points". It is put
/// into words only when something is wrong with the value, and lives no longer than what it names.
class Where {
public:
    Where(const std::string& file) : key_(file) {}
    Where(const char* file) : key_(file) {}
    Where(std::string_view file, std::size_t line) : key_(file), index_(line), kind_(Kind::line) {}

    /// The value below a key, an element of the array here, and of the array below a key.
    Where operator[](std::string_view key) const { return {this, key, 0, Kind::key}; }
    Where operator[](std::size_t index) const { return {this, {}, index, Kind::element}; }
    Where in(std::string_view key, std::size_t index) const {
        return {this, key, index, Kind::element};
    }

    std::string text() const;

private:
    enum class Kind { file, line, key, element };

    Where(const Where* parent, std::string_view key, std::size_t index, Kind kind)
        : parent_(parent), key_(key), index_(index), kind_(kind) {}

    const Where* parent_ = nullptr;
    std::string_view key_;
    std::size_t index_ = 0;
    Kind kind_ = Kind::file;
};

/// [[x, y], ...] in hundredths of a pixel.
OrderedJson points(const Polygon& polygon);
/// [x1, y1, x2, y2, ...] in hundredths of a pixel.
OrderedJson flat_points(const Polygon& polygon);
/// [x, y, width, height] of the bounding box in hundredths of a pixel; both sides are rounded, so
/// that x + width is as close to the box as x.
OrderedJson box(const Polygon& polygon);

/// The document as text: an object with one line per key, and one per element of arrays of objects.
std::string to_text(const OrderedJson& document);
/// The document on one line. Bytes that are not UTF-8 become U+FFFD.
std::string to_line(const OrderedJson& document);

/// More values than this in what is held in memory at a time, or deeper nesting, is refused.
inline constexpr std::size_t kMostJsonValues = 3'000'000;
inline constexpr std::size_t kDeepestJson = 100;

/// Parses a whole document. Throws Error: malformed, naming line and column (of `text`), too_large
/// (kMostJsonValues).
Json parse_json(std::string_view text, const Where& where);
/// Reads and parses a file. Throws Error: io, too_large, malformed.
Json read_json(const Input& input);

/// A value of a document that is read as a stream.
struct JsonItem {
    std::size_t pattern = 0;  ///< which of the wanted ones
    std::string_view key;     ///< its key, if it is a member of an object
    std::size_t index = 0;    ///< its place in the object or array
    Json value;
};

/// Goes through a document without holding it in memory and gives the values that are wanted, one
/// after the other: a pattern is a path of keys separated by /, where * stands for every key or
/// element, "images/*". Values below a wanted one are part of it. Returns for each pattern whether
/// the document has the array or the object that the values would be in. Throws Error: io,
/// malformed, too_large (a wanted value of more than kMostJsonValues).
std::vector<bool> stream_json(const Input& input, std::span<const std::string_view> wanted,
                              const std::function<void(JsonItem&&)>& take);

/// The keys that a document begins with, as paths of at most three parts, "images/[]/file_name";
/// what cannot be parsed ends them.
std::vector<std::string> json_outline(std::string_view head);

/// Checked access. All throw Error{malformed}, naming `where` and what was expected.
[[noreturn]] void fail_in(const Where& where, std::string_view message);
const Json& member(const Json& object, const char* key, const Where& where);
const Json* find(const Json& object, const char* key);  ///< nullptr: absent or null
const Json& array(const Json& value, const Where& where);
double number(const Json& value, double low, double high, const Where& where);
int size(const Json& value, const Where& where);  ///< of an image, 0 to kMaxCoordinate
/// The size below a key; 0 if there is none.
int size_or_0(const Json& object, const char* key, const Where& where);
double coordinate(const Json& value, const Where& where);
std::optional<float> score(const Json& object, const Where& where);  ///< key "score"
std::string string(const Json& value, const Where& where);
/// The string below a key; empty if there is none. A number is its text.
std::string string_or_empty(const Json& object, const char* key, const Where& where);
/// True or false, or (as annotations have it) 1 or 0; false if absent.
bool flag(const Json& object, const char* key, const Where& where);
/// [x, y, width, height], nothing negative but x and y.
Rect box(const Json& value, const Where& where);
/// [[x, y], ...], at least `least` of them.
Polygon points(const Json& value, std::size_t least, const Where& where);
/// [x1, y1, x2, y2, ...], at least 3 points.
Polygon flat_points(const Json& value, const Where& where);

}  // namespace dbnet::formats
