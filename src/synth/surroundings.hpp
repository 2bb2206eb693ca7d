#pragma once

#include <vector>

#include <dbnet/image.hpp>
#include <dbnet/region.hpp>

#include "synth/colour.hpp"

namespace dbnet::synth {

/// What the places of an image look like, in constant time.
class Surroundings {
public:
    explicit Surroundings(const Image& image);

    struct Summary {
        Colour mean;
        double deviation = 0;  ///< of the brightness, 0 to 128
    };
    /// Of a box; the nearest place where it is outside the image.
    Summary of(const Rect& box) const;

private:
    double sum(std::size_t channel, int left, int top, int right, int bottom) const;

    int width_ = 0;  ///< cells
    int height_ = 0;
    std::vector<double> sums_;  ///< of red, green, blue, brightness^2 left of and above a cell
};

}  // namespace dbnet::synth
