// Difference hashes: the picture is averaged over 9 x 9 cells, and each sign says whether a cell is
// brighter than its neighbour. Two prints that differ in at most 6 of 128 signs agree in one of
// eight parts of 16, by which they are found without comparing all pairs.
#include "app/picture_likeness.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace dbnet::app {
namespace {

constexpr int kCells = 9;
constexpr int kMostDifferent = 6;
constexpr double kMostAspect = 1.02;
constexpr double kLeastContrast = 4;  ///< of 255, between the cells of a picture
constexpr std::uint32_t kParts = 8;

using Grid = std::array<std::array<double, kCells>, kCells>;

Grid averages(const Image& image) {
    Grid grid{};
    for (int row = 0; row < kCells; ++row)
        for (int column = 0; column < kCells; ++column) {
            const int left = column * image.width() / kCells;
            const int top = row * image.height() / kCells;
            const int right = std::max((column + 1) * image.width() / kCells, left + 1);
            const int bottom = std::max((row + 1) * image.height() / kCells, top + 1);
            std::uint64_t sum = 0;
            for (int y = top; y < bottom; ++y) {
                const std::uint8_t* pixel = image.row(y) + 3 * left;
                for (int x = left; x < right; ++x, pixel += 3)
                    sum += 2u * pixel[0] + 5u * pixel[1] + pixel[2];
            }
            grid[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)] =
                static_cast<double>(sum) / 8 / (right - left) / (bottom - top);
        }
    return grid;
}

std::uint32_t part(const Fingerprint& print, std::uint32_t number) {
    const std::uint64_t half = number < kParts / 2 ? print.across : print.down;
    return number << 16 |
           static_cast<std::uint32_t>(half >> (16 * (number % (kParts / 2))) & 0xFFFF);
}

}  // namespace

Fingerprint fingerprint(const Image& image) {
    const Grid grid = averages(image);
    Fingerprint print;
    print.aspect = static_cast<float>(image.width()) / static_cast<float>(image.height());
    double low = 255;
    double high = 0;
    for (std::size_t i = 0; i + 1 < kCells; ++i)
        for (std::size_t j = 0; j + 1 < kCells; ++j) {
            print.across = print.across << 1 | (grid[i][j] < grid[i][j + 1] ? 1u : 0u);
            print.down = print.down << 1 | (grid[i][j] < grid[i + 1][j] ? 1u : 0u);
            low = std::min(low, grid[i][j]);
            high = std::max(high, grid[i][j]);
        }
    print.plain = high - low < kLeastContrast;
    return print;
}

bool are_alike(const Fingerprint& a, const Fingerprint& b) {
    if (a.plain || b.plain) return false;
    const double ratio = a.aspect > b.aspect ? a.aspect / b.aspect : b.aspect / a.aspect;
    return ratio <= kMostAspect &&
           std::popcount(a.across ^ b.across) + std::popcount(a.down ^ b.down) <= kMostDifferent;
}

void PictureIndex::add(const Fingerprint& print, std::string name) {
    const auto number = static_cast<std::uint32_t>(pictures_.size());
    pictures_.push_back({print, std::move(name)});
    if (print.plain) return;
    for (std::uint32_t i = 0; i < kParts; ++i) by_part_.emplace(part(print, i), number);
}

std::optional<std::string> PictureIndex::find(const Fingerprint& print) const {
    std::uint32_t first = UINT32_MAX;
    for (std::uint32_t i = 0; i < kParts; ++i) {
        const auto [begin, end] = by_part_.equal_range(part(print, i));
        for (auto at = begin; at != end; ++at)
            if (at->second < first && are_alike(pictures_[at->second].print, print))
                first = at->second;
    }
    if (first == UINT32_MAX) return std::nullopt;
    return pictures_[first].name;
}

}  // namespace dbnet::app
