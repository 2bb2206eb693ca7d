#pragma once

#include "eval/protocol.hpp"

// The matching functions of the protocols, each in the file named after it.
namespace dbnet::eval {

/// First fit in the annotations' order: IoU above 1/2, findings that lie by more than half in
/// ignored text do not count (specification, 9.1).
ImageResult match_first_fit(const Overlaps& overlaps, float min_score);
/// As many matches as there can be under the same conditions (mmocr's "max_matching").
ImageResult match_maximum(const Overlaps& overlaps, float min_score);
/// DetEval as MhLiao has it, and as the ICDAR2013 script has it: they differ in what lies in
/// ignored text (specification, 9.2).
ImageResult match_deteval(const Overlaps& overlaps, float min_score);
ImageResult match_deteval_official(const Overlaps& overlaps, float min_score);
/// DetEval as the Total-Text authors have it, with tr 0.7 and tp 0.6.
ImageResult match_total_text(const Overlaps& overlaps, float min_score);
/// MSRA-TD500's own protocol.
ImageResult match_td500(const Overlaps& overlaps, float min_score);

/// The fates before matching. Findings of which a part above `limit` lies in one ignored truth do
/// not count; `area_bias` is added to their area.
ImageResult begin_matching(const Overlaps& overlaps, float min_score, double limit,
                           double area_bias = 0);

/// Whether neither is matched yet and both count.
bool both_free(const ImageResult& result, const Pair& pair);

}  // namespace dbnet::eval
