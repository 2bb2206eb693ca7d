#pragma once

#include <string>
#include <vector>

#include <dbnet/image.hpp>
#include <dbnet/region.hpp>

namespace dbnet::app {

struct Series {
    std::string name;  ///< in the legend, ASCII; empty: not there
    std::vector<Point> points;
    bool dots = false;  ///< marks each point
};

/// What an axis shows.
struct Range {
    double low = 0;
    double high = 1;
    bool logarithmic = false;  ///< low > 0
};

/// The least range with round ends around all values; those that are not finite, and on a
/// logarithmic axis those outside 1e-30 to 1e30, do not count.
Range range_around(const std::vector<double>& values, bool logarithmic = false);

/// Lines over a rectangle.
struct Plot {
    std::string title;
    std::string x_label;
    std::string y_label;
    std::vector<Series> series;
    Range x = {};
    Range y = {};
};

std::string to_svg(const Plot& plot);
Image to_image(const Plot& plot);

/// Writes `stem`.svg and `stem`.png.
void write_plot(const std::string& stem, const Plot& plot);

}  // namespace dbnet::app
