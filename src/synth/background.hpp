#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "data/dataset.hpp"
#include "synth/texture.hpp"

// What text is drawn on.
namespace dbnet::synth {

/// Photographs and what is annotated in them. Thread-safe; recently used ones are kept decoded.
class Photographs {
public:
    /// `largest`: pictures are cut out with no more than these sides. Throws as data::Dataset does.
    Photographs(data::DatasetSpec spec, data::Size largest);

    /// A random part of a random photograph at this size, with the text in it; text that the edges
    /// cut is marked as ignored. Throws Error when the file cannot be read.
    data::Picture part(data::Size size, core::Random& random) const;

private:
    std::shared_ptr<const data::Picture> load(std::size_t number) const;
    data::Picture read(std::size_t number) const;

    data::Dataset photographs_;
    int most_side_;
    mutable std::mutex mutex_;
    mutable std::unordered_map<std::size_t, std::shared_ptr<const data::Picture>> kept_;
    mutable std::deque<std::size_t> order_;  ///< of kept_, oldest first
    mutable std::size_t kept_bytes_ = 0;
};

/// A scene without text: walls, bricks, planks, tiles, streets, clutter.
Image paint_scene(data::Size size, const Textures& textures, core::Random& random);

}  // namespace dbnet::synth
