#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace dbnet::detect {

/// What a file does not say about a network's outputs and the first image shows: which of several
/// maps is the probability, and whether it holds probabilities or logits. One per detector, used by
/// all its lanes.
class NetworkOutput {
public:
    /// `logits`: what the model's metadata says; empty: not known.
    explicit NetworkOutput(std::optional<bool> logits = {})
        : kind_(!logits   ? Kind::unknown
                : *logits ? Kind::logits
                          : Kind::probabilities) {}

    /// The map that is the probability: the first one whose values all lie in [0, 1], else the
    /// first. The first call decides for all.
    std::size_t choose(const std::vector<std::span<const float>>& maps);

    /// The map's probabilities: the values themselves, or `memory` with the sigmoid of them where
    /// they are logits. Values beyond [0, 1] are; the first time a warning says so. Another one
    /// tells of values that are no numbers.
    const float* probabilities(std::span<const float> values, std::vector<float>& memory,
                               std::vector<std::string>& warnings);

private:
    enum class Kind : int { unknown, probabilities, logits };
    std::atomic<int> chosen_ = -1;
    std::atomic<Kind> kind_;
};

}  // namespace dbnet::detect
