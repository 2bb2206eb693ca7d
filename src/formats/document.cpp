#include "formats/document.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/file.hpp"
#include "formats/text.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::formats {
namespace {

/// "line:column" of a byte of the text.
std::string position(std::string_view text, std::size_t byte) {
    const std::string_view before = text.substr(0, std::min(byte, text.size()));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t last_break = before.rfind('\n');
    const std::size_t column =
        last_break == std::string_view::npos ? before.size() : before.size() - last_break - 1;
    return core::concat(line, ":", std::max<std::size_t>(column, 1));
}

bool is_array_of_objects(const OrderedJson& value) {
    return value.is_array() && !value.empty() &&
           std::ranges::all_of(value, [](const OrderedJson& item) { return item.is_object(); });
}

}  // namespace

OrderedJson points(const Polygon& polygon) {
    OrderedJson array = OrderedJson::array();
    for (const Point& point : polygon)
        array.push_back({rounded_coordinate(point.x), rounded_coordinate(point.y)});
    return array;
}

OrderedJson box(const Polygon& polygon) {
    const Rect rect = geometry::bounding_rect(polygon);
    const double left = rounded_coordinate(rect.x);
    const double top = rounded_coordinate(rect.y);
    return {left, top, rounded_coordinate(rounded_coordinate(rect.x + rect.width) - left),
            rounded_coordinate(rounded_coordinate(rect.y + rect.height) - top)};
}

std::string to_line(const OrderedJson& document) {
    return document.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

std::string to_text(const OrderedJson& document) {
    std::string text = "{";
    std::string_view separator = "\n";
    for (const auto& [key, value] : document.items()) {
        text.append(separator).append("  ").append(to_line(key)).append(": ");
        separator = ",\n";
        if (!is_array_of_objects(value)) {
            text += to_line(value);
            continue;
        }
        std::string_view item_separator = "[\n    ";
        for (const OrderedJson& item : value) {
            text.append(item_separator).append(to_line(item));
            item_separator = ",\n    ";
        }
        text += "\n  ]";
    }
    return text + "\n}\n";
}

Json parse_json(std::string_view text, const std::string& where) {
    try {
        return Json::parse(text);
    } catch (const Json::parse_error& error) {
        fail_in(where, core::concat("not valid JSON at ", position(text, error.byte)));
    } catch (const Json::exception&) {
        fail_in(where, "not valid JSON: a number is too large");
    }
}

Json read_json(const std::string& path) {
    const std::vector<std::uint8_t> bytes = core::read_file(path, kMaxFileBytes);
    return parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

void fail_in(const std::string& where, std::string_view message) {
    core::fail(ErrorCode::malformed, where, ": ", message);
}

const Json& member(const Json& object, const char* key, const std::string& where) {
    if (!object.is_object()) fail_in(where, "expected an object");
    const Json* value = find(object, key);
    if (value == nullptr) fail_in(where, core::concat("has no \"", key, "\""));
    return *value;
}

const Json* find(const Json& object, const char* key) {
    if (!object.is_object()) return nullptr;
    const auto found = object.find(key);
    return found == object.end() || found->is_null() ? nullptr : &*found;
}

const Json& array(const Json& value, const std::string& where) {
    if (!value.is_array()) fail_in(where, "expected an array");
    return value;
}

double number(const Json& value, double low, double high, const std::string& where) {
    if (!value.is_number()) fail_in(where, "expected a number");
    const double number = value.get<double>();
    if (!(number >= low && number <= high))
        fail_in(where, core::concat(number, " is out of range, expected ", low, " to ", high));
    return number;
}

int size(const Json& value, const std::string& where) {
    if (!value.is_number_integer()) fail_in(where, "expected a whole number");
    return static_cast<int>(number(value, 0, kMaxCoordinate, where));
}

double coordinate(const Json& value, const std::string& where) {
    return number(value, -kMaxCoordinate, kMaxCoordinate, where);
}

std::optional<float> score(const Json& object, const std::string& where) {
    const Json* value = find(object, "score");
    if (value == nullptr) return std::nullopt;
    return static_cast<float>(number(*value, 0, 1, where + ".score"));
}

std::string string(const Json& value, const std::string& where) {
    if (!value.is_string()) fail_in(where, "expected a string");
    return value.get<std::string>();
}

bool flag(const Json& object, const char* key, const std::string& where) {
    const Json* value = find(object, key);
    if (value == nullptr) return false;
    if (value->is_boolean()) return value->get<bool>();
    return number(*value, 0, 1, where + "." + key) != 0;
}

Rect box(const Json& value, const std::string& where) {
    if (array(value, where).size() != 4) fail_in(where, "expected [x, y, width, height]");
    return {coordinate(value[0], where), coordinate(value[1], where),
            number(value[2], 0, kMaxCoordinate, where), number(value[3], 0, kMaxCoordinate, where)};
}

Polygon points(const Json& value, std::size_t least, const std::string& where) {
    Polygon polygon;
    for (const Json& point : array(value, where)) {
        if (!point.is_array() || point.size() != 2) fail_in(where, "expected points [x, y]");
        polygon.push_back({coordinate(point[0], where), coordinate(point[1], where)});
    }
    if (polygon.size() < least)
        fail_in(where, core::concat("expected at least ", least, " points, got ", polygon.size()));
    return polygon;
}

}  // namespace dbnet::formats
