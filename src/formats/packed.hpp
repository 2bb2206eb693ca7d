#pragma once

#include <string>
#include <vector>

#include "formats/record.hpp"

namespace dbnet::formats {

/// Texts in a quarter of the memory that they take as structures: what a common label file says of
/// an image, from when it is read until the image is used.
class PackedRegions {
public:
    PackedRegions() = default;
    explicit PackedRegions(const std::vector<RecordRegion>& regions);

    void add(const RecordRegion& region);
    std::vector<RecordRegion> unpack() const;
    std::size_t size() const noexcept { return count_; }
    bool empty() const noexcept { return count_ == 0; }

private:
    std::string bytes_;
    std::uint32_t count_ = 0;
};

}  // namespace dbnet::formats
