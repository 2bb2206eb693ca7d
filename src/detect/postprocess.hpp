#pragma once

#include <cstddef>
#include <vector>

#include <dbnet/detector.hpp>
#include <dbnet/region.hpp>

// From the probability map to regions (specification, section 8; paper, section 3.4).
namespace dbnet::detect {

/// The settings of DetectOptions, complete.
struct PostprocessOptions {
    Preset preset = Preset::native;
    Outline outline = Outline::quad;
    float threshold = 0.3f;
    float box_threshold = 0.6f;
    Unclip unclip = Unclip::ratio;
    float unclip_ratio = 1.5f;
    float shrink_ratio = 0.4f;
    float min_size = 3;
    int max_candidates = 3000;
    ScoreMode score_mode = ScoreMode::outline;
    bool dilate = false;
    /// Presets: contours are simplified by this part of their length where the reference does.
    float simplify = 0.002f;
    /// Paddle: also do what its pipeline does afterwards: order, clip, drop sides up to 3 pixels.
    bool predict_det_filter = true;
    bool explain = false;

    /// The values that the named implementation uses by default.
    static PostprocessOptions of(Preset preset, Outline outline = Outline::quad);
};

/// A probability map in somebody else's memory and how it lies on the image; see ProbabilityMap.
struct MapView {
    const float* values = nullptr;
    int width = 0;
    int height = 0;
    int valid_width = 0;
    int valid_height = 0;
    int image_width = 0;
    int image_height = 0;
};

struct PostprocessResult {
    std::vector<Region> regions;        ///< in image coordinates
    std::vector<Candidate> candidates;  ///< with PostprocessOptions::explain
    std::size_t over_cap = 0;           ///< candidates left out because of max_candidates
};

/// Finds the regions of a map. Values of any size and NaN are legal (a NaN is never text). Time
/// grows with the map's pixels and with the areas of its contours' boxes. Throws
/// Error{invalid_argument} for a map without pixels or with a valid part that is not inside it.
PostprocessResult postprocess(const MapView& map, const PostprocessOptions& options);

}  // namespace dbnet::detect
