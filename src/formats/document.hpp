#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include <dbnet/region.hpp>

// Reading and writing JSON documents for the formats that are JSON. `where` names the value in
// messages: "labels.json: regions[3].polygon".
namespace dbnet::formats {

/// For writing: keys stay in the order in which they are set.
using OrderedJson = nlohmann::ordered_json;
/// For reading: lookups stay fast in a hostile object with a million keys.
using Json = nlohmann::json;

/// [[x, y], ...] in hundredths of a pixel.
OrderedJson points(const Polygon& polygon);
/// [x, y, width, height] of the bounding box in hundredths of a pixel; both sides are rounded, so
/// that x + width is as close to the box as x.
OrderedJson box(const Polygon& polygon);

/// The document as text: an object with one line per key, and one per element of arrays of objects.
std::string to_text(const OrderedJson& document);
/// The document on one line. Bytes that are not UTF-8 become U+FFFD.
std::string to_line(const OrderedJson& document);

/// Parses a whole document. Throws Error{malformed} naming line and column (of `text`).
Json parse_json(std::string_view text, const std::string& where);
/// Reads and parses a file. Throws Error: io, too_large, malformed.
Json read_json(const std::string& path);

/// Checked access. All throw Error{malformed}, naming `where` and what was expected.
[[noreturn]] void fail_in(const std::string& where, std::string_view message);
const Json& member(const Json& object, const char* key, const std::string& where);
const Json* find(const Json& object, const char* key);  ///< nullptr: absent or null
const Json& array(const Json& value, const std::string& where);
double number(const Json& value, double low, double high, const std::string& where);
int size(const Json& value, const std::string& where);  ///< of an image, 0 to kMaxCoordinate
double coordinate(const Json& value, const std::string& where);
std::optional<float> score(const Json& object, const std::string& where);  ///< key "score"
std::string string(const Json& value, const std::string& where);
/// True or false, or (as annotations have it) 1 or 0; false if absent.
bool flag(const Json& object, const char* key, const std::string& where);
/// [x, y, width, height], nothing negative but x and y.
Rect box(const Json& value, const std::string& where);
/// [[x, y], ...], at least `least` of them.
Polygon points(const Json& value, std::size_t least, const std::string& where);

}  // namespace dbnet::formats
