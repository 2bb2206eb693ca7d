#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/dataset.hpp"

// A data set divided into parts (docs/data.md, "Dividing a data set").
namespace dbnet::app {

struct SplitPart {
    std::string name;  ///< of its files: "train"
    double share = 0;  ///< of the images, relative to the others
    std::size_t images = 0;
    std::size_t texts = 0;
};

struct SplitOptions {
    data::DatasetSpec spec;
    std::vector<SplitPart> parts;
    std::uint64_t seed = 0;
    std::string folder;
    bool keep_alike_together = true;  ///< pictures that show the same go into one part
};

struct SplitHooks {
    std::function<void(const std::string&)> on_problem;
    std::function<void(std::size_t done, std::size_t images)> progress;
    std::function<bool()> interrupted;
};

struct SplitSummary {
    std::vector<SplitPart> parts;
    std::size_t alike = 0;  ///< images that went where one like them did
    bool interrupted = false;
};

/// Parts from "train=0.8,val=0.2". Throws Error{invalid_argument}.
std::vector<SplitPart> parse_parts(const std::string& text);

/// Writes FOLDER/PART.jsonl, the labels of the images of each part, and FOLDER/PART.yaml, a data
/// set that train and val read. Which part an image goes to depends on its name, the seed and the
/// shares, not on the other images, unless one of them is like it. Throws Error: invalid_argument,
/// io, malformed, as data::list_images().
SplitSummary split(const SplitOptions& options, const SplitHooks& hooks);

}  // namespace dbnet::app
