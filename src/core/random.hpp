#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>

namespace dbnet::core {

/// A small random stream that is the same on every platform: splitmix64, keyed by a seed and a
/// name, so that streams of different names are independent of each other and of the order in which
/// they are made.
class Random {
public:
    explicit Random(std::uint64_t seed, std::string_view name = {}) : state_(seed) {
        std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
        for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        state_ ^= hash;
        next();
    }

    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }

    /// Uniform in [0, 1).
    double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }
    /// Uniform in [low, high).
    double uniform(double low, double high) { return low + (high - low) * uniform(); }
    /// Uniform in 0 ... count - 1; count >= 1.
    std::uint64_t below(std::uint64_t count) {
        return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * count) >> 64);
    }
    /// Standard normal (Box and Muller).
    float normal() {
        const double radius = std::sqrt(-2 * std::log(1 - uniform()));
        return static_cast<float>(radius * std::cos(2 * std::numbers::pi * uniform()));
    }

private:
    std::uint64_t state_;
};

}  // namespace dbnet::core
