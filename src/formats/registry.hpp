#pragma once

#include "formats/formats.hpp"

// The rows of the table, each defined in the file named after it (jsonl: json.cpp).
namespace dbnet::formats {

extern const Format kJsonFormat;
extern const Format kJsonlFormat;
extern const Format kIcdarFormat;
extern const Format kCsvFormat;
extern const Format kPaddleFormat;
extern const Format kLabelmeFormat;
extern const Format kCocoFormat;
extern const Format kSvgFormat;
extern const Format kTd500Format;

}  // namespace dbnet::formats
