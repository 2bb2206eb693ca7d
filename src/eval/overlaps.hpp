#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "eval/sample.hpp"

// The areas that annotated and found outlines have in common: all that matching looks at. They are
// computed once for an image; matching at another score threshold costs next to nothing then.
namespace dbnet::eval {

/// As what a protocol takes an outline.
enum class View {
    polygon,   ///< as it is; self-crossing ones are left out on both sides
    repaired,  ///< as it is; self-crossing ones as mmocr repairs them
    box,       ///< its axis-aligned box
    turned,    ///< its minimum-area rectangle, turned about its centre until its long side is level
};

/// Outlines with more vertices are left out like self-crossing ones.
inline constexpr std::size_t kMaxVertices = 4096;
/// More pairs with a common area than this are an error.
inline constexpr std::size_t kMaxPairs = 20'000'000;

/// One outline of an image.
struct Shape {
    Polygon outline;  ///< empty: left out
    Rect box = {};
    double area = 0;
    double angle = 0;     ///< of the long side, View::turned: [0, pi)
    bool ignore = false;  ///< of a truth
    float score = 0;      ///< of a finding

    bool usable() const noexcept { return !outline.empty(); }
};

/// A truth and a finding with a common area above 0.
struct Pair {
    std::int32_t truth;
    std::int32_t finding;
    double common;
};

struct OverlapOptions {
    View view = View::polygon;
    /// Findings are looked at from the highest score, not in their order.
    bool by_score = false;
    /// Truths whose box has a side shorter than this are ignored.
    double ignore_below = 0;
};

class Overlaps {
public:
    /// Throws Error{too_large} for more than kMaxPairs.
    Overlaps(const Sample& sample, const OverlapOptions& options);

    const std::vector<Shape>& truths() const noexcept { return truths_; }
    const std::vector<Shape>& findings() const noexcept { return findings_; }

    /// The pairs by truth, those of a truth in the order in which its findings are looked at.
    const std::vector<Pair>& pairs() const noexcept { return pairs_; }
    std::span<const Pair> of_truth(std::size_t truth) const {
        return {pairs_.data() + rows_[truth], rows_[truth + 1] - rows_[truth]};
    }
    /// The pairs of a finding, by truth.
    std::span<const Pair> of_finding(std::size_t finding) const {
        return {columns_.data() + column_starts_[finding],
                column_starts_[finding + 1] - column_starts_[finding]};
    }

    /// Part of the truth, of the finding and of their union that both cover.
    double recall(const Pair& pair) const { return pair.common / truth(pair).area; }
    double precision(const Pair& pair) const { return pair.common / finding(pair).area; }
    double iou(const Pair& pair) const {
        return pair.common / (truth(pair).area + finding(pair).area - pair.common);
    }
    const Shape& truth(const Pair& pair) const {
        return truths_[static_cast<std::size_t>(pair.truth)];
    }
    const Shape& finding(const Pair& pair) const {
        return findings_[static_cast<std::size_t>(pair.finding)];
    }

private:
    void find_pairs();
    void sort_pairs(bool by_score);

    std::vector<Shape> truths_;
    std::vector<Shape> findings_;
    std::vector<Pair> pairs_;
    std::vector<Pair> columns_;
    std::vector<std::size_t> rows_;
    std::vector<std::size_t> column_starts_;
};

}  // namespace dbnet::eval
