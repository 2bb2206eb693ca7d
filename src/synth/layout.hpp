#pragma once

#include <optional>
#include <string>
#include <vector>

#include "synth/font.hpp"

namespace dbnet::synth {

struct Typography {
    double size = 32;           ///< pixels of the em
    double line_spacing = 1.2;  ///< ems
    double tracking = 0;        ///< ems between letters, for texts of ASCII letters
    double stretch = 1;         ///< of the width
    double slant = 0;           ///< tangent of the angle
    double alignment = 0.5;     ///< 0: left, 0.5: centred, 1: right
};

/// A word with its outline in the plane of its block.
struct PlacedWord {
    std::string text;
    Contours outline;
    Extent ink;
};

using Line = std::vector<PlacedWord>;

/// Text in a plane: pixels, y down, the origin in the middle of the ink.
struct Block {
    std::vector<Line> lines;
    Extent ink;
};

/// Sets lines of words. Words of a script that runs from right to left follow each other that way
/// if the line begins with one. Nothing when the font cannot set a word (or with too many points,
/// see fill()), or all are invisible.
std::optional<Block> set_lines(const std::vector<std::vector<std::string>>& lines, const Font& font,
                               const Typography& typography);

/// What the ink of all words of a line covers.
Extent ink_of(const Line& line);

}  // namespace dbnet::synth
