#pragma once

#include <vector>

#include "formats/document.hpp"
#include "formats/record.hpp"

namespace dbnet::formats {

/// The texts of an annotation of COCO's kind: one for each of its polygons; its box where it has
/// none, or a mask. Throws Error{malformed}.
std::vector<RecordRegion> coco_regions(const Json& json, const Where& where,
                                       const RecordSink& sink);

}  // namespace dbnet::formats
