#pragma once

#include <istream>
#include <string>
#include <vector>

namespace dbnet::app {

/// An image to work on.
struct Input {
    std::string path;      ///< as the user gave it
    std::string relative;  ///< below its SOURCE: where its results go below the output folder
};

struct Sources {
    std::vector<Input> inputs;
    std::vector<std::string> refused;  ///< one message per source or folder without an image
};

/// Resolves what a user names as SOURCE, in the order given:
/// * a file, whatever its name;
/// * a folder: the files in it that are named as images, sorted; with `recursive` also those of the
///   folders below. Links are followed; a folder that is reached twice is read once, so that loops
///   end;
/// * a pattern with * ? [] that the shell has not expanded;
/// * "-": the files that `list` names, one per line.
Sources find_images(const std::vector<std::string>& sources, bool recursive, std::istream& list);

}  // namespace dbnet::app
