#pragma once

#include <string>
#include <vector>

#include <dbnet/region.hpp>

// What is compared: the text of one image as annotated and as found.
namespace dbnet::eval {

struct Truth {
    Polygon polygon;
    bool ignore = false;  ///< "don't care": neither right nor wrong to find
};

struct Finding {
    Polygon polygon;
    float score = 1;  ///< [0, 1]; what is no number counts as 0
};

struct Sample {
    std::string name;  ///< of the image; unique in an evaluation
    std::vector<Truth> truths;
    std::vector<Finding> findings;
};

}  // namespace dbnet::eval
