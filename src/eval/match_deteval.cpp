// DetEval (Wolf and Jolion, IJDAR 2006; specification, 9.2) as the ICDAR2013 script and MhLiao/DB
// have it: text may be found in one piece, in several, or several in one. All areas of a pair are
// taken relative to the truth (recall, at least 0.8) and to the finding (precision, at least 0.4).
#include <cmath>

#include "eval/matching.hpp"
#include "geometry/polygon.hpp"

namespace dbnet::eval {
namespace {

constexpr double kLeastRecall = 0.8;
constexpr double kLeastPrecision = 0.4;
constexpr double kSplitWorth = 0.8;  // of a truth that was found in pieces, and of each piece

std::size_t at(std::int32_t index) { return static_cast<std::size_t>(index); }

double rounded(double value) { return std::nearbyint(value * 1e4) / 1e4; }

Point mean(const Polygon& polygon) {
    Point sum;
    for (const Point point : polygon) sum = {sum.x + point.x, sum.y + point.y};
    const double n = static_cast<double>(polygon.size());
    return {sum.x / n, sum.y / n};
}

double diagonal(const Shape& shape) { return std::hypot(shape.box.width, shape.box.height); }

class DetEval {
public:
    DetEval(const Overlaps& overlaps, float min_score, double ignored_part)
        : overlaps_(overlaps), result_(begin_matching(overlaps, min_score, ignored_part)) {}

    ImageResult run() {
        for (const Pair& pair : overlaps_.pairs())
            if (both_free(result_, pair) && is_one_to_one(pair)) credit({&pair}, 1, 1);
        for (std::size_t i = 0; i < overlaps_.truths().size(); ++i)
            if (result_.truth_fates[i] == Fate::unmatched) match_pieces(i);
        for (std::size_t i = 0; i < overlaps_.findings().size(); ++i)
            if (result_.finding_fates[i] == Fate::unmatched) match_several(i);
        return std::move(result_);
    }

private:
    bool takes_part(const Pair& pair) const {
        const Fate fate = result_.finding_fates[at(pair.finding)];
        return fate != Fate::below && fate != Fate::left_out;
    }
    bool finding_counts(const Pair& pair) const {
        return takes_part(pair) && result_.finding_fates[at(pair.finding)] != Fate::ignored;
    }
    bool truth_counts(const Pair& pair) const {
        return result_.truth_fates[at(pair.truth)] != Fate::ignored;
    }

    bool is_good(const Pair& pair) const {
        return overlaps_.recall(pair) >= kLeastRecall &&
               overlaps_.precision(pair) >= kLeastPrecision;
    }

    /// Good, the only good pair of both (ignored ones included), the only overlap of both, and the
    /// centres less than half the diagonals apart.
    bool is_one_to_one(const Pair& pair) const {
        if (!is_good(pair)) return false;
        int good = 0;
        for (const Pair& other : overlaps_.of_truth(at(pair.truth)))
            good += takes_part(other) && is_good(other);
        for (const Pair& other : overlaps_.of_finding(at(pair.finding))) good += is_good(other);
        if (good != 2 || overlaps_of_truth(at(pair.truth)) != 1 ||
            overlaps_of_finding(at(pair.finding)) != 1)
            return false;
        const Shape& truth = overlaps_.truth(pair);
        const Shape& finding = overlaps_.finding(pair);
        const Point a = mean(truth.outline);
        const Point b = mean(finding.outline);
        return 2 * std::hypot(a.x - b.x, a.y - b.y) < diagonal(truth) + diagonal(finding);
    }

    int overlaps_of_truth(std::size_t truth) const {
        int count = 0;
        for (const Pair& pair : overlaps_.of_truth(truth)) count += finding_counts(pair);
        return count;
    }
    int overlaps_of_finding(std::size_t finding) const {
        int count = 0;
        for (const Pair& pair : overlaps_.of_finding(finding)) count += truth_counts(pair);
        return count;
    }

    /// One truth, found in pieces.
    void match_pieces(std::size_t truth) {
        double covered = 0;
        std::vector<const Pair*> pieces;
        for (const Pair& pair : overlaps_.of_truth(truth)) {
            if (!both_free(result_, pair) || overlaps_.precision(pair) < kLeastPrecision) continue;
            covered += overlaps_.recall(pair);
            pieces.push_back(&pair);
        }
        if (rounded(covered) < kLeastRecall || overlaps_of_truth(truth) < 2) return;
        const double worth = pieces.size() == 1 ? 1 : kSplitWorth;
        credit(pieces, worth, worth * static_cast<double>(pieces.size()));
    }

    /// Several truths, found as one.
    void match_several(std::size_t finding) {
        double covered = 0;
        std::vector<const Pair*> parts;
        for (const Pair& pair : overlaps_.of_finding(finding)) {
            if (!both_free(result_, pair) || overlaps_.recall(pair) < kLeastRecall) continue;
            covered += overlaps_.precision(pair);
            parts.push_back(&pair);
        }
        if (rounded(covered) < kLeastPrecision || overlaps_of_finding(finding) < 2) return;
        credit(parts, static_cast<double>(parts.size()), 1);
    }

    void credit(const std::vector<const Pair*>& pairs, double recall, double precision) {
        result_.recall_sum += recall;
        result_.precision_sum += precision;
        for (const Pair* pair : pairs) result_.add_match(pair->truth, pair->finding);
    }

    const Overlaps& overlaps_;
    ImageResult result_;
};

}  // namespace

ImageResult match_deteval(const Overlaps& overlaps, float min_score) {
    return DetEval(overlaps, min_score, kLeastPrecision).run();
}

ImageResult match_deteval_official(const Overlaps& overlaps, float min_score) {
    return DetEval(overlaps, min_score, 0.5).run();
}

}  // namespace dbnet::eval
