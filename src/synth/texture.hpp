#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <dbnet/image.hpp>

#include "core/random.hpp"

namespace dbnet::synth {

/// A square of noise that continues itself on all sides: values about 0, of the size of an int8_t,
/// three channels.
class Texture {
public:
    static constexpr int kSide = 512;

    /// White noise, the same or another one for each channel, plus what is `octaves` times twice as
    /// coarse and twice as strong, each.
    Texture(int octaves, bool coloured, std::uint64_t seed);

    /// A row's first 3 * kSide values from column x on: the row repeats itself once.
    const std::int8_t* row(int y, int x) const {
        return values_.data() + (static_cast<std::size_t>(y % kSide) * 2 * kSide + x % kSide) * 3;
    }

private:
    std::vector<std::int8_t> values_;  ///< kSide rows of 2 * kSide pixels
};

/// Textures that all pictures share, made when first asked for.
struct Textures {
    static const Textures& shared();

    Texture grain{0, true, 1};     ///< of a sensor
    Texture surface{3, false, 2};  ///< plaster, stone
    Texture stains{7, false, 3};   ///< weathering
};

/// Adds texture * strength to the image, from a random place of the texture on.
void add_texture(Image& image, const Texture& texture, double strength, core::Random& random);

}  // namespace dbnet::synth
