#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <dbnet/region.hpp>

// What every format is read into and written from: one image and the text that was found or marked
// in it. Coordinates are those of dbnet/region.hpp: continuous, of the upright image.
namespace dbnet::formats {

/// One piece of text. A reader fills what its file says; `polygon` it always fills, from the quad
/// or the rect where there is no polygon.
struct RecordRegion {
    Polygon polygon;                  ///< outline, at least 3 vertices
    std::optional<Quad> quad = {};    ///< minimum-area rectangle
    std::optional<Rect> rect = {};    ///< axis-aligned box
    std::optional<float> score = {};  ///< [0, 1]
    std::string text = {};            ///< transcription; empty: unknown
    bool ignore = false;              ///< "don't care": illegible, neither right nor wrong to find
    std::size_t line = 0;             ///< of the file that it was read from, if that has lines
};

/// A contour of the binarised map and what became of it.
struct RecordCandidate {
    std::string verdict;  ///< "accepted", "low_score", ...
    std::string reason;   ///< for a person
    Polygon contour;
    double score = 0;
    double short_side = 0;  ///< map pixels
};

struct Record {
    std::string image;  ///< path as the user gave it; a stem where the format has no more
    int width = 0;      ///< of the upright image in pixels; 0: unknown
    int height = 0;
    std::vector<RecordRegion> regions = {};
    std::vector<RecordCandidate> candidates = {};
    std::vector<std::string> warnings = {};
    std::map<std::string, double> timing_ms = {};  ///< by step
};

/// Takes one record after the other.
using RecordSink = std::function<void(Record&&)>;

/// Which outline of a region is written. `standard`: what suits the format (docs/formats.md).
enum class Shape { standard, quad, polygon, rect };

/// The corners, clockwise from the top-left one.
Polygon corners(const Rect& rect);

/// The outline in that shape; `standard` is the format's own choice for Shape::standard. A region
/// without a quad gives its polygon instead, one without a rect the polygon's bounding box.
Polygon outline(const RecordRegion& region, Shape shape, Shape standard);

}  // namespace dbnet::formats
