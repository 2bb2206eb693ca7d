// MSRA-TD500's own protocol (Yao et al., CVPR 2012): a finding is right when its minimum-area
// rectangle and the annotated one differ by less than pi/8 in angle and, both turned about their
// centres until they are level, overlap with an IoU above 1/2. A text counts once: further findings
// of it are wrong. Where the paper leaves the choice open, a text takes the finding with the
// largest IoU. Finding a "difficult" text is neither right nor wrong, nor is missing it.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "eval/matching.hpp"

namespace dbnet::eval {
namespace {

constexpr double kLeastIou = 0.5;
constexpr double kMostTurn = std::numbers::pi / 8;
constexpr double kNever = 2;  // no part of an area is as large: nothing is ignored beforehand

bool agree(const Overlaps& overlaps, const Pair& pair) {
    const double turn = std::abs(overlaps.truth(pair).angle - overlaps.finding(pair).angle);
    return std::min(turn, std::numbers::pi - turn) < kMostTurn && overlaps.iou(pair) > kLeastIou;
}

void match_truth(const Overlaps& overlaps, std::size_t truth, ImageResult& result) {
    const Pair* best = nullptr;
    for (const Pair& pair : overlaps.of_truth(truth))
        if (both_free(result, pair) && agree(overlaps, pair) &&
            (best == nullptr || overlaps.iou(pair) > overlaps.iou(*best)))
            best = &pair;
    if (best != nullptr) result.add_match(best->truth, best->finding);
}

void ignore_difficult(const Overlaps& overlaps, ImageResult& result) {
    for (const Pair& pair : overlaps.pairs()) {
        Fate& fate = result.finding_fates[static_cast<std::size_t>(pair.finding)];
        if (fate == Fate::unmatched && overlaps.truth(pair).ignore && agree(overlaps, pair)) {
            fate = Fate::ignored;
            --result.findings;
        }
    }
}

}  // namespace

ImageResult match_td500(const Overlaps& overlaps, float min_score) {
    ImageResult result = begin_matching(overlaps, min_score, kNever);
    for (std::size_t truth = 0; truth < overlaps.truths().size(); ++truth)
        match_truth(overlaps, truth, result);
    ignore_difficult(overlaps, result);
    result.recall_sum = result.precision_sum = static_cast<double>(result.matches.size());
    return result;
}

}  // namespace dbnet::eval
