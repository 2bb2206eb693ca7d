#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/input.hpp"
#include "formats/text.hpp"

// Reading XML for the formats that are XML.
namespace dbnet::formats {

/// An element with all that is in it.
struct XmlElement {
    std::string name;
    std::vector<std::pair<std::string, std::string>> attributes;
    std::string text;  ///< of all its text nodes, without the blanks around it
    std::vector<XmlElement> children;
    std::size_t line = 0;

    const XmlElement* child(std::string_view wanted) const;  ///< the first; nullptr: none
    /// Text of the first child of that name; empty if there is none.
    std::string_view text_of(std::string_view wanted) const;
    const std::string* attribute(std::string_view wanted) const;  ///< nullptr: none
    /// Throws Error{malformed} if it is not there.
    const std::string& required(std::string_view wanted, std::string_view file) const;
    const XmlElement& required_child(std::string_view wanted, std::string_view file) const;
};

/// More elements than this in what is held in memory at a time is refused.
inline constexpr std::size_t kMostXmlElements = 300'000;

/// Goes through a document and gives the elements at a path of names, {"annotations", "image"}, one
/// after the other. Entities are not expanded beyond what XML defines, nothing outside the file is
/// read. Throws Error: io, malformed (with its line; also where the outermost element has another
/// name), too_large.
void stream_xml(const Input& input, std::span<const std::string_view> path,
                const std::function<void(XmlElement&&)>& take);

/// Name of the outermost element, and of the first one in it, of a document that begins so; empty
/// where there is none.
std::pair<std::string, std::string> xml_outline(std::string_view head);

}  // namespace dbnet::formats
