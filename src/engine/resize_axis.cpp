#include "engine/resize_axis.hpp"

#include <algorithm>
#include <cmath>

// Coordinates are computed in f32, not exactly: a scale such as 1/3 is rounded already in the file,
// and what `nearest` rounds must fall to the side to which the runtimes let it fall for which
// models are exported (compared with ONNX Runtime for all pairs of extents up to 39).
namespace dbnet::engine {
namespace {

/// What comes as near as this to a half stands for a half.
constexpr float kTie = 1e-6f;

struct Axis {
    float scale;
    float input;  ///< extents
    float output;
};

/// The place in the input that output element `x` stands for.
float coordinate(model::ResizeCoordinates rule, const Axis& axis, float x) {
    switch (rule) {
        case model::ResizeCoordinates::half_pixel: return (x + 0.5f) / axis.scale - 0.5f;
        case model::ResizeCoordinates::half_pixel_symmetric: {
            const float adjustment = axis.output / (axis.scale * axis.input);
            const float offset = axis.input / 2 * (1 - adjustment);
            return offset + (x + 0.5f) / axis.scale - 0.5f;
        }
        case model::ResizeCoordinates::pytorch_half_pixel:
            return axis.output > 1 ? (x + 0.5f) / axis.scale - 0.5f : 0.0f;
        case model::ResizeCoordinates::align_corners:
            return axis.output > 1 ? x * (axis.input - 1) / (axis.output - 1) : 0.0f;
        case model::ResizeCoordinates::asymmetric: return x / axis.scale;
    }
    return 0;
}

float rounded(model::ResizeRounding rounding, float x) {
    switch (rounding) {
        case model::ResizeRounding::round_prefer_floor: return std::ceil(x - 0.5f - kTie);
        case model::ResizeRounding::round_prefer_ceil: return std::floor(x + 0.5f + kTie);
        case model::ResizeRounding::floor: return std::floor(x);
        case model::ResizeRounding::ceil: return std::ceil(x);
    }
    return 0;
}

/// Keys' kernel (1981, equation 15) with parameter a, at distances 0 to 2.
float cubic_weight(float a, float distance) {
    const float x = std::abs(distance);
    if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

void add_cubic(const model::ResizeAttributes& attributes, std::int64_t extent, float x,
               ResizeAxis& axis) {
    const float left = std::floor(x);
    std::array<std::int64_t, 4> places{};
    std::array<float, 4> weights{};
    float sum = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const float place = left - 1 + static_cast<float>(i);
        const auto index = static_cast<std::int64_t>(place);
        places[i] = std::clamp<std::int64_t>(index, 0, extent - 1);
        const bool counts = !attributes.exclude_outside || places[i] == index;
        weights[i] = counts ? cubic_weight(attributes.cubic_coefficient, x - place) : 0;
        sum += weights[i];
    }
    if (attributes.exclude_outside)
        for (float& weight : weights) weight /= sum;
    axis.places.push_back(places);
    axis.weights.push_back(weights);
}

ResizeAxis sampled(const model::ResizeAttributes& attributes, std::size_t dimension,
                   std::int64_t extent) {
    const std::int64_t count = attributes.output[dimension];
    const Axis axis{attributes.scales[dimension], static_cast<float>(extent),
                    static_cast<float>(count)};
    const bool nearest = attributes.mode == model::ResizeMode::nearest;
    ResizeAxis result;
    for (std::int64_t i = 0; i < count; ++i) {
        float x = coordinate(attributes.coordinates, axis, static_cast<float>(i));
        if (attributes.mode == model::ResizeMode::cubic) {
            // A scale of 1 samples the pixels themselves, however the coordinate was rounded.
            add_cubic(attributes, extent, axis.scale == 1 ? static_cast<float>(i) : x, result);
            continue;
        }
        if (nearest) x = rounded(attributes.rounding, x);
        x = std::clamp(x, 0.0f, static_cast<float>(extent - 1));
        const auto low = static_cast<std::int64_t>(x);
        result.low.push_back(low);
        result.high.push_back(std::min(low + 1, extent - 1));
        result.weight.push_back(x - static_cast<float>(low));
    }
    return result;
}

}  // namespace

std::vector<ResizeAxis> resize_axes(const model::ResizeAttributes& attributes,
                                    const model::Dims& input) {
    std::vector<ResizeAxis> axes;
    for (std::size_t dimension = 0; dimension < input.size(); ++dimension)
        axes.push_back(sampled(attributes, dimension, input[dimension]));
    return axes;
}

}  // namespace dbnet::engine
