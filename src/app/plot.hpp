#pragma once

#include <string>
#include <vector>

#include <dbnet/image.hpp>
#include <dbnet/region.hpp>

namespace dbnet::app {

struct Series {
    std::string name;  ///< in the legend, ASCII
    std::vector<Point> points;
};

/// Lines over a square from (0, 0) to (1, 1).
struct Plot {
    std::string title;
    std::string x_label;
    std::string y_label;
    std::vector<Series> series;
};

std::string to_svg(const Plot& plot);
Image to_image(const Plot& plot);

/// Writes `stem`.svg and `stem`.png.
void write_plot(const std::string& stem, const Plot& plot);

}  // namespace dbnet::app
