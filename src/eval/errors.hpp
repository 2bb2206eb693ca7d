#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "eval/protocol.hpp"

// What kinds of errors there are in an image, for a person.
namespace dbnet::eval {

enum class ErrorKind : std::uint8_t {
    miss,            ///< a truth that nothing comes near
    near_miss,       ///< a truth with a finding of IoU 0.3 or more, which is not enough
    split,           ///< a truth in which two or more findings lie by more than half
    merge,           ///< a finding that covers more than half of two or more truths
    false_positive,  ///< any other finding without a match
};
inline constexpr std::size_t kErrorKinds = 5;

std::string_view to_string(ErrorKind kind) noexcept;  ///< "near miss", ...

/// Truths and findings that are wrong together.
struct DetectionError {
    ErrorKind kind;
    std::vector<std::int32_t> truths;    ///< empty for a false positive
    std::vector<std::int32_t> findings;  ///< empty for a miss
    double iou = 0;                      ///< the largest of any pair of both that touch
};

/// The errors of an image: every truth and finding of `result` that counts and has no match is in
/// one of them, at least. In the order of the kinds merge, split, near miss, miss, false positive.
std::vector<DetectionError> errors_of(const Overlaps& overlaps, const ImageResult& result);

}  // namespace dbnet::eval
