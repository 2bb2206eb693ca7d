#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

namespace dbnet::test {

/// The deterministic values that the golden networks are filled with: u in [-1, 1) from splitmix64
/// over an FNV-1a hash of the key, scaled as `fill` says (golden README, 5.1).
class Fill {
public:
    explicit Fill(std::string salt) : salt_(std::move(salt)) {}

    /// `fill`: "bn_w", "bn_b", "bn_m", "bn_v", "bias", "sqrt(6/576)" or a plain factor such as
    /// "1.5".
    std::vector<float> values(const std::string& key, const std::string& fill,
                              std::size_t count) const {
        const auto [offset, factor] = affine(fill);
        std::uint64_t hash = 0xcbf29ce484222325;
        for (const char c : salt_ + key)
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        std::vector<float> result(count);
        for (std::size_t i = 0; i < count; ++i) {
            std::uint64_t z = hash + (i + 1) * 0x9e3779b97f4a7c15;
            z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
            z = (z ^ z >> 27) * 0x94d049bb133111eb;
            z ^= z >> 31;
            const double u = 2 * (static_cast<double>(z >> 40) * 0x1p-24) - 1;
            result[i] = static_cast<float>(offset + factor * u);
        }
        return result;
    }

private:
    struct Affine {
        double offset;
        double factor;
    };

    static Affine affine(const std::string& fill) {
        if (fill == "bn_w") return {0.75, 0.25};
        if (fill == "bn_b" || fill == "bn_m" || fill == "bias") return {0, 0.125};
        if (fill == "bn_v") return {1, 0.25};
        if (fill.starts_with("sqrt(")) {
            const double gain = std::strtod(fill.c_str() + 5, nullptr);
            const double fan = std::strtod(fill.c_str() + fill.find('/') + 1, nullptr);
            return {0, std::sqrt(gain / fan)};
        }
        const double factor = std::strtod(fill.c_str(), nullptr);
        if (!(factor > 0)) throw std::runtime_error("unknown fill " + fill);
        return {0, factor};
    }

    std::string salt_;
};

}  // namespace dbnet::test
