#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include <dbnet/image.hpp>
#include <dbnet/region.hpp>

namespace dbnet::test {

/// A grey image with white boxes on it, which the tiny model finds.
struct Scene {
    Image image;
    std::vector<Rect> boxes;
};

inline void paint(Image& image, const Rect& box, std::uint8_t value) {
    for (int y = static_cast<int>(box.y); y < static_cast<int>(box.y + box.height); ++y)
        std::fill_n(image.row(y) + 3 * static_cast<int>(box.x), 3 * static_cast<int>(box.width),
                    value);
}

/// `count` boxes in cells of their own, wide enough to be told apart; the same seed paints the
/// same.
inline Scene make_scene(int width, int height, int count, unsigned seed) {
    Scene scene{Image(width, height), {}};
    paint(scene.image, {0, 0, static_cast<double>(width), static_cast<double>(height)}, 90);
    std::mt19937 random(seed);
    const int rows = std::max(height / 64, 1);
    const int columns = std::max(width / 160, 1);
    std::vector<int> cells(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = static_cast<int>(i);
    std::shuffle(cells.begin(), cells.end(), random);
    cells.resize(std::min(cells.size(), static_cast<std::size_t>(count)));
    for (const int cell : cells) {
        const Rect box{cell % columns * 160.0 + 20 + random() % 10,
                       cell / columns * 64.0 + 16 + random() % 8, 80.0 + random() % 40,
                       24.0 + random() % 12};
        paint(scene.image, box, 255);
        scene.boxes.push_back(box);
    }
    return scene;
}

}  // namespace dbnet::test
