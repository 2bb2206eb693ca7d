#pragma once

#include <cstdint>
#include <vector>

#include <dbnet/region.hpp>

// What a DB network is trained to answer (paper, section 3.4; specification, 4): the probability
// map, 1 inside shrunk text, and the threshold map, which rises towards the outlines of text.
namespace dbnet::data {

/// A labelled piece of text.
struct TextLabel {
    Polygon polygon;
    bool ignore = false;  ///< illegible or otherwise not to be learnt
};

enum class TargetStyle {
    native,  ///< all pieces of a split polygon, true distance to the outline, pixel centres at +
             ///< 0.5
    mhliao,  ///< as MhLiao's code does it, quirks included (specification, 4 and 14)
};

struct TargetOptions {
    TargetStyle style = TargetStyle::native;
    double shrink_ratio = 0.4;    ///< r: the outline moves by area (1 - r^2) / perimeter
    double min_text_size = 8;     ///< pixels; text whose box has a shorter side is ignored
    float threshold_low = 0.3f;   ///< far from outlines
    float threshold_high = 0.7f;  ///< on them
    bool clip = true;  ///< mhliao: move vertices into the image first and let them run clockwise
};

/// Maps of height x width values, row by row. Masks and the probability map hold 0 or 1.
struct TargetMaps {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> probability;
    std::vector<std::uint8_t> probability_mask;  ///< 0 where the loss does not count
    std::vector<float> threshold;                ///< [threshold_low, threshold_high]
    std::vector<std::uint8_t> threshold_mask;    ///< 1 where the loss counts
};

/// Draws the maps. `labels` are marked `ignore` where they are too small, degenerate or vanish when
/// shrunk. Natively the maps of an outline that leaves the image are what the image shows of the
/// maps of the whole outline: there is no border along the cut.
TargetMaps make_targets(int width, int height, std::vector<TextLabel>& labels,
                        const TargetOptions& options);

/// Lets what lies beyond the part of width x height values from the top-left corner be background.
void clear_beyond(TargetMaps& maps, int width, int height, const TargetOptions& options);

}  // namespace dbnet::data
