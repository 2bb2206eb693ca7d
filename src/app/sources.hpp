#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <string>
#include <vector>

namespace dbnet::app {

/// An image to work on.
struct Input {
    std::string path;      ///< as the user gave it
    std::string relative;  ///< below its SOURCE: where its results go below the output folder
    /// The encoded image where it is not in a file.
    std::shared_ptr<const std::vector<std::uint8_t>> bytes = {};
    int page = 0;         ///< of a file with several, from 1; 0: the first (see pages.hpp)
    bool is_pdf = false;  ///< only where a page is chosen
    std::string name = {};  ///< what results call it; empty: the path

    const std::string& shown() const { return name.empty() ? path : name; }
};

struct Sources {
    std::vector<Input> inputs;
    std::vector<std::string> refused;  ///< one message per source that gives no image
};

/// Resolves what a user names as SOURCE, in the order given:
/// * a file, whatever its name;
/// * a folder: the files in it that are named as images, sorted; with `recursive` also those of the
///   folders below. Links are followed; a folder that is reached twice is read once, so that loops
///   end;
/// * a pattern with * ? [] that the shell has not expanded;
/// * "-": what comes in `standard_input`: an image, called "stdin", or the names of files in UTF-8,
///   one per line, or each followed by a zero byte (as find -print0 and git ls-files -z write
///   them). A byte-order mark at the beginning is passed over.
Sources find_images(const std::vector<std::string>& sources, bool recursive,
                    std::istream& standard_input);

}  // namespace dbnet::app
