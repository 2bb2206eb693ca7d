#pragma once

#include "formats/formats.hpp"

// The rows of the table, each defined in the file named after it (jsonl: json.cpp).
namespace dbnet::formats {

extern const Format json_format;
extern const Format jsonl_format;
extern const Format icdar_format;
extern const Format csv_format;
extern const Format paddle_format;
extern const Format labelme_format;
extern const Format coco_format;
extern const Format svg_format;

}  // namespace dbnet::formats
