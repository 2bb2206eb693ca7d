// The bootstrap draws as many images as there are, with replacement, a thousand times, and takes
// the middle 95 % of the figures. It cannot show more than differs among the images at hand: where
// three are all right, so is every draw of them. Wilson's interval of a share p of n,
//   (p + z^2 / 2n +- z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n),  z = 1.96,
// takes each text as right or wrong by itself, which is too narrow for many images (the texts of
// one are alike) and still wide for few. The wider of the two, on either side, counts.
#include "eval/confidence.hpp"

#include <algorithm>
#include <cmath>

#include "core/random.hpp"
#include "eval/evaluation.hpp"

namespace dbnet::eval {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr double kZ = 1.959964;  // 95 % of a normal distribution lie within so many deviations

/// The middle 95 % of the values.
Interval middle(std::vector<double> values) {
    std::ranges::sort(values);
    const std::size_t cut = values.size() / 40;
    return {values[cut], values[values.size() - 1 - cut]};
}

Interval wilson(double share, double count) {
    if (count <= 0) return {0, 1};
    const double p = std::clamp(share, 0.0, 1.0);
    const double z = kZ * kZ / count;
    const double half = std::sqrt(p * (1 - p) * z + z * z / 4);
    return {std::max(0.0, (p + z / 2 - half) / (1 + z)),
            std::min(1.0, (p + z / 2 + half) / (1 + z))};
}

Interval wider(const Interval& a, const Interval& b) {
    return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

double deviation(const std::vector<double>& values) {
    double sum = 0;
    double squares = 0;
    for (const double value : values) {
        sum += value;
        squares += value * value;
    }
    const auto count = static_cast<double>(values.size());
    return std::sqrt(std::max(0.0, squares / count - sum * sum / (count * count)));
}

/// What is counted in each image.
std::vector<Totals> counts_of(const std::vector<ImageResult>& results) {
    std::vector<Totals> counts(results.size());
    for (std::size_t i = 0; i < results.size(); ++i) counts[i].add(results[i]);
    return counts;
}

}  // namespace

Confidence confidence(const std::vector<ImageResult>& results, int rounds) {
    const std::vector<Totals> images = counts_of(results);
    Totals all;
    for (const Totals& image : images) all.add(image);
    core::Random random(kSeed, "bootstrap");
    std::vector<double> precision;
    std::vector<double> recall;
    std::vector<double> hmean;
    for (int round = 0; round < rounds; ++round) {
        Totals totals;
        for (std::size_t i = 0; i < images.size(); ++i)
            totals.add(images[random.below(images.size())]);
        const Figures figures = totals.figures();
        precision.push_back(figures.precision);
        recall.push_back(figures.recall);
        hmean.push_back(figures.hmean);
    }
    const Figures figures = all.figures();
    const auto truths = static_cast<double>(all.truths);
    const auto findings = static_cast<double>(all.findings);
    // A match is one of the truths and one of the findings: both together tell half as much.
    const Interval texts = wilson(figures.hmean, (truths + findings) / 2);
    return {wider(middle(std::move(precision)), wilson(figures.precision, findings)),
            wider(middle(std::move(recall)), wilson(figures.recall, truths)),
            wider(middle(hmean), texts),
            std::max(deviation(hmean), (texts.high - texts.low) / (2 * kZ))};
}

}  // namespace dbnet::eval
