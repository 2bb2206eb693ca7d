#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "data/dataset.hpp"

// What a data set consists of (docs/data.md, "What is in a data set").
namespace dbnet::app {

/// A number of many things: its extremes and quantiles; zeros for nothing.
struct Spread {
    double least = 0;
    double tenth = 0;  ///< a tenth are smaller
    double median = 0;
    double ninth = 0;  ///< a tenth are larger
    double most = 0;
};

struct DataStats {
    std::size_t images = 0;
    std::size_t without_text = 0;
    std::size_t texts = 0;
    std::size_t illegible = 0;  ///< of these; the numbers below are of the others
    std::size_t with_words = 0;
    std::size_t small = 0;     ///< lower than 8 pixels
    std::size_t tilted = 0;    ///< by more than 10 degrees
    std::size_t polygons = 0;  ///< of more than four points
    Spread width, height;      ///< of the images, pixels
    Spread texts_per_image;
    Spread text_height;  ///< shorter side of the minimum-area rectangle, pixels
    Spread text_aspect;  ///< longer by shorter side
    Spread word_length;  ///< letters
    std::map<std::string, std::size_t> scripts;  ///< letters by script: Latin, Han, ...
    std::map<std::string, std::size_t> ignored;  ///< what is no text by design
    std::size_t problems = 0;                    ///< parts that could not be read
};

/// Goes through the labels; images are opened only where the labels do not say their size. Throws
/// as data::list_images().
DataStats data_stats(const std::vector<data::DatasetSpec>& specs);

/// The same as lines for a person, and as a document.
std::string to_text(const DataStats& stats);
std::string to_json(const DataStats& stats);

}  // namespace dbnet::app
