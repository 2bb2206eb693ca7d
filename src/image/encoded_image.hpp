#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <dbnet/image.hpp>

namespace dbnet::image {

/// An image that can be decoded with fewer pixels than it has.
struct Reducible {
    int width = 0;  ///< of the upright image
    int height = 0;
    int most = 1;  ///< the largest reduction of EncodedImage::decode() that is exact: 1, 2, 4 or 8
};

/// The bytes of an image file, whose pixels can be decoded at a reduced scale where the format
/// allows it: of JPEG that costs a fraction of the time.
class EncodedImage {
public:
    /// Throws Error: io, too_large.
    explicit EncodedImage(std::string path, const DecodeOptions& options = {});

    /// What the header says of an image that can be reduced; nothing for other formats. Throws
    /// Error as Image::read does.
    std::optional<Reducible> reducible() const;

    /// As Image::read(). With a reduction of 2, 4 or 8, up to the most that reducible() allows,
    /// pixel (x, y) stands for the square of that side whose corner is at (reduction * x, reduction
    /// * y); the last ones may reach beyond the image. Throws Error{invalid_argument} for any other
    /// reduction.
    Image decode(int reduction = 1) const;

private:
    std::string path_;
    DecodeOptions options_;
    std::vector<std::uint8_t> bytes_;
};

}  // namespace dbnet::image
