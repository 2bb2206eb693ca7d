#pragma once

#include <cstdint>
#include <vector>

#include <dbnet/image.hpp>

#include "formats/record.hpp"

namespace dbnet::data {

/// An image and its annotations.
struct Picture {
    Image image;
    std::vector<formats::RecordRegion> regions;
};

/// Makes the pictures of a data set instead of reading them from files.
class PictureSource {
public:
    /// More pictures than this are refused: a data set lists them all.
    static constexpr std::uint64_t kMostPictures = 10'000'000;

    PictureSource() = default;
    virtual ~PictureSource() = default;
    PictureSource(const PictureSource&) = delete;
    PictureSource& operator=(const PictureSource&) = delete;

    /// 1 to kMostPictures.
    virtual std::uint64_t count() const = 0;

    /// The picture of a number below count(): always the same one. Thread-safe. Throws Error as
    /// Image::read does.
    virtual Picture make(std::uint64_t number) const = 0;
};

}  // namespace dbnet::data
