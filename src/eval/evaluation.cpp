#include "eval/evaluation.hpp"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <optional>

#include "core/error.hpp"

namespace dbnet::eval {
namespace {

double ratio(double part, std::int64_t whole) {
    return whole == 0 ? 0 : part / static_cast<double>(whole);
}

Overlaps overlaps_of(const Sample& sample, const OverlapOptions& options) {
    try {
        return Overlaps(sample, options);
    } catch (const Error& error) {
        core::fail(error.code(), sample.name, ": ", error.what());
    }
}

}  // namespace

void Totals::add(const ImageResult& image) {
    recall_sum += image.recall_sum;
    precision_sum += image.precision_sum;
    truths += image.truths;
    findings += image.findings;
}

void Totals::add(const Totals& other) {
    recall_sum += other.recall_sum;
    precision_sum += other.precision_sum;
    truths += other.truths;
    findings += other.findings;
}

Figures Totals::figures() const {
    Figures figures{ratio(precision_sum, findings), ratio(recall_sum, truths)};
    const double sum = figures.precision + figures.recall;
    figures.hmean = sum > 0 ? 2 * figures.precision * figures.recall / sum : 0;
    return figures;
}

Evaluation::Evaluation(std::vector<Sample> samples, const Protocol& protocol,
                       const OverlapOptions& options)
    : protocol_(protocol), samples_(std::move(samples)) {
    std::ranges::sort(samples_, {}, &Sample::name);
    const auto twice = std::ranges::adjacent_find(samples_, {}, &Sample::name);
    if (twice != samples_.end())
        core::fail(ErrorCode::invalid_argument, "two images are called ", twice->name);
    std::vector<std::optional<Overlaps>> made(samples_.size());
    oneapi::tbb::parallel_for(std::size_t{0}, samples_.size(), [&](std::size_t i) {
        made[i].emplace(overlaps_of(samples_[i], options));
    });
    for (std::optional<Overlaps>& overlaps : made) overlaps_.push_back(*std::move(overlaps));
}

std::vector<ImageResult> Evaluation::results(float min_score) const {
    std::vector<ImageResult> results;
    for (const Overlaps& overlaps : overlaps_)
        results.push_back(protocol_.match(overlaps, min_score));
    return results;
}

Totals Evaluation::totals(float min_score) const {
    Totals totals;
    for (const Overlaps& overlaps : overlaps_) totals.add(protocol_.match(overlaps, min_score));
    return totals;
}

float Evaluation::reported_threshold() const {
    float best = 0;
    double best_hmean = -1;
    for (const float min_score : protocol_.sweep) {
        const double hmean = totals(min_score).figures().hmean;
        if (hmean <= best_hmean) continue;
        best = min_score;
        best_hmean = hmean;
    }
    return best;
}

std::vector<CurvePoint> Evaluation::curve(int steps) const {
    std::vector<CurvePoint> points;
    for (int i = 0; i <= steps; ++i) {
        const float min_score = static_cast<float>(i) / static_cast<float>(steps);
        points.push_back({min_score, totals(min_score).figures()});
    }
    return points;
}

double Evaluation::average_precision() const {
    struct Judged {
        float score;
        bool right;
    };
    std::vector<Judged> judged;
    std::int64_t truths = 0;
    for (const Overlaps& overlaps : overlaps_) {
        const ImageResult result = protocol_.match(overlaps, 0);
        truths += result.truths;
        for (std::size_t i = 0; i < result.finding_fates.size(); ++i) {
            const Fate fate = result.finding_fates[i];
            if (fate == Fate::matched || fate == Fate::unmatched)
                judged.push_back({overlaps.findings()[i].score, fate == Fate::matched});
        }
    }
    std::ranges::stable_sort(judged, std::ranges::greater{}, &Judged::score);
    double sum = 0;
    double right = 0;
    for (std::size_t i = 0; i < judged.size(); ++i)
        if (judged[i].right) sum += ++right / static_cast<double>(i + 1);
    // DetEval takes several findings for one truth, so that more can be right than there are
    // truths.
    return ratio(sum, std::max(truths, static_cast<std::int64_t>(right)));
}

}  // namespace dbnet::eval
