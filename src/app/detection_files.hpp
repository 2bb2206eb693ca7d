#pragma once

#include <string>

#include <dbnet/detector.hpp>

#include "formats/record.hpp"

// What `predict` writes about one image, apart from the formats.
namespace dbnet::app {

/// The detection as the formats take it. `decode_ms`: time spent on reading the image.
formats::Record to_record(const std::string& image, const Detection& detection, double decode_ms);

/// Draws the regions with their scores on the image; the candidates that were rejected, if there
/// are any, in grey below them. The image may be a smaller copy of the one that was searched.
void draw_detection(Image& image, const Detection& detection, formats::Shape shape);

/// Writes the probability map as 16-bit grey PNG at network size (65535 is 1) to `stem`.png, and to
/// `stem`.json how it lies on the image and which settings (complete) were used.
void write_map(const std::string& stem, const std::string& image, const ProbabilityMap& map,
               Preset preset, const DetectOptions& settings);

/// Writes the perspective-rectified inside of each region to `folder`/001.png, 002.png, ..., and
/// removes those that an earlier run left beyond them.
void write_crops(const std::string& folder, const ImageView& image, const Detection& detection);

}  // namespace dbnet::app
