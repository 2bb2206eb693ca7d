#pragma once

#include <array>

#include "synth/font.hpp"

namespace dbnet::synth {

/// How the baseline of a text runs in its plane.
struct Bend {
    enum class Kind { straight, arc, wave };
    Kind kind = Kind::straight;
    double curvature = 0;   ///< arc: 1 / radius, positive with the centre below the text
    double amplitude = 0;   ///< wave
    double wavelength = 1;  ///< wave
    double phase = 0;       ///< wave, radians

    Point operator()(Point p) const;
    /// Of a line of the text `above` the baseline at most; 1 / pixels.
    double most_curvature(double above) const;
};

/// Turns of a plane in space, radians, and the distance of the eye.
struct Pose {
    double roll = 0;   ///< in the picture, clockwise on screen
    double pitch = 0;  ///< about the horizontal axis
    double yaw = 0;    ///< about the vertical axis
    double distance = 1e6;
};

/// From the plane of a text, whose origin is the middle of the text, into the picture.
class Warp {
public:
    Warp(const Bend& bend, const Pose& pose, Point centre);

    Point operator()(Point plane) const;
    Contours operator()(const Contours& plane) const;

    /// The outline of a box in the plane, clockwise on screen from its top-left corner: 4 points,
    /// or where the text is bent as many along its top and bottom as bring chord and arc together
    /// within half a pixel, at most 12.
    Polygon outline(const Extent& box) const;

    /// The same warp with the text elsewhere.
    Warp moved_to(Point centre) const;

private:
    Bend bend_;
    std::array<double, 9> matrix_;
    Point centre_;
};

}  // namespace dbnet::synth
