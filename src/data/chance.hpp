#pragma once

#include <optional>

#include "core/random.hpp"

namespace dbnet::data {

/// Something that happens to a share of the samples, with a strength in [low, high].
struct Chance {
    double share = 0;  ///< [0, 1]
    double low = 0;
    double high = 0;
};

/// The strength, uniform in its range, where it happens.
inline std::optional<double> draw(const Chance& chance, core::Random& random) {
    if (chance.share == 0 || random.uniform() >= chance.share) return std::nullopt;
    return random.uniform(chance.low, chance.high);
}

}  // namespace dbnet::data
