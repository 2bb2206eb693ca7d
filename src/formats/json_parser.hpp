#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "formats/document.hpp"

namespace dbnet::formats {

/// Behind parse_json(), read_json() and stream_json(): nlohmann's event parser, which fills a tree
/// for the values that are wanted and passes over the others.
class JsonParser {
public:
    using Take = std::function<void(JsonItem&&)>;

    explicit JsonParser(const Where& where) : where_(where) {}

    Json parse(std::string_view text);
    Json parse(const Input& input);
    std::vector<bool> stream(const Input& input, std::span<const std::string_view> wanted,
                             const Take& take);

private:
    const Where& where_;
};

}  // namespace dbnet::formats
