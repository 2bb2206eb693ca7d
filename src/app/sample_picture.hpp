#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <dbnet/image.hpp>

#include "data/targets.hpp"

// Training samples to look at: what the network sees and what it should answer.
namespace dbnet::app {

/// One sample; the maps are those of data::TargetMaps: a value per pixel of the picture, row by
/// row.
struct SampleView {
    Image picture;
    std::span<const data::TextLabel> labels;
    std::span<const std::uint8_t> probability;
    std::span<const std::uint8_t> probability_mask;
    std::span<const float> threshold;
    std::span<const std::uint8_t> threshold_mask;
    std::string caption = {};  ///< ASCII; what is too long is cut at the left
};

/// The samples in a grid, the picture with its labels alone. Errors as for draw_samples().
Image draw_labelled(std::span<const SampleView> samples);

/// The samples in a grid, three tiles each:
/// * the picture with its labels: green, grey what is ignored;
/// * the probability map: white inside shrunk text, red where the loss does not count;
/// * the threshold map, from violet (its lowest value) to yellow (its highest), where the loss
///   counts.
/// Behind the maps lies the picture, darkened. Throws Error{invalid_argument} for no samples and
/// for maps of another size than their picture.
Image draw_samples(std::span<const SampleView> samples);

}  // namespace dbnet::app
