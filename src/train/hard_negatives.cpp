#include "train/hard_negatives.hpp"

#include <array>
#include <bit>

#include "train/compute_threads.hpp"

namespace dbnet::train {
namespace {

constexpr std::size_t kParts = 32;  ///< that threads share
constexpr std::size_t kCopies = 4;  ///< of a histogram: increments of one counter wait in line

/// How many values have each of the next `bits` bits, of those whose bits above are `prefix`.
std::vector<double> histogram(std::span<const float> values, std::uint32_t prefix, int shift,
                              int bits) {
    const std::size_t buckets = std::size_t{1} << bits;
    const std::uint32_t mask = static_cast<std::uint32_t>(buckets) - 1;
    std::vector<std::vector<std::uint32_t>> parts(kParts);
    for_each_in_parallel(kParts, [&](std::int64_t index) {
        const auto part = static_cast<std::size_t>(index);
        std::vector<std::uint32_t>& counts = parts[part];
        counts.resize(buckets * kCopies);
        const std::size_t last = values.size() * (part + 1) / kParts;
        for (std::size_t i = values.size() * part / kParts; i < last; ++i) {
            const auto number = std::bit_cast<std::uint32_t>(values[i]);
            if (number >> shift >> bits == prefix)
                ++counts[i % kCopies * buckets + (number >> shift & mask)];
        }
    });
    std::vector<double> total(buckets);
    for (const std::vector<std::uint32_t>& counts : parts)
        for (std::size_t i = 0; i < counts.size(); ++i) total[i % buckets] += counts[i];
    return total;
}

}  // namespace

Largest find_largest(std::span<const float> values, double k, const ReduceCounts& reduce) {
    constexpr std::array<std::array<int, 2>, 3> kDigits{{{20, 11}, {10, 10}, {0, 10}}};
    std::uint32_t prefix = 0;
    double missing = k;
    double ties = 1;
    for (const auto [shift, bits] : kDigits) {
        std::vector<double> counts = histogram(values, prefix, shift, bits);
        if (reduce) reduce(counts);
        std::size_t digit = counts.size() - 1;
        for (; digit > 0 && counts[digit] < missing; --digit) missing -= counts[digit];
        ties = counts[digit];
        prefix = prefix << bits | static_cast<std::uint32_t>(digit);
    }
    return {std::bit_cast<float>(prefix), missing / ties};
}

}  // namespace dbnet::train
