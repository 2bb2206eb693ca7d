#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "app/names.hpp"
#include "app/yaml.hpp"
#include "core/error.hpp"

// Between a YAML tree and the members of structures. Reader and writer have the same functions, so
// that one template which visits the members serves both (train/option_fields.hpp).
namespace dbnet::app {

/// The values that were read, by their paths.
using ConfigPlaces = std::map<std::string, const YamlNode*>;

/// A value to be read: where it stands in the tree, and under which path ("optimizer.rate").
struct ConfigValue {
    const YamlNode& node;
    std::string path;
    ConfigPlaces* places = nullptr;  ///< null: nobody wants them

    /// Throws Error{YamlNode::fault()}: "train.yaml:12: optimizer.rate is 'fast', expected a
    /// number".
    [[noreturn]] void refuse(std::string_view expected) const;

    const std::string& scalar(std::string_view expected) const;
    std::string text() const;  ///< a scalar; null is empty
    bool boolean() const;
    template <typename Number>
    Number number() const;
    /// The elements of a list.
    std::vector<ConfigValue> items(std::string_view expected) const;
    /// The value that a table has for the word.
    template <typename Value, std::size_t Size>
    Value word(const std::array<NamedValue<Value>, Size>& table) const;
};

void read_value(const ConfigValue& value, bool& result);
void read_value(const ConfigValue& value, std::string& result);
void read_value(const ConfigValue& value, std::vector<std::string>& result);

void write_value(YamlNode& node, bool value);
void write_value(YamlNode& node, const std::string& value);
/// The shortest text that is read as the same number.
void write_value(YamlNode& node, float value);
void write_value(YamlNode& node, double value);
void write_value(YamlNode& node, int value);
void write_value(YamlNode& node, std::uint64_t value);

template <typename Value>
void write_value(YamlNode& node, const std::vector<Value>& values) {
    node.kind = YamlNode::Kind::list;
    for (const Value& value : values) write_value(node.items.emplace_back(), value);
}

/// What the values of an enumeration are called: specialisations have an array `table` of
/// NamedValue.
template <typename Value>
struct WordsFor;

template <typename Value>
requires std::is_enum_v<Value>
void read_value(const ConfigValue& value, Value& result) {
    result = value.word(WordsFor<Value>::table);
}

template <typename Value>
requires std::is_enum_v<Value>
void write_value(YamlNode& node, Value value) {
    write_value(node, std::string(name_of(value, WordsFor<Value>::table)));
}

/// Reads the members of a map into a structure; what the map does not have stays as it is.
/// All members throw Error{YamlNode::fault()} with place, path and what was expected.
class ConfigReader {
public:
    /// Null is a map without members.
    explicit ConfigReader(const ConfigValue& map);

    template <typename Visit>
    void section(std::string_view name, Visit visit) {
        const std::optional<ConfigValue> value = take(name);
        if (!value) return;
        ConfigReader inner(*value);
        visit(inner);
        inner.finish();
    }

    template <typename Number, typename Range>
    void number(std::string_view name, Number& number, const Range&) {
        if (const auto value = take(name)) number = value->number<Number>();
    }
    template <typename Range>
    void number(std::string_view name, std::vector<double>& numbers, const Range&) {
        const std::optional<ConfigValue> value = take(name);
        if (!value) return;
        numbers.clear();
        for (const ConfigValue& item : value->items("a list of numbers"))
            numbers.push_back(item.number<double>());
    }

    template <typename Range>
    void numbers(std::string_view name, std::map<std::string, double>& numbers, const Range&) {
        const std::optional<ConfigValue> value = take(name);
        if (!value) return;
        numbers.clear();
        ConfigReader inner(*value);
        for (const auto& [key, node] : value->node.members)
            if (const auto item = inner.take(key)) numbers[key] = item->template number<double>();
    }

    template <typename Range>
    void interval(std::string_view name, double& low, double& high, const Range&) {
        const std::optional<ConfigValue> value = take(name);
        if (!value) return;
        const std::vector<ConfigValue> ends = value->items("[low, high]");
        if (ends.size() != 2) value->refuse("[low, high]");
        low = ends[0].number<double>();
        high = ends[1].number<double>();
    }

    template <std::size_t Size>
    void word(std::string_view name, std::string& text,
              const std::array<std::string_view, Size>& words) {
        const std::optional<ConfigValue> value = take(name);
        if (!value) return;
        std::array<NamedValue<std::string_view>, Size> table;
        for (std::size_t i = 0; i < Size; ++i) table[i] = {words[i], words[i]};
        text = value->word(table);
    }

    /// Needs a function read_value(const ConfigValue&, Value&).
    template <typename Value>
    void value(std::string_view name, Value& result) {
        if (const auto value = take(name)) read_value(*value, result);
    }

    /// Refuses the members that nobody asked for: "unknown key 'rat': did you mean 'rate'?".
    void finish() const;

private:
    /// The member, unless it is missing; notes that it was asked for.
    std::optional<ConfigValue> take(std::string_view name);

    const ConfigValue map_;
    std::vector<std::string_view> known_;
};

/// Makes the map that ConfigReader reads as the same values.
class ConfigWriter {
public:
    explicit ConfigWriter(YamlNode& map) : map_(map) { map_.kind = YamlNode::Kind::map; }

    template <typename Visit>
    void section(std::string_view name, Visit visit) {
        ConfigWriter inner(add(name));
        visit(inner);
    }
    template <typename Number, typename Range>
    void number(std::string_view name, const Number& number, const Range&) {
        write_value(add(name), number);
    }
    template <typename Range>
    void numbers(std::string_view name, const std::map<std::string, double>& numbers,
                 const Range&) {
        YamlNode& map = add(name);
        ConfigWriter inner(map);
        for (const auto& [key, number] : numbers) write_value(inner.add(key), number);
    }
    template <typename Range>
    void interval(std::string_view name, double low, double high, const Range&) {
        write_value(add(name), std::vector<double>{low, high});
    }
    template <std::size_t Size>
    void word(std::string_view name, const std::string& text,
              const std::array<std::string_view, Size>&) {
        write_value(add(name), text);
    }
    /// Needs a function write_value(YamlNode&, const Value&).
    template <typename Value>
    void value(std::string_view name, const Value& value) {
        write_value(add(name), value);
    }

private:
    YamlNode& add(std::string_view name) {
        return map_.members.emplace_back(std::string(name), YamlNode{}).second;
    }

    YamlNode& map_;
};

template <typename Number>
Number ConfigValue::number() const {
    constexpr std::string_view kExpected =
        std::is_integral_v<Number> ? "a whole number" : "a number";
    const std::string& text = scalar(kExpected);
    Number result{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result);
    if (error != std::errc() || end != text.data() + text.size()) refuse(kExpected);
    return result;
}

template <typename Value, std::size_t Size>
Value ConfigValue::word(const std::array<NamedValue<Value>, Size>& table) const {
    std::string expected;
    std::vector<std::string_view> words;
    for (const auto& [name, meaning] : table) {
        expected.append(expected.empty() ? "" : ", ").append(name);
        words.push_back(name);
    }
    const std::string& text = scalar("one of " + expected);
    for (const auto& [name, meaning] : table)
        if (name == text) return meaning;
    const std::string_view guess = nearest(text, words);
    refuse(guess.empty() ? "one of " + expected
                         : core::concat("one of ", expected, ": did you mean '", guess, "'?"));
}

}  // namespace dbnet::app
