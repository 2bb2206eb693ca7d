#pragma once

#include <string>

#include <dbnet/detector.hpp>

#include "data/dataset.hpp"

namespace dbnet::app {

/// Probability maps of one model, preset and size, as `predict --save-maps` writes them.
class MapFolder {
public:
    /// A folder below `parent` that is named after what the maps depend on. Throws Error{io} for a
    /// model that cannot be read.
    MapFolder(const std::string& parent, const std::string& model, Preset preset,
              const SizeRule& size);

    const std::string& path() const noexcept { return path_; }

    /// Whether the image's map is there, whole.
    bool has(const data::LabelledImage& image) const;

    /// Removes a map that is older than its image, or of another image.
    void remove_outdated(const data::LabelledImage& image) const;

    /// Throws Error: io, malformed.
    ProbabilityMap read(const data::LabelledImage& image) const;

private:
    std::string stem_of(const data::LabelledImage& image) const;

    std::string path_;
};

}  // namespace dbnet::app
