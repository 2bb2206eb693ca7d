// DetEval as the Total-Text authors' script has it (specification, 9.2 and 14.4): both areas
// rounded to two decimals, strict comparisons for one-to-one only, text in pieces and several texts
// in one worth 0.8 each.
#include <cmath>
#include <utility>
#include <vector>

#include "eval/matching.hpp"

namespace dbnet::eval {
namespace {

constexpr double kLeastRecall = 0.7;
constexpr double kLeastPrecision = 0.6;
constexpr double kWorth = 0.8;
constexpr double kIgnoredPart = 0.5;

std::size_t at(std::int32_t index) { return static_cast<std::size_t>(index); }

double rounded(double part) { return std::nearbyint(part * 100) / 100; }

class TotalText {
public:
    TotalText(const Overlaps& overlaps, float min_score)
        : overlaps_(overlaps), result_(begin_matching(overlaps, min_score, kIgnoredPart, 1)) {}

    ImageResult run() {
        for (std::size_t i = 0; i < overlaps_.truths().size(); ++i)
            if (truth_is_free(i)) match_one(i);
        for (std::size_t i = 0; i < overlaps_.truths().size(); ++i)
            if (truth_is_free(i)) match_pieces(i);
        for (std::size_t i = 0; i < overlaps_.findings().size(); ++i)
            if (result_.finding_fates[i] == Fate::unmatched) match_several(i);
        return std::move(result_);
    }

private:
    bool truth_is_free(std::size_t truth) const {
        return result_.truth_fates[truth] == Fate::unmatched;
    }
    /// Ignored truths and findings are not there for this protocol.
    bool is_there(const Pair& pair) const {
        const auto counts = [](Fate fate) {
            return fate == Fate::unmatched || fate == Fate::matched;
        };
        return counts(result_.truth_fates[at(pair.truth)]) &&
               counts(result_.finding_fates[at(pair.finding)]);
    }
    double recall(const Pair& pair) const { return rounded(overlaps_.recall(pair)); }
    double precision(const Pair& pair) const { return rounded(overlaps_.precision(pair)); }
    bool covers(const Pair& pair) const { return recall(pair) > kLeastRecall; }
    bool is_inside(const Pair& pair) const { return precision(pair) > kLeastPrecision; }

    /// The truth has one finding that covers it and one that lies in it (the script takes them for
    /// the same), and both have no other truth like that.
    void match_one(std::size_t truth) {
        const Pair* covering = nullptr;
        const Pair* inside = nullptr;
        for (const Pair& pair : overlaps_.of_truth(truth)) {
            if (!is_there(pair)) continue;
            if (covers(pair) && std::exchange(covering, &pair) != nullptr) return;
            if (is_inside(pair) && std::exchange(inside, &pair) != nullptr) return;
        }
        if (covering == nullptr || inside == nullptr) return;
        int others = 0;
        for (const Pair& pair : overlaps_.of_finding(at(covering->finding)))
            others += is_there(pair) && pair.truth != covering->truth && covers(pair);
        for (const Pair& pair : overlaps_.of_finding(at(inside->finding)))
            others += is_there(pair) && pair.truth != inside->truth && is_inside(pair);
        if (others == 0) credit({covering}, 1, 1);
    }

    void match_pieces(std::size_t truth) {
        int touching = 0;
        double covered = 0;
        std::vector<const Pair*> pieces;
        for (const Pair& pair : overlaps_.of_truth(truth)) {
            if (!is_there(pair)) continue;
            touching += recall(pair) > 0;
            if (!both_free(result_, pair) || precision(pair) < kLeastPrecision) continue;
            covered += recall(pair);
            pieces.push_back(&pair);
        }
        if (touching < 2 || pieces.empty() || covered < kLeastRecall) return;
        const double worth = pieces.size() == 1 ? 1 : kWorth;
        credit(pieces, worth, worth * static_cast<double>(pieces.size()));
    }

    /// The script asks for tp of each part's area here, where tr would be expected.
    void match_several(std::size_t finding) {
        int touching = 0;
        double covered = 0;
        std::vector<const Pair*> parts;
        for (const Pair& pair : overlaps_.of_finding(finding)) {
            if (!is_there(pair)) continue;
            touching += precision(pair) > 0;
            if (!both_free(result_, pair) || recall(pair) < kLeastPrecision) continue;
            covered += precision(pair);
            parts.push_back(&pair);
        }
        if (touching < 2 || parts.empty() || covered < kLeastPrecision) return;
        if (parts.size() == 1 && recall(*parts.front()) < kLeastRecall) return;
        const double worth = parts.size() == 1 ? 1 : kWorth;
        credit(parts, worth * static_cast<double>(parts.size()), worth);
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

ImageResult match_total_text(const Overlaps& overlaps, float min_score) {
    return TotalText(overlaps, min_score).run();
}

}  // namespace dbnet::eval
