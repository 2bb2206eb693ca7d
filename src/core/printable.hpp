#pragma once

#include <string>
#include <string_view>

namespace dbnet::core {

/// Text with foreign parts, such as names of files, as a terminal may get it: control characters
/// (with ESC, so that nothing of it is obeyed) and bytes that are not UTF-8 become \x1b and the
/// like. A line break stays where the next line is indented, as in our own messages of several
/// lines.
std::string printable(std::string_view text);

}  // namespace dbnet::core
