#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace dbnet::data {

/// Finds the images that a label file names, whatever folders the tool that wrote it put before
/// them.
class ImageFinder {
public:
    explicit ImageFinder(std::string folder) : folder_(std::move(folder)) {}

    /// The image of that name: at that path below the folder; at a part of the path; of the same
    /// file name anywhere below; each also with the extension of an image behind it.
    std::optional<std::string> find(const std::string& named);

private:
    std::optional<std::string> find_exactly(const std::string& named) const;
    void look_below();

    std::string folder_;
    bool looked_below_ = false;
    /// By file name and by stem; empty paths are several images.
    std::unordered_map<std::string, std::string> below_;
};

}  // namespace dbnet::data
