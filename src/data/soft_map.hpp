#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <dbnet/image.hpp>

#include "data/dataset.hpp"

namespace dbnet::data {

/// A probability map over a whole image, row by row; 255 is certainly text.
struct SoftMap {
    Size size;
    std::vector<std::uint8_t> values;
};

/// What another network says of images, to be learnt beside the labels or instead of them.
class SoftMapSource {
public:
    SoftMapSource() = default;
    virtual ~SoftMapSource() = default;
    SoftMapSource(const SoftMapSource&) = delete;
    SoftMapSource& operator=(const SoftMapSource&) = delete;

    /// The map of the image in a file, or of a picture that is made: a function of the pixels
    /// alone. `made` is nullptr for files. Thread-safe. Throws Error as Image::read does.
    virtual SoftMap map_of(const std::string& file, const Image* made) const = 0;
};

}  // namespace dbnet::data
