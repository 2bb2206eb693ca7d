#include "synth/texture.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace dbnet::synth {
namespace {

constexpr int kSide = Texture::kSide;
constexpr float kDeviation = 32;  // of the int8 values

using Field = std::vector<float>;

/// Adds noise whose cells are `cell` pixels wide, smoothly interpolated.
void add_octave(Field& field, int cell, float strength, core::Random& random) {
    const int cells = kSide / cell;
    Field grid(static_cast<std::size_t>(cells) * cells);
    for (float& value : grid) value = strength * random.normal();
    const auto at = [&](int y, int x) {
        return grid[static_cast<std::size_t>(y % cells) * cells + x % cells];
    };
    for (int y = 0; y < kSide; ++y)
        for (int x = 0; x < kSide; ++x) {
            const float fy = static_cast<float>(y % cell) / static_cast<float>(cell);
            const float fx = static_cast<float>(x % cell) / static_cast<float>(cell);
            const float sy = fy * fy * (3 - 2 * fy);
            const float sx = fx * fx * (3 - 2 * fx);
            const int j = y / cell;
            const int i = x / cell;
            const float top = at(j, i) + sx * (at(j, i + 1) - at(j, i));
            const float bottom = at(j + 1, i) + sx * (at(j + 1, i + 1) - at(j + 1, i));
            field[static_cast<std::size_t>(y) * kSide + x] += top + sy * (bottom - top);
        }
}

Field make_field(int octaves, core::Random& random) {
    Field field(static_cast<std::size_t>(kSide) * kSide);
    for (int octave = 0; octave <= octaves; ++octave)
        add_octave(field, 1 << octave, static_cast<float>(1 << octave), random);
    double squares = 0;
    double sum = 0;
    for (const float value : field) {
        sum += value;
        squares += double{value} * value;
    }
    const double mean = sum / static_cast<double>(field.size());
    const double deviation = std::sqrt(squares / static_cast<double>(field.size()) - mean * mean);
    for (float& value : field) value = static_cast<float>((value - mean) / deviation) * kDeviation;
    return field;
}

}  // namespace

Texture::Texture(int octaves, bool coloured, std::uint64_t seed)
    : values_(std::size_t{kSide} * 2 * kSide * 3) {
    core::Random random(seed, "texture");
    std::array<Field, 3> channels;
    for (int c = 0; c < 3; ++c)
        channels[static_cast<std::size_t>(c)] =
            c == 0 || coloured ? make_field(octaves, random) : channels[0];
    for (int y = 0; y < kSide; ++y)
        for (int x = 0; x < 2 * kSide; ++x)
            for (std::size_t c = 0; c < 3; ++c) {
                const float value = channels[c][static_cast<std::size_t>(y) * kSide + x % kSide];
                values_[(static_cast<std::size_t>(y) * 2 * kSide + x) * 3 + c] =
                    static_cast<std::int8_t>(std::clamp(std::round(value), -127.f, 127.f));
            }
}

const Textures& Textures::shared() {
    static const Textures textures;
    return textures;
}

void add_texture(Image& image, const Texture& texture, double strength, core::Random& random) {
    const int x0 = static_cast<int>(random.below(kSide));
    const int y0 = static_cast<int>(random.below(kSide));
    // Products of a gain and a noise value fit 16 bits, which is what makes the loop fast.
    const auto gain = static_cast<std::int16_t>(std::lround(std::clamp(strength, 0.0, 2.0) * 128));
    if (gain == 0) return;
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); x += kSide) {
            std::uint8_t* const pixels = image.row(y) + 3 * x;
            const std::int8_t* const noise = texture.row(y0 + y, x0);
            const int count = 3 * std::min(kSide, image.width() - x);
            for (int i = 0; i < count; ++i) {
                const auto change = static_cast<std::int16_t>(gain * noise[i]);
                const auto value = static_cast<std::int16_t>(pixels[i] + (change >> 7));
                pixels[i] = static_cast<std::uint8_t>(std::clamp<std::int16_t>(value, 0, 255));
            }
        }
    }
}

}  // namespace dbnet::synth
