#pragma once

#include <string>
#include <vector>

#include "eval/evaluation.hpp"

namespace dbnet::eval {

/// The figures of the texts of one kind: recall of the truths that are of it, precision of the
/// findings that are.
struct Part {
    std::string property;  ///< "height", "aspect", "angle"
    std::string range;     ///< "16 to 32"
    std::int64_t truths = 0;
    std::int64_t matched_truths = 0;
    std::int64_t findings = 0;
    std::int64_t matched_findings = 0;
};

/// By text height in pixels, aspect ratio and angle in degrees, all of the minimum-area rectangle.
/// `results` are those of `evaluation`.
std::vector<Part> break_down(const Evaluation& evaluation, const std::vector<ImageResult>& results);

}  // namespace dbnet::eval
