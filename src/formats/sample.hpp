#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/formats.hpp"

// Recognising the format of label files by what is in them.
namespace dbnet::formats {

/// The beginnings of some label files of a data set, for Format::recognise().
struct Sample {
    std::vector<Input> files;        ///< the first is the one that `json` and `xml` are of
    std::vector<std::string> lines;  ///< of all of them, the empty ones left out; texts only
    std::vector<std::string> json;   ///< outline: see json_outline()
    std::pair<std::string, std::string> xml;

    /// Whether the JSON has that path: "/images []".
    bool has(std::string_view path) const;
    /// Share of the lines that a rule takes, 0 to 1; 0 without lines.
    double share(const std::function<bool(std::string_view)>& rule) const;
};

/// What the files of a folder, all label files of one data set, or a single file, look like.
struct Recognised {
    const Format* format = nullptr;  ///< null: none
    std::string why;
};

/// Looks at the beginnings of the files. Throws Error{io}.
Recognised recognise(const std::vector<Input>& files);

}  // namespace dbnet::formats
