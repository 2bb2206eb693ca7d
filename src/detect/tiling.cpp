#include "detect/tiling.hpp"

#include <algorithm>
#include <cmath>

namespace dbnet::detect {
namespace {

constexpr int kMultiple = 32;
constexpr int kOverlap = 256;

int floor_to_multiple(double side) {
    return std::max(static_cast<int>(side) / kMultiple * kMultiple, kMultiple);
}

/// Starts of windows of `side` that cover `length` evenly with at least the overlap (at most half a
/// window).
std::vector<int> starts(int length, int side) {
    if (side >= length) return {0};
    const int step = side - std::min(kOverlap, side / 2 / kMultiple * kMultiple);
    const int count = (length - side + step - 1) / step + 1;
    std::vector<int> result;
    for (int i = 0; i < count; ++i) {
        const auto even = static_cast<std::int64_t>(length - side) * i / (count - 1);
        result.push_back(static_cast<int>(even) / kMultiple * kMultiple);
    }
    return result;
}

struct Span {
    int begin;
    int end;
};

/// The part of a window's side that it contributes: up to the middle of the overlap with each
/// neighbour.
Span contribution(int start, int side, int length, const std::vector<int>& all_starts) {
    Span span{0, length};
    for (const int other : all_starts) {
        if (other < start) span.begin = std::max(span.begin, (other + side + start) / 2);
        if (other > start) span.end = std::min(span.end, (start + side + other) / 2);
    }
    return span;
}

std::vector<int> distinct(const std::vector<Window>& windows, int Window::*coordinate) {
    std::vector<int> values;
    for (const Window& window : windows) values.push_back(window.*coordinate);
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    return values;
}

}  // namespace

std::vector<Window> plan_tiles(const InputGeometry& geometry, std::int64_t max_pixels) {
    const auto limit = static_cast<double>(max_pixels);
    if (static_cast<double>(geometry.width) * geometry.height <= limit)
        return {{0, 0, geometry.width, geometry.height}};
    const int width = std::min(
        geometry.width, floor_to_multiple(std::max(std::sqrt(limit), limit / geometry.height)));
    const int height = std::min(geometry.height, floor_to_multiple(limit / width));
    return plan_tiles(geometry, width, height);
}

std::vector<Window> plan_tiles(const InputGeometry& geometry, int width, int height) {
    std::vector<Window> windows;
    for (const int y : starts(geometry.height, height))
        for (const int x : starts(geometry.width, width)) windows.push_back({x, y, width, height});
    return windows;
}

StitchedMap::StitchedMap(const InputGeometry& geometry, const std::vector<Window>& windows)
    : width_(geometry.width), height_(geometry.height), windows_(windows) {
    if (windows.size() > 1) memory_.resize(static_cast<std::size_t>(width_) * height_);
}

void StitchedMap::add(const Window& window, const float* values) {
    if (windows_.size() == 1) {
        values_ = values;
        return;
    }
    const Span columns =
        contribution(window.x, window.width, width_, distinct(windows_, &Window::x));
    const Span rows =
        contribution(window.y, window.height, height_, distinct(windows_, &Window::y));
    for (int y = rows.begin; y < rows.end; ++y) {
        const float* from =
            values + static_cast<std::ptrdiff_t>(y - window.y) * window.width - window.x;
        std::copy(from + columns.begin, from + columns.end,
                  memory_.begin() + static_cast<std::ptrdiff_t>(y) * width_ + columns.begin);
    }
    values_ = memory_.data();
}

}  // namespace dbnet::detect
