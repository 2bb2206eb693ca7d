#pragma once

#include <string>

namespace dbnet::image {

/// Whether a file's name ends as those of images do (".jpg", ".PNG", ...): how images are picked
/// from a folder. What a file holds is told by its content when it is read.
bool is_named_as_image(const std::string& path);

}  // namespace dbnet::image
