#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "eval/overlaps.hpp"

// How found text is told right from wrong. Each protocol is one row of the table in protocol.cpp
// and one matching function; docs/evaluation.md describes them for users.
namespace dbnet::eval {

/// What became of an annotated or found outline.
enum class Fate : std::uint8_t {
    unmatched,  ///< a miss, a false alarm
    matched,
    ignored,   ///< "don't care", or found inside such
    below,     ///< the finding's score is below the threshold
    left_out,  ///< not a polygon that the protocol can use
};

struct Match {
    std::int32_t truth;
    std::int32_t finding;
};

/// The outcome for one image. One-to-one protocols add 1 to both sums for each match; DetEval gives
/// less for text that was found in pieces.
struct ImageResult {
    double recall_sum = 0;
    double precision_sum = 0;
    std::int64_t truths = 0;  ///< that count: unmatched and matched ones
    std::int64_t findings = 0;
    std::vector<Fate> truth_fates;
    std::vector<Fate> finding_fates;
    std::vector<Match> matches;

    void add_match(std::int32_t truth, std::int32_t finding);
};

struct Protocol {
    std::string_view name;         ///< what --protocol calls it
    std::string_view description;  ///< one line
    OverlapOptions overlaps;
    /// Matches the findings with a score of at least `min_score`.
    ImageResult (*match)(const Overlaps& overlaps, float min_score);
    /// Score thresholds of which the one with the best hmean is reported; empty: all findings.
    std::span<const float> sweep = {};
};

std::span<const Protocol> protocols();

/// By name; throws Error{invalid_argument} listing the names.
const Protocol& protocol_named(std::string_view name);

}  // namespace dbnet::eval
