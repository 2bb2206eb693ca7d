#include "train/hard_negatives.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

namespace dbnet::train {
namespace {

/// The same by sorting.
Largest by_sorting(std::vector<float> values, std::size_t k) {
    std::ranges::sort(values, std::greater());
    const float least = values[k - 1];
    const auto above = std::ranges::count_if(values, [&](float x) { return x > least; });
    const auto equal = std::ranges::count(values, least);
    return {least,
            (static_cast<double>(k) - static_cast<double>(above)) / static_cast<double>(equal)};
}

void expect_sorted(const std::vector<float>& values, std::size_t k) {
    const Largest expected = by_sorting(values, k);
    const Largest found = find_largest(values, static_cast<double>(k));
    EXPECT_EQ(found.least, expected.least) << k << " of " << values.size();
    EXPECT_EQ(found.tie_share, expected.tie_share) << k << " of " << values.size();
}

TEST(HardNegatives, AreThoseThatSortingFinds) {
    std::mt19937 random(1);
    for (const std::size_t count : {1u, 2u, 31u, 33u, 5000u}) {
        std::vector<float> spread(count);
        std::vector<float> tied(count);  // six values, many of them 0
        for (std::size_t i = 0; i < count; ++i) {
            spread[i] = std::exp(std::normal_distribution<float>(0, 10)(random));
            tied[i] = std::max(0.0f, std::round(std::normal_distribution<float>(0, 2)(random)));
        }
        for (const auto* values : {&spread, &tied})
            for (const std::size_t k : {std::size_t{1}, (count + 1) / 2, count})
                expect_sorted(*values, k);
    }
    constexpr float kSubnormal = std::numeric_limits<float>::denorm_min();
    expect_sorted({0, kSubnormal, 2 * kSubnormal, 1, std::numeric_limits<float>::max()}, 3);
    expect_sorted({1, std::nextafter(1.0f, 2.0f), std::nextafter(1.0f, 0.0f)}, 2);
}

TEST(HardNegatives, NothingIsHarderThanWhatIsNoNumber) {
    const std::vector<float> values{3, NAN, std::numeric_limits<float>::infinity(), 4};
    EXPECT_TRUE(std::isnan(find_largest(values, 1).least));
    EXPECT_TRUE(std::isinf(find_largest(values, 2).least));
    EXPECT_EQ(find_largest(values, 3).least, 4);
}

TEST(HardNegatives, ArePickedOverAllProcesses) {
    const std::vector<float> here{1, 2, 2, 7};
    const std::vector<float> there{2, 9, 0.5f};
    // What the other process counts, as it would: each digit of the values that are still possible.
    int round = 0;
    const Largest found = find_largest(here, 4, [&](std::vector<double>& counts) {
        const int shift = std::array{20, 10, 0}[static_cast<std::size_t>(round++)];
        for (const float value : there) {
            const auto bits = std::bit_cast<std::uint32_t>(value);
            const bool possible =
                shift == 20 ||
                bits >> (shift + 10) == std::bit_cast<std::uint32_t>(2.0f) >> (shift + 10);
            if (possible) counts[bits >> shift & (counts.size() - 1)] += 1;
        }
    });
    EXPECT_EQ(round, 3);
    EXPECT_EQ(found.least, 2);  // 9, 7, and two of three
    EXPECT_EQ(found.tie_share, 2.0 / 3);
}

}  // namespace
}  // namespace dbnet::train
