#include "synth/look.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dbnet::synth {
namespace {

constexpr double kLeastContrast = 45;
constexpr double kPlateContrast = 80;
constexpr Colour kDark{8, 8, 10};

Look::Plate draw_plate(double size, core::Random& random) {
    Look::Plate plate;
    plate.top = draw_sign_colour(random);
    plate.bottom =
        random.uniform() < 0.4 ? shaded(plate.top, random.uniform(0.75, 1.1)) : plate.top;
    plate.padding = size * random.uniform(0.12, kMostPadding - 0.1);
    plate.roundness = random.uniform() < 0.5 ? 0 : random.uniform(0.1, 1);
    if (random.uniform() < 0.4) plate.border = draw_contrasting_colour(plate.top, 40, random);
    plate.shadow = random.uniform() < 0.4;
    return plate;
}

/// A box with rounded corners; points along the straight sides let it follow a bend.
void add_box(Contours& contours, const Extent& box, double radius, bool clockwise) {
    constexpr int kSide = 12;
    constexpr int kCorner = 6;
    const Point corners[] = {{box.right - radius, box.top + radius},
                             {box.right - radius, box.bottom - radius},
                             {box.left + radius, box.bottom - radius},
                             {box.left + radius, box.top + radius}};
    std::vector<Point> points;
    for (int corner = 0; corner < 4; ++corner) {
        const Point centre = corners[corner];
        for (int i = 0; i <= kCorner; ++i) {
            const double angle =
                std::numbers::pi / 2 * (corner - 1 + static_cast<double>(i) / kCorner);
            points.push_back(
                {centre.x + radius * std::cos(angle), centre.y + radius * std::sin(angle)});
        }
        const Point from = points.back();
        const Point next = corners[(corner + 1) % 4];
        const double angle = std::numbers::pi / 2 * corner;
        const Point to{next.x + radius * std::cos(angle), next.y + radius * std::sin(angle)};
        for (int i = 1; i < kSide; ++i)
            points.push_back(
                {from.x + (to.x - from.x) * i / kSide, from.y + (to.y - from.y) * i / kSide});
    }
    if (!clockwise) std::ranges::reverse(points);
    contours.points.insert(contours.points.end(), points.begin(), points.end());
    contours.ends.push_back(contours.points.size());
}

Extent box_of(const Block& block, const Look::Plate& plate) {
    return block.ink.grown(plate.padding, 0.8 * plate.padding);
}

Mask mask_of(const Contours& plane, const Warp& warp, int margin) {
    const Contours contours = warp(plane);
    Mask mask = mask_around(extent_of(contours.points), margin);
    fill(contours, mask);
    return mask;
}

void draw_shadow(Image& image, Mask mask, const Look::Shadow& shadow) {
    blur(mask, shadow.sigma);
    mask.x += static_cast<int>(std::lround(shadow.x));
    mask.y += static_cast<int>(std::lround(shadow.y));
    blend(image, mask, {kDark, kDark, shadow.opacity, 0, {}});
}

void draw_plate(Image& image, const Block& block, const Warp& warp, const Look& look) {
    const Look::Plate& plate = *look.plate;
    const Extent box = box_of(block, plate);
    // With a larger radius the corner of the ink would stick out.
    const double radius =
        std::min(plate.roundness * std::min(box.width(), box.height()) / 2, 2.4 * plate.padding);
    const double edge = std::clamp(0.2 * plate.padding, 1.0, 8.0);
    Contours whole;
    add_box(whole, box, radius, true);
    const int margin = 3 + static_cast<int>(edge);
    Mask mask = mask_of(whole, warp, margin);
    if (plate.shadow) draw_shadow(image, mask, {edge, edge, edge, 0.5});
    blur(mask, look.blur);
    blend(image, mask, {plate.top, plate.bottom, 1, 0.6 * look.shows_through, look.ground});
    if (!plate.border) return;
    Contours ring;
    add_box(ring, box.grown(-edge, -edge), std::max(0.0, radius - edge), true);
    add_box(ring, box.grown(-2 * edge, -2 * edge), std::max(0.0, radius - 2 * edge), false);
    Mask line = mask_of(ring, warp, margin);
    blur(line, look.blur);
    blend(image, line, {*plate.border, *plate.border, 0.95, 0, {}});
}

}  // namespace

Look draw_look(double size, bool plate, const Surroundings::Summary& behind, core::Random& random) {
    Look look;
    look.ground = behind.mean;
    Colour background = behind.mean;
    double contrast = kLeastContrast + behind.deviation;
    if (plate) {
        look.plate = draw_plate(size, random);
        background = mixed(look.plate->top, look.plate->bottom, 0.5);
        contrast = kPlateContrast;
    }
    look.top = draw_contrasting_colour(background, contrast, random);
    look.bottom = look.top;
    if (random.uniform() < 0.12) {
        const Colour other = shaded(look.top, random.uniform(0.7, 1.3));
        if (std::abs(brightness(other) - brightness(background)) >= contrast) look.bottom = other;
    }
    look.opacity = random.uniform() < 0.7 ? 1 : random.uniform(0.8, 1);
    look.shows_through = random.uniform(0, 0.8);
    look.blur = random.uniform(0.25, 0.7) + (size > 40 ? random.uniform(0, 0.6) : 0);
    if (size > 18 && random.uniform() < 0.08) look.wear = random.uniform(0.05, 0.45);
    if (random.uniform() < 0.18) {
        const double length = std::max(1.0, size * random.uniform(0.03, 0.1));
        look.shadow = {length * (random.uniform() < 0.8 ? 1 : -1), length,
                       std::max(0.5, length * random.uniform(0.1, 0.9)), random.uniform(0.35, 0.9)};
    }
    if (size > 16 && random.uniform() < (plate ? 0.08 : 0.22)) {
        look.outline = draw_contrasting_colour(look.top, 70, random);
        look.outline_width = std::max(1.0, size * random.uniform(0.02, 0.07));
    }
    return look;
}

void draw_block(Image& image, const Block& block, const Warp& warp, const Look& look,
                const Textures& textures, core::Random& random) {
    if (look.plate) draw_plate(image, block, warp, look);
    Colour ground = look.ground;
    if (look.plate) ground = mixed(look.plate->top, look.plate->bottom, 0.5);
    const int margin =
        3 + static_cast<int>(std::ceil(3 * look.blur + (look.shadow ? 3 * look.shadow->sigma : 0) +
                                       (look.outline ? look.outline_width : 0)));
    for (const Line& line : block.lines)
        for (const PlacedWord& word : line) {
            Mask mask = mask_of(word.outline, warp, margin);
            if (look.wear > 0) wear(mask, textures.stains, look.wear, random);
            if (look.shadow) draw_shadow(image, mask, *look.shadow);
            if (look.outline) {
                Mask around = dilated(mask, look.outline_width);
                blur(around, look.blur);
                blend(image, around, {*look.outline, *look.outline, look.opacity, 0, {}});
            }
            blur(mask, look.blur);
            blend(image, mask, {look.top, look.bottom, look.opacity, look.shows_through, ground});
        }
}

}  // namespace dbnet::synth
