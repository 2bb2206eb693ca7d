#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include <dbnet/image.hpp>

#include "data/dataset.hpp"
#include "data/targets.hpp"
#include "image/encoded_image.hpp"

namespace dbnet::data {

/// What is known of a picture before its pixels.
struct PictureFacts {
    Size size;               ///< upright, in full
    int most_reduction = 1;  ///< its pixels can be had reduced by up to so much: 1, 2, 4 or 8
    std::vector<TextLabel> labels;
};

/// The labelled pictures of data sets, each read or made once and its pixels kept, as they are
/// decoded, while they fit into a budget. Thread-safe. What comes out does not depend on what is
/// kept, unless files change meanwhile.
class PictureCache {
public:
    class Opened;

    explicit PictureCache(std::uint64_t bytes) : budget_(bytes) {}
    PictureCache(const PictureCache&) = delete;
    PictureCache& operator=(const PictureCache&) = delete;

    /// `image` is known by its address, and must outlive the cache. Malformed parts of a label file
    /// of its own go to `take_problem`, if there is one, and are left out. Throws as Image::read
    /// and read_labels do.
    Opened open(const DatasetSpec& spec, const LabelledImage& image,
                const formats::RecordSink::TakeProblem& take_problem = {});

private:
    using Pixels = std::shared_ptr<const Image>;
    struct Kept {
        std::shared_ptr<const PictureFacts> facts;
        std::array<Pixels, 4> pixels;  ///< reduced by 1, 2, 4, 8
    };

    Kept find(const LabelledImage& image) const;
    void keep(const LabelledImage& image, const std::shared_ptr<const PictureFacts>& facts,
              int reduction, const Pixels& pixels);

    const std::uint64_t budget_;
    mutable std::mutex mutex_;  ///< of the members below
    std::unordered_map<const LabelledImage*, Kept> kept_;
    std::uint64_t bytes_ = 0;
};

/// A picture of the cache on its way to a sample.
class PictureCache::Opened {
public:
    const PictureFacts& facts() const noexcept { return *kept_.facts; }

    /// The pixels, reduced by 1, 2, 4 or 8, at most by facts().most_reduction: one stands for a
    /// square of that side, see image::EncodedImage::decode(). Throws as Image::read does.
    std::shared_ptr<const Image> pixels(int reduction);

private:
    friend class PictureCache;
    Opened(PictureCache& cache, const LabelledImage& image, Kept kept)
        : cache_(cache), image_(image), kept_(std::move(kept)) {}

    PictureCache& cache_;
    const LabelledImage& image_;
    Kept kept_;
    std::optional<image::EncodedImage> file_;  ///< if it is read already
};

}  // namespace dbnet::data
