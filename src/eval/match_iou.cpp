// Matching by intersection over union (specification, 9.1 and 9.3): MhLiao's
// DetectionIoUEvaluator, which is the ICDAR2015 script on polygons, and mmocr's hmean-iou.
#include <algorithm>
#include <vector>

#include "eval/matching.hpp"

namespace dbnet::eval {
namespace {

constexpr double kLeastIou = 0.5;
constexpr double kIgnoredPart = 0.5;
constexpr std::int32_t kNone = -1;

std::size_t at(std::int32_t index) { return static_cast<std::size_t>(index); }

/// A largest set of pairs that share no truth and no finding, grown by augmenting paths. What a
/// search without success has seen no later search needs to see again.
class MaximumMatching {
public:
    MaximumMatching(const Overlaps& overlaps, const ImageResult& free)
        : overlaps_(overlaps),
          free_(free),
          truth_of_(overlaps.findings().size(), kNone),
          finding_of_(overlaps.truths().size(), kNone),
          reached_from_(overlaps.findings().size(), kNone) {
        for (std::size_t truth = 0; truth < finding_of_.size(); ++truth)
            if (search(static_cast<std::int32_t>(truth)))
                for (const std::int32_t finding : reached_) reached_from_[at(finding)] = kNone;
    }

    const std::vector<std::int32_t>& finding_of() const noexcept { return finding_of_; }

private:
    /// Breadth first from a truth without a partner to a finding without one.
    bool search(std::int32_t first) {
        reached_.clear();
        if (visit(first)) return true;
        for (std::size_t next = 0; next < reached_.size(); ++next)
            if (visit(truth_of_[at(reached_[next])])) return true;
        return false;
    }

    bool visit(std::int32_t truth) {
        for (const Pair& pair : overlaps_.of_truth(at(truth))) {
            if (!both_free(free_, pair) || overlaps_.iou(pair) <= kLeastIou ||
                reached_from_[at(pair.finding)] != kNone)
                continue;
            reached_from_[at(pair.finding)] = truth;
            reached_.push_back(pair.finding);
            if (truth_of_[at(pair.finding)] != kNone) continue;
            reassign(pair.finding);
            return true;
        }
        return false;
    }

    /// Gives the finding to the truth it was reached from, whose old finding goes the same way.
    void reassign(std::int32_t finding) {
        while (finding != kNone) {
            const std::int32_t truth = reached_from_[at(finding)];
            truth_of_[at(finding)] = truth;
            std::swap(finding, finding_of_[at(truth)]);
        }
    }

    const Overlaps& overlaps_;
    const ImageResult& free_;
    std::vector<std::int32_t> truth_of_;
    std::vector<std::int32_t> finding_of_;
    std::vector<std::int32_t> reached_from_;  ///< the truth from which a finding was reached
    std::vector<std::int32_t> reached_;       ///< in this search
};

void count_matches(ImageResult& result) {
    result.recall_sum = result.precision_sum = static_cast<double>(result.matches.size());
}

}  // namespace

ImageResult match_first_fit(const Overlaps& overlaps, float min_score) {
    ImageResult result = begin_matching(overlaps, min_score, kIgnoredPart);
    for (const Pair& pair : overlaps.pairs())
        if (both_free(result, pair) && overlaps.iou(pair) > kLeastIou)
            result.add_match(pair.truth, pair.finding);
    count_matches(result);
    return result;
}

ImageResult match_maximum(const Overlaps& overlaps, float min_score) {
    ImageResult result = begin_matching(overlaps, min_score, kIgnoredPart);
    const MaximumMatching maximum(overlaps, result);
    for (std::size_t truth = 0; truth < overlaps.truths().size(); ++truth)
        if (const std::int32_t finding = maximum.finding_of()[truth]; finding != kNone)
            result.add_match(static_cast<std::int32_t>(truth), finding);
    count_matches(result);
    return result;
}

}  // namespace dbnet::eval
