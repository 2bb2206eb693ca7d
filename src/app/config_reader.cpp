#include "app/config_reader.hpp"

#include <algorithm>
#include <cmath>

namespace dbnet::app {
namespace {

constexpr std::size_t kMostShown = 80;  // characters of the user's text in a message

std::string shown(const YamlNode& node) {
    switch (node.kind) {
        case YamlNode::Kind::null: return "empty";
        case YamlNode::Kind::scalar:
            return core::concat('\'', node.text.substr(0, kMostShown), '\'');
        case YamlNode::Kind::list: return "a list";
        case YamlNode::Kind::map: break;
    }
    return "a map";
}

void set_scalar(YamlNode& node, std::string text) {
    node.kind = YamlNode::Kind::scalar;
    node.text = std::move(text);
}

/// Plain decimals where a person would write them.
template <typename Number>
void set_number(YamlNode& node, Number value) {
    std::array<char, 64> text;
    const double size = std::abs(static_cast<double>(value));
    const bool plain = size == 0 || (size >= 1e-4 && size < 1e9);
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value,
                                   plain ? std::chars_format::fixed : std::chars_format::scientific)
                         .ptr;
    set_scalar(node, {text.data(), end});
}

}  // namespace

void ConfigValue::refuse(std::string_view expected) const {
    core::fail(node.fault(), node.place(), ": ", path, " is ", shown(node), ", expected ",
               expected);
}

const std::string& ConfigValue::scalar(std::string_view expected) const {
    if (node.kind != YamlNode::Kind::scalar) refuse(expected);
    return node.text;
}

std::string ConfigValue::text() const {
    return node.kind == YamlNode::Kind::null ? "" : scalar("a text");
}

bool ConfigValue::boolean() const {
    constexpr std::array<NamedValue<bool>, 2> kWords{{{"true", true}, {"false", false}}};
    return word(kWords);
}

std::vector<ConfigValue> ConfigValue::items(std::string_view expected) const {
    if (node.kind != YamlNode::Kind::list) refuse(expected);
    std::vector<ConfigValue> values;
    for (std::size_t i = 0; i < node.items.size(); ++i)
        values.push_back({node.items[i], core::concat(path, '[', i, ']'), places});
    return values;
}

ConfigReader::ConfigReader(const ConfigValue& map) : map_(map) {
    if (map.node.kind != YamlNode::Kind::map && map.node.kind != YamlNode::Kind::null)
        map.refuse("keys with values");
}

std::optional<ConfigValue> ConfigReader::take(std::string_view name) {
    known_.push_back(name);
    const YamlNode* const node = map_.node.find(name);
    if (node == nullptr) return std::nullopt;
    std::string path = map_.path.empty() ? std::string(name) : core::concat(map_.path, '.', name);
    if (map_.places != nullptr) (*map_.places)[path] = node;
    return ConfigValue{*node, std::move(path), map_.places};
}

void ConfigReader::finish() const {
    for (const auto& [key, value] : map_.node.members)
        if (std::ranges::find(known_, key) == known_.end())
            core::fail(value.fault(), value.place(), ": ",
                       map_.path.empty() ? "" : map_.path + ": ",
                       unknown_name("key", key.substr(0, kMostShown), known_));
}

void read_value(const ConfigValue& value, bool& result) { result = value.boolean(); }

void read_value(const ConfigValue& value, std::string& result) { result = value.text(); }

void read_value(const ConfigValue& value, std::vector<std::string>& result) {
    result.clear();
    for (const ConfigValue& item : value.items("a list of texts")) result.push_back(item.text());
}

void write_value(YamlNode& node, bool value) { set_scalar(node, value ? "true" : "false"); }
void write_value(YamlNode& node, const std::string& value) { set_scalar(node, value); }
void write_value(YamlNode& node, float value) { set_number(node, value); }
void write_value(YamlNode& node, double value) { set_number(node, value); }
void write_value(YamlNode& node, int value) { set_scalar(node, std::to_string(value)); }
void write_value(YamlNode& node, std::uint64_t value) { set_scalar(node, std::to_string(value)); }

}  // namespace dbnet::app
