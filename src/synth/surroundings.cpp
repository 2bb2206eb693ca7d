// Summed-area tables over cells of 8 x 8 pixels, from eight pixels of each.
#include "synth/surroundings.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace dbnet::synth {
namespace {

constexpr int kCell = 8;
constexpr std::size_t kChannels = 4;

/// Red, green, blue, brightness^2, from the pixels near a diagonal.
std::array<double, kChannels> mean_of_cell(const Image& image, int column, int row) {
    int red = 0, green = 0, blue = 0, squares = 0;
    for (int i = 0; i < kCell; ++i) {
        const int y = std::min(row * kCell + i, image.height() - 1);
        const int x = std::min(column * kCell + 3 * i % kCell, image.width() - 1);
        const std::uint8_t* const rgb = image.row(y) + 3 * x;
        const int grey = (77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2]) >> 8;
        red += rgb[0], green += rgb[1], blue += rgb[2], squares += grey * grey;
    }
    constexpr double kShare = 1.0 / kCell;
    return {red * kShare, green * kShare, blue * kShare, squares * kShare};
}

}  // namespace

Surroundings::Surroundings(const Image& image)
    : width_(std::max(1, image.width() / kCell)), height_(std::max(1, image.height() / kCell)) {
    const std::size_t stride = kChannels * static_cast<std::size_t>(width_ + 1);
    sums_.resize(stride * static_cast<std::size_t>(height_ + 1));
    for (int y = 0; y < height_; ++y) {
        const double* above = &sums_[stride * static_cast<std::size_t>(y)];
        double* here = &sums_[stride * static_cast<std::size_t>(y + 1)];
        std::array<double, kChannels> row{};
        for (int x = 0; x < width_; ++x) {
            const std::array<double, kChannels> values = mean_of_cell(image, x, y);
            for (std::size_t c = 0; c < kChannels; ++c) {
                row[c] += values[c];
                const std::size_t at = kChannels * static_cast<std::size_t>(x + 1) + c;
                here[at] = above[at] + row[c];
            }
        }
    }
}

double Surroundings::sum(std::size_t channel, int left, int top, int right, int bottom) const {
    const auto at = [&](int y, int x) {
        return sums_[kChannels *
                         (static_cast<std::size_t>(y) * static_cast<std::size_t>(width_ + 1) +
                          static_cast<std::size_t>(x)) +
                     channel];
    };
    return at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left);
}

Surroundings::Summary Surroundings::of(const Rect& box) const {
    const auto cell = [](double pixels, int low, int high) {
        return static_cast<int>(std::clamp(std::floor(pixels / kCell), double(low), double(high)));
    };
    const int left = cell(box.x, 0, width_ - 1);
    const int top = cell(box.y, 0, height_ - 1);
    const int right = cell(box.x + box.width + kCell, left + 1, width_);
    const int bottom = cell(box.y + box.height + kCell, top + 1, height_);
    const double cells = static_cast<double>(right - left) * (bottom - top);
    const auto mean = [&](std::size_t channel) {
        return sum(channel, left, top, right, bottom) / cells;
    };
    const auto byte = [&](std::size_t channel) {
        return static_cast<std::uint8_t>(std::lround(std::clamp(mean(channel), 0.0, 255.0)));
    };
    Summary summary{{byte(0), byte(1), byte(2)}, 0};
    const double grey = 0.299 * mean(0) + 0.587 * mean(1) + 0.114 * mean(2);
    summary.deviation = std::sqrt(std::max(0.0, mean(3) - grey * grey));
    return summary;
}

}  // namespace dbnet::synth
