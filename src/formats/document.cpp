#include "formats/document.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "formats/json_parser.hpp"
#include "formats/text.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::formats {
namespace {

bool is_array_of_objects(const OrderedJson& value) {
    return value.is_array() && !value.empty() &&
           std::ranges::all_of(value, [](const OrderedJson& item) { return item.is_object(); });
}

}  // namespace

std::string Where::text() const {
    const std::string before = parent_ == nullptr ? std::string() : parent_->text();
    switch (kind_) {
        case Kind::file: return std::string(key_);
        case Kind::line: return core::concat(key_, ":", index_);
        case Kind::key:
        case Kind::element: break;
    }
    const bool is_first = parent_->kind_ == Kind::file || parent_->kind_ == Kind::line;
    std::string text = before;
    if (is_first)
        text += ": ";
    else if (!key_.empty())
        text += ".";
    text += key_;
    return kind_ == Kind::key ? text : core::concat(text, "[", index_, "]");
}

OrderedJson points(const Polygon& polygon) {
    OrderedJson array = OrderedJson::array();
    for (const Point& point : polygon)
        array.push_back({rounded_coordinate(point.x), rounded_coordinate(point.y)});
    return array;
}

OrderedJson flat_points(const Polygon& polygon) {
    OrderedJson array = OrderedJson::array();
    for (const Point& point : polygon) {
        array.push_back(rounded_coordinate(point.x));
        array.push_back(rounded_coordinate(point.y));
    }
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

Json parse_json(std::string_view text, const Where& where) { return JsonParser(where).parse(text); }

Json read_json(const Input& input) { return JsonParser(input.path).parse(input); }

std::vector<bool> stream_json(const Input& input, std::span<const std::string_view> wanted,
                              const std::function<void(JsonItem&&)>& take) {
    return JsonParser(input.path).stream(input, wanted, take);
}

void fail_in(const Where& where, std::string_view message) {
    core::fail(ErrorCode::malformed, where.text(), ": ", message);
}

const Json& member(const Json& object, const char* key, const Where& where) {
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

const Json& array(const Json& value, const Where& where) {
    if (!value.is_array()) fail_in(where, "expected an array");
    return value;
}

double number(const Json& value, double low, double high, const Where& where) {
    if (!value.is_number()) fail_in(where, "expected a number");
    const double number = value.get<double>();
    if (!(number >= low && number <= high))
        fail_in(where, core::concat(number, " is out of range, expected ", low, " to ", high));
    return number;
}

int size(const Json& value, const Where& where) {
    if (!value.is_number_integer()) fail_in(where, "expected a whole number");
    return static_cast<int>(number(value, 0, kMaxCoordinate, where));
}

int size_or_0(const Json& object, const char* key, const Where& where) {
    const Json* value = find(object, key);
    return value == nullptr ? 0 : size(*value, where[key]);
}

double coordinate(const Json& value, const Where& where) {
    return number(value, -kMaxCoordinate, kMaxCoordinate, where);
}

std::optional<float> score(const Json& object, const Where& where) {
    const Json* value = find(object, "score");
    if (value == nullptr) return std::nullopt;
    return static_cast<float>(number(*value, 0, 1, where["score"]));
}

std::string string(const Json& value, const Where& where) {
    if (!value.is_string()) fail_in(where, "expected a string");
    return value.get<std::string>();
}

std::string string_or_empty(const Json& object, const char* key, const Where& where) {
    const Json* value = find(object, key);
    if (value == nullptr) return {};
    return value->is_number() ? value->dump() : string(*value, where[key]);
}

bool flag(const Json& object, const char* key, const Where& where) {
    const Json* value = find(object, key);
    if (value == nullptr) return false;
    if (value->is_boolean()) return value->get<bool>();
    return number(*value, 0, 1, where[key]) != 0;
}

Rect box(const Json& value, const Where& where) {
    if (array(value, where).size() != 4) fail_in(where, "expected [x, y, width, height]");
    return {coordinate(value[0], where), coordinate(value[1], where),
            number(value[2], 0, kMaxCoordinate, where), number(value[3], 0, kMaxCoordinate, where)};
}

Polygon points(const Json& value, std::size_t least, const Where& where) {
    Polygon polygon;
    for (const Json& point : array(value, where)) {
        if (!point.is_array() || point.size() != 2) fail_in(where, "expected points [x, y]");
        polygon.push_back({coordinate(point[0], where), coordinate(point[1], where)});
    }
    if (polygon.size() < least)
        fail_in(where, core::concat("expected at least ", least, " points, got ", polygon.size()));
    return polygon;
}

Polygon flat_points(const Json& value, const Where& where) {
    const Json& flat = array(value, where);
    if (flat.size() < 6 || flat.size() % 2 != 0)
        fail_in(where, "expected x, y pairs of at least 3 points");
    Polygon polygon;
    polygon.reserve(flat.size() / 2);
    for (std::size_t i = 0; i < flat.size(); i += 2)
        polygon.push_back({coordinate(flat[i], where), coordinate(flat[i + 1], where)});
    return polygon;
}

}  // namespace dbnet::formats
