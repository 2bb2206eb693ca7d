// From 8-bit pixels to the network's input in one pass: row by row, two source rows are blended,
// then two columns, then (v / 255 - mean) / std is applied as one multiplication and one addition.
// Bilinear with half-pixel centres as OpenCV's INTER_LINEAR, without smoothing when scaling down:
// that is what the reference implementations do. Values are rounded to whole grey levels first,
// unless the resize is to be done in floating point.
#include "detect/preprocess.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.hpp"

namespace dbnet::detect {
namespace {

/// Where the samples of one axis come from: lower[i] * (1 - weight[i]) + upper[i] * weight[i].
struct Axis {
    std::vector<int> lower;
    std::vector<int> upper;
    std::vector<float> weight;
    bool is_copy = true;  ///< sample i is source sample lower[0] + i

    /// Samples begin ... begin + count - 1 of `size` that a source of `source` is resized to.
    Axis(int source, int size, int begin, int count) : lower(count), upper(count), weight(count) {
        const double scale = static_cast<double>(source) / size;
        for (int i = 0; i < count; ++i) {
            const auto position = static_cast<float>((begin + i + 0.5) * scale - 0.5);
            const auto below = static_cast<int>(std::floor(position));
            const bool inside = below >= 0 && below < source - 1;
            lower[i] = std::clamp(below, 0, source - 1);
            upper[i] = inside ? below + 1 : lower[i];
            weight[i] = inside ? position - static_cast<float>(below) : 0;
            is_copy = is_copy && weight[i] == 0 && lower[i] == lower[0] + i;
        }
    }
};

/// Where one channel of the source goes: v * factor + offset.
struct Plane {
    float* out = nullptr;
    float factor = 1;
    float offset = 0;
};

/// The planes of the output in the order of the source's samples; grey feeds all three.
std::array<Plane, 3> planes_of(const InputSpec& spec, PixelFormat format, float* nchw,
                               std::size_t plane_size) {
    const bool rgb_source = format == PixelFormat::rgb8 || format == PixelFormat::rgba8;
    const bool same = rgb_source == (spec.order == ChannelOrder::rgb);
    std::array<Plane, 3> planes;
    for (std::size_t c = 0; c < 3; ++c)
        planes[same ? c : 2 - c] = {nchw + c * plane_size, 1 / (255 * spec.std[c]),
                                    -spec.mean[c] / spec.std[c]};
    return planes;
}

/// To the nearest whole number, for |value| < 2^22: the sum has no room for a fraction.
float round_small(float value) {
    constexpr float kShift = 12582912;
    return (value + kShift) - kShift;
}

template <bool kRound>
float finish(float value, const Plane& plane) {
    return (kRound ? round_small(value) : value) * plane.factor + plane.offset;
}

/// lower * (1 - weight) + upper * weight, sample by sample.
void blend_rows(const std::uint8_t* __restrict lower, const std::uint8_t* __restrict upper,
                float weight, std::size_t count, float* __restrict result) {
    for (std::size_t i = 0; i < count; ++i) {
        const auto below = static_cast<float>(lower[i]);
        result[i] = below + (static_cast<float>(upper[i]) - below) * weight;
    }
}

/// Output row y from a blended source row, column by column. `row` begins at columns.lower[0].
template <bool kRound, int kChannels>
void write_row(const float* __restrict row, const Axis& columns, const std::array<Plane, 3>& planes,
               std::size_t out_begin) {
    constexpr std::ptrdiff_t kSecond = kChannels == 1 ? 0 : 1;
    constexpr std::ptrdiff_t kThird = kChannels == 1 ? 0 : 2;
    const std::ptrdiff_t count = std::ssize(columns.lower);
    const Plane first = planes[0];
    const Plane second = planes[1];
    const Plane third = planes[2];
    float* __restrict out0 = first.out + out_begin;
    float* __restrict out1 = second.out + out_begin;
    float* __restrict out2 = third.out + out_begin;
    if (columns.is_copy) {
        for (std::ptrdiff_t x = 0; x < count; ++x) {
            const float* pixel = row + x * kChannels;
            out0[x] = finish<kRound>(pixel[0], first);
            out1[x] = finish<kRound>(pixel[kSecond], second);
            out2[x] = finish<kRound>(pixel[kThird], third);
        }
        return;
    }
    const int* lower = columns.lower.data();
    const int* upper = columns.upper.data();
    const float* weights = columns.weight.data();
    const int begin = lower[0];
    for (std::ptrdiff_t x = 0; x < count; ++x) {
        const float* a = row + static_cast<std::ptrdiff_t>(lower[x] - begin) * kChannels;
        const float* b = row + static_cast<std::ptrdiff_t>(upper[x] - begin) * kChannels;
        const float weight = weights[x];
        out0[x] = finish<kRound>(a[0] + (b[0] - a[0]) * weight, first);
        out1[x] = finish<kRound>(a[kSecond] + (b[kSecond] - a[kSecond]) * weight, second);
        out2[x] = finish<kRound>(a[kThird] + (b[kThird] - a[kThird]) * weight, third);
    }
}

using WriteRow = void (*)(const float*, const Axis&, const std::array<Plane, 3>&, std::size_t);

template <bool kRound>
WriteRow write_row_for(int channel_count) {
    switch (channel_count) {
        case 1: return write_row<kRound, 1>;
        case 3: return write_row<kRound, 3>;
        default: return write_row<kRound, 4>;
    }
}

void check(const ImageView& image, const InputGeometry& geometry, const Window& window,
           std::size_t floats) {
    const bool matches = image.data != nullptr && image.width == geometry.image_width &&
                         image.height == geometry.image_height;
    const bool inside = window.x >= 0 && window.y >= 0 && window.width >= 1 && window.height >= 1 &&
                        window.width <= geometry.width - window.x &&
                        window.height <= geometry.height - window.y;
    if (!matches || !inside || floats != std::size_t{3} * window.width * window.height)
        core::fail(ErrorCode::invalid_argument, "cannot preprocess a window of ", window.width, "x",
                   window.height, " at ", window.x, ",", window.y, " of an input of ",
                   geometry.width, "x", geometry.height, " from an image of ", image.width, "x",
                   image.height, " into ", floats, " floats");
}

}  // namespace

void preprocess(const ImageView& image, const InputGeometry& geometry, const Window& window,
                const InputSpec& spec, std::span<float> nchw) {
    check(image, geometry, window, nchw.size());
    // What lies outside the valid part is zero padding.
    const int valid_width = std::clamp(geometry.valid_width - window.x, 0, window.width);
    const int valid_height = std::clamp(geometry.valid_height - window.y, 0, window.height);
    if (valid_width < window.width || valid_height < window.height)
        std::fill(nchw.begin(), nchw.end(), 0.f);
    if (valid_width == 0 || valid_height == 0) return;

    const Axis columns(image.width, geometry.valid_width, window.x, valid_width);
    const Axis rows(image.height, geometry.valid_height, window.y, valid_height);
    const auto plane_size = static_cast<std::size_t>(window.width) * window.height;
    const auto planes = planes_of(spec, image.format, nchw.data(), plane_size);
    const int channel_count = channels(image.format);
    const WriteRow write = spec.resize_in_float ? write_row_for<false>(channel_count)
                                                : write_row_for<true>(channel_count);

    const auto first_byte = static_cast<std::ptrdiff_t>(columns.lower.front()) * channel_count;
    const auto samples =
        static_cast<std::size_t>(columns.upper.back() - columns.lower.front() + 1) * channel_count;
    std::vector<float> blended(samples);
    for (int y = 0; y < valid_height; ++y) {
        blend_rows(image.row(rows.lower[y]) + first_byte, image.row(rows.upper[y]) + first_byte,
                   rows.weight[y], samples, blended.data());
        write(blended.data(), columns, planes, static_cast<std::size_t>(y) * window.width);
    }
}

}  // namespace dbnet::detect
