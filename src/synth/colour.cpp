#include "synth/colour.hpp"

#include <algorithm>
#include <cmath>

namespace dbnet::synth {
namespace {

constexpr int kTries = 12;

std::uint8_t to_byte(double value) {
    return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
}

}  // namespace

double brightness(const Colour& colour) {
    return 0.299 * colour.red + 0.587 * colour.green + 0.114 * colour.blue;
}

Colour from_hsv(double hue, double saturation, double value) {
    const auto channel = [&](double shift) {
        const double k = std::fmod(shift + hue, 6.0);
        const double weight = std::clamp(std::min(k, 4 - k), 0.0, 1.0);
        return to_byte(255 * value * (1 - saturation * weight));
    };
    return {channel(5), channel(3), channel(1)};
}

Colour draw_surface_colour(core::Random& random) {
    const double u = random.uniform();
    if (u < 0.45)
        return from_hsv(random.uniform(0, 6), random.uniform(0, 0.15), random.uniform(0.25, 0.95));
    if (u < 0.75)
        return from_hsv(random.uniform(0.1, 1.1), random.uniform(0.1, 0.5),
                        random.uniform(0.3, 0.9));
    return from_hsv(random.uniform(0, 6), random.uniform(0.15, 0.8), random.uniform(0.15, 0.9));
}

Colour draw_sign_colour(core::Random& random) {
    const double u = random.uniform();
    if (u < 0.27)
        return from_hsv(random.uniform(0, 6), random.uniform(0, 0.3), random.uniform(0, 0.25));
    if (u < 0.57)
        return from_hsv(random.uniform(0, 1.2), random.uniform(0, 0.12), random.uniform(0.85, 1));
    return from_hsv(random.uniform(0, 6), random.uniform(0.5, 1), random.uniform(0.3, 1));
}

Colour draw_contrasting_colour(const Colour& background, double contrast, core::Random& random) {
    const double behind = brightness(background);
    for (int i = 0; i < kTries; ++i) {
        const Colour colour = draw_sign_colour(random);
        if (std::abs(brightness(colour) - behind) >= contrast) return colour;
    }
    return behind < 128 ? Colour{250, 250, 248} : Colour{12, 12, 14};
}

Colour shaded(const Colour& colour, double factor) {
    return {to_byte(colour.red * factor), to_byte(colour.green * factor),
            to_byte(colour.blue * factor)};
}

Colour mixed(const Colour& a, const Colour& b, double t) {
    return {to_byte(a.red + (b.red - a.red) * t), to_byte(a.green + (b.green - a.green) * t),
            to_byte(a.blue + (b.blue - a.blue) * t)};
}

}  // namespace dbnet::synth
