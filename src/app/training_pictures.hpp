#pragma once

#include <optional>
#include <span>
#include <string>

#include <dbnet/image.hpp>

#include "data/loader.hpp"
#include "detect/preprocess.hpp"
#include "train/observer.hpp"

// What a network is trained on and what it finds, to look at.
namespace dbnet::app {

/// The image, reduced so that its longer side has at most so many pixels.
Image reduced(Image image, int longest_side);

/// The first samples of a batch as draw_samples() shows them. `input`: how their pixels became
/// numbers.
Image draw_batch(const data::Batch& batch, const detect::InputSpec& input);

/// Images of a validation in a grid: annotated text is filled green, ignored text grey, found
/// text has an orange outline and its score. Images that cannot be read are left out; nothing when
/// none is left.
std::optional<Image> draw_findings(std::span<const train::ValidatedImage> images);

/// The folder `pictures` of a run: batch_<step>.png and val_<step>.jpg, of each kind the first and
/// the last few.
class PictureFolder {
public:
    /// Makes the folder if it is missing, and removes pictures of steps after `last_step`. Throws
    /// Error{io}, as all members.
    PictureFolder(std::string folder, std::uint64_t last_step);

    void write_batch(std::uint64_t step, const Image& image) const;
    void write_findings(std::uint64_t step, const Image& image) const;

private:
    void write(const std::string& kind, std::uint64_t step, const std::string& suffix,
               const Image& image) const;

    std::string folder_;
};

}  // namespace dbnet::app
