#pragma once

#include <string>
#include <vector>

#include "formats/record.hpp"

namespace dbnet::test {

/// A label file as tools and data sets have it, with what has to be read from it.
struct LabelExample {
    std::string format;
    std::string file;  ///< its name
    std::string content;
    std::vector<formats::Record> records;  ///< without lines; polygons, words, illegible, sizes
    bool recognised = true;                ///< by itself, from this content
};

/// Of each format that is read, one or several, with the traps of the format.
std::vector<LabelExample> label_examples();

}  // namespace dbnet::test
