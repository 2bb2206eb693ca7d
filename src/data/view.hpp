#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <dbnet/image.hpp>
#include <dbnet/region.hpp>

#include "data/dataset.hpp"
#include "data/targets.hpp"

// How an image lies in a sample: the one map that moves its pixels, its labels and whatever else
// lies over it.
namespace dbnet::data {

/// (x, y) -> (xx x + xy y + x0, yx x + yy y + y0) / (wx x + wy y + w0), in continuous coordinates.
struct Projection {
    double xx = 1, xy = 0, x0 = 0;
    double yx = 0, yy = 1, y0 = 0;
    double wx = 0, wy = 0, w0 = 1;

    bool is_affine() const { return wx == 0 && wy == 0; }
    /// The divisor: falls towards the horizon and is negative behind it.
    double weight(Point p) const { return wx * p.x + wy * p.y + w0; }
    Point operator()(Point p) const {
        const double w = weight(p);
        return {(xx * p.x + xy * p.y + x0) / w, (yx * p.x + yy * p.y + y0) / w};
    }
    /// First this one, then `next`.
    Projection then(const Projection& next) const;
};

Projection translation(double x, double y);
Projection scaling(double x, double y);
/// Clockwise on screen.
Projection rotation(double radians, Point centre);
/// Maps the corners of a rectangle from the origin, clockwise from there, to those of a convex
/// quad.
Projection projection(Size rectangle, const Quad& corners);

/// The most that a pixel of an image is stretched in any direction, at the place where that is
/// most.
double enlargement(const Projection& place, Size image);

/// The part of the sample from its top-left corner that the image may cover (the rest is black),
/// and where the image's points go.
struct View {
    Projection place;
    Size covered;
};

/// The image as the view shows it: one bilinear warp on the calling thread, black outside.
Image warp(const ImageView& image, const View& view, Size size);

/// Values over an image, row by row: a grid of any size that covers it evenly.
template <typename Value>
struct ImageMap {
    std::span<const Value> values;
    Size size;
};

/// A map over an image of the size `image` as the view of that image shows it, size.width x
/// size.height values; 0 outside.
std::vector<std::uint8_t> warp(const ImageMap<std::uint8_t>& map, Size image, const View& view,
                               Size size);
std::vector<float> warp(const ImageMap<float>& map, Size image, const View& view, Size size);

/// The labels as they lie in the sample, clockwise on screen; those of which nothing is seen are
/// left out. Text to be learnt keeps its whole outline, which may leave what the view covers;
/// text of which less than `visible_share` of the area is seen becomes ignored, and what is ignored
/// is clipped.
std::vector<TextLabel> transform(const std::vector<TextLabel>& labels, const View& view,
                                 double visible_share = 0);

/// The part of a polygon in [0, width] x [0, height] (Sutherland and Hodgman).
Polygon clip(Polygon polygon, Size size);

}  // namespace dbnet::data
