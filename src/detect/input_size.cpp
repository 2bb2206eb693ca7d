// From the size of an image to that of the network's input (specification, 6.3). Each rule keeps
// its reference's order of floating-point operations, because a ceiling or a rounding follows.
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "detect/preprocess.hpp"

namespace dbnet::detect {
namespace {

constexpr int kStep = 32;
constexpr double kLargestSide = 1 << 30;
/// Images with fewer pixels on both sides together are laid on at least 32x32 first (Paddle).
constexpr int kSmallImage = 64;

int clamp_side(double side) { return static_cast<int>(std::clamp(side, 1.0, kLargestSide)); }

int round_up(double side) { return clamp_side(std::ceil(side / kStep) * kStep); }

int round_down(double side) {
    return std::max(kStep, clamp_side(std::floor(side / kStep) * kStep));
}

/// To the nearest multiple of 32, half to even.
int round_nearest(double side) {
    return std::max(kStep, clamp_side(std::nearbyint(side / kStep) * kStep));
}

void fill_input(InputGeometry& g, int width, int height) {
    g.width = g.valid_width = width;
    g.height = g.valid_height = height;
}

void plan_short_side(InputGeometry& g, int side) {
    const double w = g.image_width;
    const double h = g.image_height;
    if (h < w)
        fill_input(g, round_up(side / h * w), round_up(side));
    else
        fill_input(g, round_up(side), round_up(side / w * h));
}

void plan_height(InputGeometry& g, int height) {
    const double width = static_cast<double>(g.image_width) * height / g.image_height;
    fill_input(g, round_up(width), round_up(height));
}

/// Paddle's rule: `bound_longer` limits the longer side from above, otherwise the shorter one from
/// below.
void plan_limit(InputGeometry& g, int limit, bool bound_longer) {
    int w = g.image_width;
    int h = g.image_height;
    if (static_cast<std::int64_t>(w) + h < kSmallImage) {
        w = std::max(w, kStep);
        h = std::max(h, kStep);
    }
    const int side = bound_longer ? std::max(w, h) : std::min(w, h);
    const bool applies = bound_longer ? side > limit : side < limit;
    const double ratio = applies ? static_cast<double>(limit) / side : 1;
    g.width = round_nearest(std::trunc(w * ratio));
    g.height = round_nearest(std::trunc(h * ratio));
    g.valid_width = clamp_side(std::round(static_cast<double>(g.width) * g.image_width / w));
    g.valid_height = clamp_side(std::round(static_cast<double>(g.height) * g.image_height / h));
}

void plan_keep_ratio(InputGeometry& g, int short_limit, int long_limit) {
    const int longer = std::max(g.image_width, g.image_height);
    const int shorter = std::min(g.image_width, g.image_height);
    const double factor = std::min(static_cast<double>(long_limit) / longer,
                                   static_cast<double>(short_limit) / shorter);
    g.valid_width = clamp_side(g.image_width * factor + 0.5);
    g.valid_height = clamp_side(g.image_height * factor + 0.5);
    g.width = round_up(g.valid_width);
    g.height = round_up(g.valid_height);
}

/// One side after the cap: the input's, and within it the valid part's in proportion.
void scale_side(int& side, int& valid, int new_side) {
    const double ratio = static_cast<double>(new_side) / side;
    valid = std::min(new_side, clamp_side(std::round(valid * ratio)));
    side = new_side;
}

void apply_cap(InputGeometry& g, std::int64_t max_pixels) {
    const double pixels = static_cast<double>(g.width) * g.height;
    if (pixels <= static_cast<double>(max_pixels)) return;
    const double scale = std::sqrt(static_cast<double>(max_pixels) / pixels);
    int width = round_down(g.width * scale);
    int height = round_down(g.height * scale);
    if (static_cast<std::int64_t>(width) * height > max_pixels) {
        // The shorter side had to stay at 32.
        int& longer = width > height ? width : height;
        longer = round_down(static_cast<double>(max_pixels) / std::min(width, height));
    }
    scale_side(g.width, g.valid_width, width);
    scale_side(g.height, g.valid_height, height);
    g.capped = true;
}

/// Letters of a small image would become larger than any that the network has learnt.
void bound_enlargement(InputGeometry& g, double most) {
    const double shorter = std::min(g.image_width, g.image_height);
    const double enlargement = std::min(g.valid_width, g.valid_height) / shorter;
    if (enlargement > most) plan_short_side(g, clamp_side(std::round(shorter * most)));
}

/// From here on (image pixels to one of the network's input) letters of ordinary size are lost.
constexpr double kLosesText = 3;

std::string size_text(int width, int height) { return core::concat(width, "x", height); }

/// "8.3"
std::string factor_text(double factor) { return core::concat(std::round(factor * 10) / 10); }

/// round_up() gives at least one pixel.
int padded(int side, int least) { return side <= least ? least : least + round_up(side - least); }

}  // namespace

InputGeometry plan_own_resolution(int image_width, int image_height, int least_width,
                                  int least_height) {
    InputGeometry geometry;
    geometry.image_width = geometry.valid_width = image_width;
    geometry.image_height = geometry.valid_height = image_height;
    geometry.width = padded(image_width, least_width);
    geometry.height = padded(image_height, least_height);
    return geometry;
}

InputGeometry plan_fixed_sides(int image_width, int image_height, std::int64_t width,
                               std::int64_t height, std::int64_t max_pixels) {
    InputGeometry geometry;
    geometry.image_width = image_width;
    geometry.image_height = image_height;
    const auto free_side = [&](std::int64_t fixed, double ratio) {
        const int wanted = round_up(static_cast<double>(fixed) * ratio);
        const int most = round_down(static_cast<double>(max_pixels / fixed));
        geometry.capped = wanted > most;
        return std::min(wanted, most);
    };
    const double ratio = static_cast<double>(image_width) / image_height;
    fill_input(geometry, static_cast<int>(width > 0 ? width : free_side(height, ratio)),
               static_cast<int>(height > 0 ? height : free_side(width, 1 / ratio)));
    return geometry;
}

std::vector<std::string> size_warnings(const InputGeometry& g) {
    const double shrinking = std::max(static_cast<double>(g.image_width) / g.valid_width,
                                      static_cast<double>(g.image_height) / g.valid_height);
    if (!g.capped && shrinking < kLosesText) return {};
    const std::string image = size_text(g.image_width, g.image_height);
    const std::string input = size_text(g.valid_width, g.valid_height);
    std::string text = shrinking > 1
                           ? core::concat("scaled down ", factor_text(shrinking), " times, from ",
                                          image, " to ", input)
                           : core::concat("enlarged from ", image, " to no more than ", input);
    if (g.capped) text += ", by the limit on the network's input (max-input-pixels)";
    if (shrinking >= kLosesText)
        text +=
            ": text of ordinary size is lost; with --tile (DetectOptions::tile) the image is "
            "searched in its own resolution";
    return {text};
}

InputGeometry plan_input(int image_width, int image_height, const SizeRule& rule,
                         std::int64_t max_pixels, double most_enlargement) {
    const bool two_sides =
        rule.kind == SizeRule::Kind::fixed || rule.kind == SizeRule::Kind::keep_ratio;
    if (image_width < 1 || image_height < 1 || rule.a < 1 || (two_sides && rule.b < 1))
        core::fail(ErrorCode::invalid_argument, "an image of ", image_width, "x", image_height,
                   " cannot be resized by the size rule ", rule.to_string());
    InputGeometry geometry;
    geometry.image_width = image_width;
    geometry.image_height = image_height;
    switch (rule.kind) {
        case SizeRule::Kind::short_side: plan_short_side(geometry, rule.a); break;
        case SizeRule::Kind::height: plan_height(geometry, rule.a); break;
        case SizeRule::Kind::fixed: fill_input(geometry, round_up(rule.b), round_up(rule.a)); break;
        case SizeRule::Kind::max_side: plan_limit(geometry, rule.a, true); break;
        case SizeRule::Kind::min_side: plan_limit(geometry, rule.a, false); break;
        case SizeRule::Kind::keep_ratio: plan_keep_ratio(geometry, rule.a, rule.b); break;
    }
    if (rule.kind != SizeRule::Kind::fixed) bound_enlargement(geometry, most_enlargement);
    apply_cap(geometry, max_pixels);
    return geometry;
}

}  // namespace dbnet::detect
