#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "formats/formats.hpp"

namespace dbnet::formats {

/// The lines that stand for one record.
using RenderLines = std::string (*)(const Record& record, const WriteOptions& options);

/// Writer of a format whose file is a heading followed by the lines of each record.
std::unique_ptr<RecordWriter> open_lines(const std::string& path, std::string_view heading,
                                         RenderLines render, const WriteOptions& options);

}  // namespace dbnet::formats
