#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"

// Values that users choose by name.
namespace dbnet::app {

/// The available name nearest to `name`, if it is near enough to be a slip of the finger; else "".
std::string_view nearest(std::string_view name, const std::vector<std::string_view>& available);

/// "unknown format 'jsn': did you mean 'json'? Available: json, jsonl, ..."
std::string unknown_name(std::string_view kind, std::string_view name,
                         const std::vector<std::string_view>& available);

template <typename Value>
using NamedValue = std::pair<std::string_view, Value>;

/// The value of that name in a table; throws Error{invalid_argument} with unknown_name() otherwise.
template <typename Value, std::size_t Size>
Value choose(std::string_view kind, std::string_view name,
             const std::array<NamedValue<Value>, Size>& table) {
    std::vector<std::string_view> available;
    for (const auto& [known, value] : table) {
        if (known == name) return value;
        available.push_back(known);
    }
    core::fail(ErrorCode::invalid_argument, unknown_name(kind, name, available));
}

/// The name of a value that is in the table.
template <typename Value, std::size_t Size>
std::string_view name_of(Value value, const std::array<NamedValue<Value>, Size>& table) {
    for (const auto& [name, known] : table)
        if (known == value) return name;
    core::fail(ErrorCode::internal, "a value has no name");
}

}  // namespace dbnet::app
