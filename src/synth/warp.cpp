// A point of the plane is moved by the bend of the baseline, turned in space (yaw, pitch, roll) and
// projected on the picture by an eye at a distance d: x d / (d + z). What stands in the middle of
// the text keeps its size.
#include "synth/warp.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dbnet::synth {
namespace {

constexpr double kChordError = 0.5;  // pixels
constexpr int kMostChords = 11;

}  // namespace

Point Bend::operator()(Point p) const {
    if (kind == Kind::arc && curvature != 0) {
        const double angle = p.x * curvature;
        const double radius = 1 / curvature - p.y;
        return {radius * std::sin(angle), 1 / curvature - radius * std::cos(angle)};
    }
    if (kind == Kind::wave)
        return {p.x, p.y + amplitude * std::sin(2 * std::numbers::pi * p.x / wavelength + phase)};
    return p;
}

double Bend::most_curvature(double above) const {
    if (kind == Kind::arc) {
        const double radius = std::max(1.0, 1 / std::abs(curvature) - above);
        return curvature == 0 ? 0 : 1 / radius;
    }
    if (kind == Kind::wave)
        return std::abs(amplitude) * std::pow(2 * std::numbers::pi / wavelength, 2);
    return 0;
}

Warp::Warp(const Bend& bend, const Pose& pose, Point centre) : bend_(bend), centre_(centre) {
    const double cr = std::cos(pose.roll), sr = std::sin(pose.roll);
    const double cp = std::cos(pose.pitch), sp = std::sin(pose.pitch);
    const double cy = std::cos(pose.yaw), sy = std::sin(pose.yaw);
    // Columns: where the plane's axes and the eye's distance go; rows: x, y, scale.
    const double ux = cy, uy = sp * sy, uz = -cp * sy;
    const double vx = 0, vy = cp, vz = sp;
    matrix_ = {cr * ux - sr * uy,  cr * vx - sr * vy,  0, sr * ux + cr * uy, sr * vx + cr * vy, 0,
               uz / pose.distance, vz / pose.distance, 1};
}

Point Warp::operator()(Point plane) const {
    const Point p = bend_(plane);
    const auto& m = matrix_;
    const double scale = 1 / std::max(0.05, m[6] * p.x + m[7] * p.y + 1);
    return {centre_.x + (m[0] * p.x + m[1] * p.y) * scale,
            centre_.y + (m[3] * p.x + m[4] * p.y) * scale};
}

Contours Warp::operator()(const Contours& plane) const {
    Contours picture{{}, plane.ends};
    picture.points.reserve(plane.points.size());
    for (const Point& point : plane.points) picture.points.push_back((*this)(point));
    return picture;
}

Polygon Warp::outline(const Extent& box) const {
    int chords = 1;
    if (bend_.kind != Bend::Kind::straight) {
        const double curvature = bend_.most_curvature(std::max(-box.top, box.bottom));
        const double needed = box.width() * std::sqrt(curvature / (8 * kChordError));
        chords = static_cast<int>(std::clamp(std::ceil(needed), 2.0, double{kMostChords}));
    }
    Polygon outline;
    for (int i = 0; i <= chords; ++i)
        outline.push_back((*this)({box.left + box.width() * i / chords, box.top}));
    for (int i = chords; i >= 0; --i)
        outline.push_back((*this)({box.left + box.width() * i / chords, box.bottom}));
    return outline;
}

Warp Warp::moved_to(Point centre) const {
    Warp moved = *this;
    moved.centre_ = centre;
    return moved;
}

}  // namespace dbnet::synth
