#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dbnet/error.hpp>

// YAML as a tree whose values know where they come from.
namespace dbnet::app {

struct YamlNode {
    enum class Kind { null, scalar, list, map };
    Kind kind = Kind::null;
    std::string text;                                       ///< of a scalar
    std::vector<YamlNode> items;                            ///< of a list
    std::vector<std::pair<std::string, YamlNode>> members;  ///< of a map, in their order

    std::shared_ptr<const std::string> source;  ///< a file's path, or what the user typed
    int line = 0;                               ///< in the file, from 1; 0: there are none

    /// "train.yaml:12"
    std::string place() const;
    /// Of an error that this value is to blame for: malformed in a file, invalid_argument in what
    /// the user typed.
    ErrorCode fault() const {
        return line > 0 ? ErrorCode::malformed : ErrorCode::invalid_argument;
    }
    /// The member of a map; null if there is none.
    const YamlNode* find(std::string_view key) const;
    YamlNode* find(std::string_view key);
};

/// One YAML document of at most 256 KiB, 10,000 values and 32 levels; anchors, aliases and repeated
/// keys are refused. An empty text is null. `source` is what places and messages begin with. Throws
/// Error: malformed, with the place; too_large for more bytes.
YamlNode parse_yaml(std::string_view text, const std::string& source);

/// A file whose top is a map. Its key `base` names another such file, by a path that is relative to
/// its own folder, in which the other keys of this file are changed. Throws Error: io, malformed,
/// too_large (more than 16 files, or files that are each other's base).
YamlNode read_yaml(const std::string& file);

/// Puts `over` on top: maps are joined key by key, everything else is replaced. Null leaves a map
/// as it is.
void merge(YamlNode& under, YamlNode over);

/// Puts "optimizer.rate=5e-4" on top; what follows the first '=' is YAML. Throws
/// Error{invalid_argument}.
void assign(YamlNode& root, const std::string& assignment);

/// YAML that parse_yaml() reads as the same values.
std::string write_yaml(const YamlNode& root);

}  // namespace dbnet::app
