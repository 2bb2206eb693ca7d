#pragma once

#include <string>

#include "app/val.hpp"

namespace dbnet::app {

/// Writes `folder`/index.html and, for each image, a picture with annotations and findings and a
/// thumbnail of it. The page needs no network; images are sorted by their number of errors or by
/// name. Throws Error as Image::read and Image::write do.
void write_report(const std::string& folder, const data::Dataset& data,
                  const Validation& validation);

}  // namespace dbnet::app
