#include "eval/errors.hpp"

#include <algorithm>

namespace dbnet::eval {
namespace {

constexpr double kNearIou = 0.3;
constexpr double kMostly = 0.5;

std::size_t at(std::int32_t index) { return static_cast<std::size_t>(index); }

class Errors {
public:
    Errors(const Overlaps& overlaps, const ImageResult& result)
        : overlaps_(overlaps),
          result_(result),
          truth_is_told_(overlaps.truths().size()),
          finding_is_told_(overlaps.findings().size()) {}

    std::vector<DetectionError> run() {
        for (std::size_t i = 0; i < finding_is_told_.size(); ++i) tell_merge(i);
        for (std::size_t i = 0; i < truth_is_told_.size(); ++i) tell_split(i);
        for (std::size_t i = 0; i < truth_is_told_.size(); ++i) tell_near_miss(i);
        for (std::size_t i = 0; i < truth_is_told_.size(); ++i)
            if (is_open_truth(i))
                add({ErrorKind::miss, {static_cast<std::int32_t>(i)}, {}, best_iou_of_truth(i)});
        for (std::size_t i = 0; i < finding_is_told_.size(); ++i)
            if (is_open_finding(i))
                add({ErrorKind::false_positive,
                     {},
                     {static_cast<std::int32_t>(i)},
                     best_iou_of_finding(i)});
        return std::move(errors_);
    }

private:
    bool is_open_truth(std::size_t i) const {
        return result_.truth_fates[i] == Fate::unmatched && !truth_is_told_[i];
    }
    bool is_open_finding(std::size_t i) const {
        return result_.finding_fates[i] == Fate::unmatched && !finding_is_told_[i];
    }
    /// Whether both count; ignored text is nobody's error.
    bool counts(const Pair& pair) const {
        const auto counted = [](Fate fate) {
            return fate == Fate::matched || fate == Fate::unmatched;
        };
        return counted(result_.truth_fates[at(pair.truth)]) &&
               counted(result_.finding_fates[at(pair.finding)]);
    }

    void tell_merge(std::size_t finding) {
        if (!is_open_finding(finding)) return;
        DetectionError error{ErrorKind::merge, {}, {static_cast<std::int32_t>(finding)}};
        for (const Pair& pair : overlaps_.of_finding(finding)) {
            if (!counts(pair) || overlaps_.recall(pair) <= kMostly) continue;
            error.truths.push_back(pair.truth);
            error.iou = std::max(error.iou, overlaps_.iou(pair));
        }
        if (error.truths.size() > 1) add(std::move(error));
    }

    void tell_split(std::size_t truth) {
        if (!is_open_truth(truth)) return;
        DetectionError error{ErrorKind::split, {static_cast<std::int32_t>(truth)}, {}};
        for (const Pair& pair : overlaps_.of_truth(truth)) {
            if (!counts(pair) || overlaps_.precision(pair) <= kMostly) continue;
            error.findings.push_back(pair.finding);
            error.iou = std::max(error.iou, overlaps_.iou(pair));
        }
        if (error.findings.size() > 1) add(std::move(error));
    }

    void tell_near_miss(std::size_t truth) {
        if (!is_open_truth(truth)) return;
        DetectionError error{ErrorKind::near_miss, {static_cast<std::int32_t>(truth)}, {-1}};
        for (const Pair& pair : overlaps_.of_truth(truth)) {
            if (!counts(pair) || overlaps_.iou(pair) <= error.iou) continue;
            error.findings.front() = pair.finding;
            error.iou = overlaps_.iou(pair);
        }
        if (error.iou >= kNearIou) add(std::move(error));
    }

    double best_iou_of_truth(std::size_t truth) const {
        return best_iou(overlaps_.of_truth(truth));
    }
    double best_iou_of_finding(std::size_t finding) const {
        return best_iou(overlaps_.of_finding(finding));
    }
    double best_iou(std::span<const Pair> pairs) const {
        double best = 0;
        for (const Pair& pair : pairs)
            if (counts(pair)) best = std::max(best, overlaps_.iou(pair));
        return best;
    }

    void add(DetectionError error) {
        for (const std::int32_t truth : error.truths) truth_is_told_[at(truth)] = true;
        for (const std::int32_t finding : error.findings) finding_is_told_[at(finding)] = true;
        errors_.push_back(std::move(error));
    }

    const Overlaps& overlaps_;
    const ImageResult& result_;
    std::vector<bool> truth_is_told_;
    std::vector<bool> finding_is_told_;
    std::vector<DetectionError> errors_;
};

}  // namespace

std::string_view to_string(ErrorKind kind) noexcept {
    switch (kind) {
        case ErrorKind::miss: return "miss";
        case ErrorKind::near_miss: return "near miss";
        case ErrorKind::split: return "split";
        case ErrorKind::merge: return "merge";
        case ErrorKind::false_positive: return "false positive";
    }
    return "unknown";
}

std::vector<DetectionError> errors_of(const Overlaps& overlaps, const ImageResult& result) {
    return Errors(overlaps, result).run();
}

}  // namespace dbnet::eval
