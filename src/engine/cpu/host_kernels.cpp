#include "engine/cpu/host_kernels.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

// All loops share out whole rows or planes, so that results do not depend on the number of threads.
namespace dbnet::engine::cpu {
namespace {

/// Copies `count` elements of a compile-time size at distances.
template <std::size_t Bytes>
void copy_elements(const std::byte* from, std::byte* to, std::int64_t count,
                   std::int64_t from_stride, std::int64_t to_stride) {
    constexpr auto kBytes = static_cast<std::int64_t>(Bytes);
    for (std::int64_t i = 0; i < count; ++i)
        std::memcpy(to + i * to_stride * kBytes, from + i * from_stride * kBytes, Bytes);
}

void copy_row(const std::byte* from, std::byte* to, std::int64_t count, std::int64_t from_stride,
              std::int64_t to_stride, std::size_t element_bytes) {
    if (from_stride == 1 && to_stride == 1) {
        std::memcpy(to, from, static_cast<std::size_t>(count) * element_bytes);
        return;
    }
    switch (element_bytes) {
        case 1: return copy_elements<1>(from, to, count, from_stride, to_stride);
        case 2: return copy_elements<2>(from, to, count, from_stride, to_stride);
        case 4: return copy_elements<4>(from, to, count, from_stride, to_stride);
        default: return copy_elements<8>(from, to, count, from_stride, to_stride);
    }
}

template <int Inner>
void resample_row(const Resample& r, const float* low, const float* high, float weight,
                  const float* addend, float* to) {
    const auto width = static_cast<std::int64_t>(r.x.low.size());
    for (std::int64_t x = 0; x < width; ++x) {
        const auto place = static_cast<std::size_t>(x);
        const std::int64_t left = r.x.low[place] * Inner;
        const std::int64_t right = r.x.high[place] * Inner;
        const float across = r.x.weight[place];
        for (int i = 0; i < Inner; ++i) {
            float value = low[left + i];
            if (!r.nearest) {
                const float top = value + across * (low[right + i] - value);
                const float bottom = high[left + i] + across * (high[right + i] - high[left + i]);
                value = top + weight * (bottom - top);
            }
            if (addend != nullptr) value += addend[x * Inner + i];
            to[x * Inner + i] = value;
        }
    }
}

template <int Inner>
void resample(const Resample& r, const float* from, const float* addend, float* to, int threads) {
    const auto height = static_cast<std::int64_t>(r.y.low.size());
    const auto width = static_cast<std::int64_t>(r.x.low.size());
    const std::int64_t rows = r.planes * height;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::int64_t row = 0; row < rows; ++row) {
        const auto y = static_cast<std::size_t>(row % height);
        const float* plane = from + row / height * r.in_height * r.in_width * Inner;
        const float* low = plane + r.y.low[y] * r.in_width * Inner;
        const float* high = plane + r.y.high[y] * r.in_width * Inner;
        const float* added = addend == nullptr ? nullptr : addend + row * width * Inner;
        resample_row<Inner>(r, low, high, r.y.weight[y], added, to + row * width * Inner);
    }
}

/// Sums of the numbers of a plane, each of `Inner` lanes by itself: floats within a chunk, doubles
/// over the chunks.
template <int Inner>
void sum_plane(const float* from, std::int64_t plane, double* sums) {
    constexpr std::int64_t kChunk = 256;
    std::fill_n(sums, Inner, 0.0);
    for (std::int64_t first = 0; first < plane; first += kChunk) {
        const std::int64_t last = std::min(first + kChunk, plane);
        float partial[Inner] = {};
        for (std::int64_t p = first; p < last; ++p)
            for (int i = 0; i < Inner; ++i) partial[i] += from[p * Inner + i];
        for (int i = 0; i < Inner; ++i) sums[i] += partial[i];
    }
}

template <int Inner>
void spatial_mean(const SpatialMean& m, const float* from, float* to, int threads) {
    const std::int64_t blocks = (m.channels + Inner - 1) / Inner;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::int64_t block = 0; block < m.images * blocks; ++block) {
        double sums[Inner];
        sum_plane<Inner>(from + block * m.plane * Inner, m.plane, sums);
        const std::int64_t first = block % blocks * Inner;
        const std::int64_t count = std::min<std::int64_t>(Inner, m.channels - first);
        float* means = to + block / blocks * m.channels + first;
        for (std::int64_t i = 0; i < count; ++i)
            means[i] = static_cast<float>(sums[i] / static_cast<double>(m.plane));
    }
}

/// Calls f.template operator()<Inner>() with inner as a constant.
template <typename F>
void with_inner(std::int64_t inner, F&& f) {
    switch (inner) {
        case 16: return f.template operator()<16>();
        case 8: return f.template operator()<8>();
        default: return f.template operator()<1>();
    }
}

/// One row of one map of the result.
void depth_to_space_row(const DepthToSpace& d, const float* image, std::int64_t map,
                        std::int64_t tap_y, std::int64_t y, float* to) {
    const std::int64_t plane = d.height * d.width;
    for (std::int64_t tap_x = 0; tap_x < d.taps_x; ++tap_x) {
        const std::int64_t channel = (tap_y * d.taps_x + tap_x) * d.maps + map;
        const std::int64_t block = d.inner > 1 ? channel : channel / d.block;
        const std::int64_t lane = d.inner > 1 ? 0 : channel % d.block;
        const float* from = image + (block * plane + y * d.width) * d.block + lane;
        for (std::int64_t x = 0; x < d.width; ++x)
            std::memcpy(to + (x * d.taps_x + tap_x) * d.inner, from + x * d.block,
                        static_cast<std::size_t>(d.inner) * sizeof(float));
    }
}

}  // namespace

model::Dims dense_strides(const model::Dims& dims) {
    model::Dims strides(dims.size());
    std::int64_t stride = 1;
    for (std::size_t axis = dims.size(); axis-- > 0; stride *= dims[axis]) strides[axis] = stride;
    return strides;
}

void StridedCopy::run(const void* from, void* to, int threads) const {
    const auto bytes = static_cast<std::int64_t>(element_bytes);
    const auto* source = static_cast<const std::byte*>(from) + from_offset * bytes;
    auto* target = static_cast<std::byte*>(to) + to_offset * bytes;
    const bool is_number = dims.empty();
    const std::int64_t row = is_number ? 1 : dims.back();
    const std::int64_t rows = row == 0 ? 0 : model::element_count(dims) / row;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::int64_t i = 0; i < rows; ++i) {
        std::int64_t from_place = 0;
        std::int64_t to_place = 0;
        std::int64_t rest = i;
        for (std::size_t axis = is_number ? 0 : dims.size() - 1; axis-- > 0;) {
            from_place += rest % dims[axis] * from_strides[axis];
            to_place += rest % dims[axis] * to_strides[axis];
            rest /= dims[axis];
        }
        copy_row(source + from_place * bytes, target + to_place * bytes, row,
                 is_number ? 1 : from_strides.back(), is_number ? 1 : to_strides.back(),
                 element_bytes);
    }
}

void Resample::run(const float* from, const float* addend, float* to, int threads) const {
    with_inner(inner, [&]<int Inner>() { resample<Inner>(*this, from, addend, to, threads); });
}

void CubicResample::run(const float* from, float* to, int threads) const {
    const auto height = static_cast<std::int64_t>(y.places.size());
    const auto width = static_cast<std::int64_t>(x.places.size());
#pragma omp parallel num_threads(threads)
    {
        std::vector<float> blended(static_cast<std::size_t>(in_width));
#pragma omp for schedule(static)
        for (std::int64_t row = 0; row < planes * height; ++row) {
            const auto& places = y.places[static_cast<std::size_t>(row % height)];
            const auto& weights = y.weights[static_cast<std::size_t>(row % height)];
            const float* plane = from + row / height * in_height * in_width;
            std::fill(blended.begin(), blended.end(), 0.0f);
            for (std::size_t tap = 0; tap < 4; ++tap) {
                const float* source = plane + places[tap] * in_width;
                for (std::size_t i = 0; i < blended.size(); ++i)
                    blended[i] += weights[tap] * source[i];
            }
            for (std::int64_t i = 0; i < width; ++i) {
                const auto column = static_cast<std::size_t>(i);
                float sum = 0;
                for (std::size_t tap = 0; tap < 4; ++tap)
                    sum += x.weights[column][tap] *
                           blended[static_cast<std::size_t>(x.places[column][tap])];
                to[row * width + i] = sum;
            }
        }
    }
}

void SpatialMean::run(const float* from, float* to, int threads) const {
    with_inner(inner, [&]<int Inner>() { spatial_mean<Inner>(*this, from, to, threads); });
}

void DepthToSpace::run(const float* from, float* to, int threads) const {
    const std::int64_t out_height = height * taps_y;
    const std::int64_t out_row = width * taps_x * inner;
    const std::int64_t image = source_blocks * height * width * block;
    const std::int64_t rows = images * maps * out_height;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t plane = row / out_height;
        const std::int64_t y = row % out_height;
        depth_to_space_row(*this, from + plane / maps * image, plane % maps, y % taps_y, y / taps_y,
                           to + row * out_row);
    }
}

}  // namespace dbnet::engine::cpu
