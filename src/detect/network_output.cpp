#include "detect/network_output.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"

namespace dbnet::detect {
namespace {

/// What rounding may add to a probability.
constexpr float kTolerance = 1e-3f;

struct Range {
    float low = 0;
    float high = 0;
    std::size_t no_numbers = 0;

    bool is_probability() const { return low >= -kTolerance && high <= 1 + kTolerance; }
};

Range range_of(std::span<const float> values) {
    Range range;
    for (const float value : values) {
        range.low = std::min(range.low, value);  // false for NaN
        range.high = std::max(range.high, value);
        range.no_numbers += value != value ? 1 : 0;
    }
    return range;
}

}  // namespace

std::size_t NetworkOutput::choose(const std::vector<std::span<const float>>& maps) {
    if (maps.size() == 1) return 0;
    if (chosen_ < 0) {
        const auto found = std::ranges::find_if(
            maps, [](std::span<const float> map) { return range_of(map).is_probability(); });
        int none = -1;
        chosen_.compare_exchange_strong(
            none, found == maps.end() ? 0 : static_cast<int>(found - maps.begin()));
    }
    return static_cast<std::size_t>(chosen_.load());
}

const float* NetworkOutput::probabilities(std::span<const float> values, std::vector<float>& memory,
                                          std::vector<std::string>& warnings) {
    const Range range = range_of(values);
    if (range.no_numbers > 0)
        warnings.push_back(core::concat("the network's output has ", range.no_numbers,
                                        " values that are no numbers; they count as no text"));
    Kind unknown = Kind::unknown;
    if (!range.is_probability() && kind_.compare_exchange_strong(unknown, Kind::logits))
        warnings.push_back(
            core::concat("the network's output lies between ", range.low, " and ", range.high,
                         ": it is taken for logits, and the sigmoid is applied; the metadata "
                         "dbnet.output_activation = none or sigmoid settles it"));
    if (kind_ != Kind::logits) return values.data();
    memory.resize(values.size());
    std::ranges::transform(values, memory.begin(),
                           [](float value) { return 1 / (1 + std::exp(-value)); });
    return memory.data();
}

}  // namespace dbnet::detect
