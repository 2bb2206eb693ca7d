#pragma once

#include <vector>

#include "eval/protocol.hpp"

// How far the figures of a data set can be trusted.
namespace dbnet::eval {

struct Interval {
    double low = 0;
    double high = 0;
};

/// Where 95 % of the figures lie when the images are drawn anew, with replacement, and at least
/// as far as 95 % of the figures would lie if each text were right or wrong by itself.
struct Confidence {
    Interval precision;
    Interval recall;
    Interval hmean;
    double hmean_error = 0;  ///< standard error of the hmean
};

/// Percentile bootstrap over images, the same for the same results, widened to Wilson's interval of
/// the texts and findings: that alone says something of a few images in which all is right.
Confidence confidence(const std::vector<ImageResult>& results, int rounds = 1000);

}  // namespace dbnet::eval
