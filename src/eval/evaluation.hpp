#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "eval/protocol.hpp"

namespace dbnet::eval {

struct Figures {
    double precision = 0;
    double recall = 0;
    double hmean = 0;  ///< harmonic mean of both
};

/// Sums over images. A figure without anything to count is 0.
struct Totals {
    double recall_sum = 0;
    double precision_sum = 0;
    std::int64_t truths = 0;
    std::int64_t findings = 0;

    void add(const ImageResult& image);
    void add(const Totals& other);
    Figures figures() const;
};

struct CurvePoint {
    float min_score = 0;
    Figures figures;
};

/// All images of a data set under one protocol. Results depend neither on the order in which the
/// samples are given nor on the number of threads.
class Evaluation {
public:
    /// Areas are computed on all threads that oneTBB may use. `options`: usually the protocol's.
    /// Throws Error as Overlaps does, naming the image, and Error{invalid_argument} for two samples
    /// of the same name.
    Evaluation(std::vector<Sample> samples, const Protocol& protocol,
               const OverlapOptions& options);
    Evaluation(std::vector<Sample> samples, const Protocol& protocol)
        : Evaluation(std::move(samples), protocol, protocol.overlaps) {}

    /// Sorted by name; the results are in the same order.
    const std::vector<Sample>& samples() const noexcept { return samples_; }
    const std::vector<Overlaps>& overlaps() const noexcept { return overlaps_; }

    std::vector<ImageResult> results(float min_score = 0) const;
    Totals totals(float min_score = 0) const;

    /// The threshold that the protocol reports: the first with the best hmean of its sweep, else 0.
    float reported_threshold() const;

    /// Figures at score thresholds 0, 1/steps, ..., 1.
    std::vector<CurvePoint> curve(int steps = 100) const;

    /// Average precision as the ICDAR2015 script computes it from confidences, [0, 1].
    double average_precision() const;

private:
    const Protocol& protocol_;
    std::vector<Sample> samples_;
    std::vector<Overlaps> overlaps_;
};

}  // namespace dbnet::eval
