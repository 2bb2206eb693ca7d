#pragma once

#include <optional>

#include <dbnet/image.hpp>

#include "synth/layout.hpp"
#include "synth/paint.hpp"
#include "synth/surroundings.hpp"
#include "synth/warp.hpp"

namespace dbnet::synth {

/// Of a plate around the ink, in ems, at most; border and shadow included.
inline constexpr double kMostPadding = 0.7;

/// How a block of text looks, apart from where its letters are. Lengths in pixels.
struct Look {
    struct Plate {
        Colour top{}, bottom{};
        std::optional<Colour> border = {};
        double padding = 4;    ///< around the ink
        double roundness = 0;  ///< of the corners: 0 square, 1 half a circle
        bool shadow = false;
    };
    struct Shadow {
        double x = 0, y = 0;
        double sigma = 1;
        double opacity = 0.6;
    };
    Colour top{}, bottom{};  ///< of the letters
    double opacity = 1;
    double shows_through = 0;  ///< see Paint
    double blur = 0.4;         ///< sigma
    double wear = 0;           ///< share of the letters that is worn off
    std::optional<Plate> plate = {};
    std::optional<Shadow> shadow = {};
    std::optional<Colour> outline = {};
    double outline_width = 1;
    Colour ground{};  ///< mean colour of the background
};

/// `plate`: whether the text stands on a sign of its own. Letters are at least 45 brighter or
/// darker than what is behind them, and more so where that is uneven.
Look draw_look(double size, bool plate, const Surroundings::Summary& behind, core::Random& random);

/// Draws a block with its plate.
void draw_block(Image& image, const Block& block, const Warp& warp, const Look& look,
                const Textures& textures, core::Random& random);

}  // namespace dbnet::synth
