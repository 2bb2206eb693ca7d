#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <dbnet/export.hpp>
#include <dbnet/image.hpp>
#include <dbnet/region.hpp>

namespace dbnet {

/// Whose pre- and post-processing is reproduced. `native` is ours; the others do what the named
/// implementation does, contour order and candidate cap included (docs/postprocessing.md).
enum class Preset { native, mhliao, mmocr, paddle };
DBNET_API std::string_view to_string(Preset preset) noexcept;

/// The preset of that name. Throws Error{invalid_argument} listing the names.
DBNET_API Preset preset_named(std::string_view name);

/// Which outline the presets compute: their references compute either quads or polygons, native
/// always both.
enum class Outline { quad, polygon };

/// How the shrunk outline is grown back. `ratio`: offset area * unclip_ratio / perimeter (paper,
/// section 3.4). `exact`: the offset that undoes the shrinking of the training targets
/// (docs/postprocessing.md).
enum class Unclip { ratio, exact };

/// Over which pixels a candidate's score is averaged: its outline ("slow") or its minimum-area
/// rectangle ("fast").
enum class ScoreMode { outline, box };

/// How the network's input size follows from the image's (specification, 6.3). Sides are multiples
/// of 32.
struct DBNET_API SizeRule {
    enum class Kind {
        short_side,  ///< shorter side exactly `a`, the longer rounded up to 32: MhLiao's demo. Text
                     ///< form "736"
        height,      ///< height `a`, width rounded up to 32: MhLiao's evaluation. "height:736"
        fixed,       ///< height `a`, width `b`, whatever the ratio. "736x1280"
        max_side,    ///< longer side at most `a`, each side to the nearest 32: Paddle's CLI.
                     ///< "max:960"
        min_side,  ///< shorter side at least `a`, each side to the nearest 32: Paddle's evaluation.
                   ///< "min:736"
        keep_ratio,  ///< fits short side `a` and long side `b`, then padded to 32: mmocr.
                     ///< "keep:736x1333"
    };
    Kind kind = Kind::short_side;
    int a = 736;
    int b = 0;

    /// Parses the text forms above; "640" and "736" are the usual sizes. Throws
    /// Error{invalid_argument}.
    static SizeRule parse(std::string_view text);
    std::string to_string() const;
    friend bool operator==(const SizeRule&, const SizeRule&) = default;
};

/// Settings of one Detector, fixed when it is opened.
struct DetectorOptions {
    int threads =
        0;  ///< budget: threads that compute at the same time; 0: the cores this process may use
    int lanes = 1;  ///< images in work at the same time, each on threads / lanes threads; 0: one
                    ///< lane per thread (throughput). 1 is the lowest latency.
    /// Whose conventions to follow. Empty: native with what the model's metadata says, or, for a
    /// model without metadata, paddle with a warning.
    std::optional<Preset> preset = {};
    /// Compiled plans kept (one per network input size); the least recently used goes first. >= 1.
    int plan_cache = 32;
    /// Which output of the model is the probability map. Empty: the one that the metadata, its name
    /// or, on the first image, its values say it is.
    std::string output = {};
    /// Bytes that the detector may hold between calls: what is above is given back at the end of
    /// each. 0: no limit. What one image needs while it is worked on, max_input_pixels bounds.
    std::size_t memory_limit = 0;
};

/// Settings of one call. What is left empty comes from the model's metadata, then from the preset.
struct DetectOptions {
    /// How large the network's input is. Empty: the model's rule, by which a small image is
    /// enlarged 3 times at most (native), or the preset's.
    std::optional<SizeRule> size = {};
    /// The network's input is scaled down to at most so many pixels; >= 1024.
    std::int64_t max_input_pixels = 4'000'000;
    /// Search the image in its own resolution, whatever `size`, the model and the preset say: in
    /// overlapping tiles of at most max_input_pixels.
    bool tile = false;
    /// Binarisation threshold, [0, 1]; native 0.3.
    std::optional<float> threshold = {};
    /// Lowest score of a region, [0, 1]; native 0.6.
    std::optional<float> box_threshold = {};
    /// How outlines are grown back; native by ratio.
    std::optional<Unclip> unclip = {};
    /// For Unclip::ratio, [0.01, 100]; native 1.5.
    std::optional<float> unclip_ratio = {};
    /// r of the training targets for Unclip::exact, [0.01, 0.99]; 0.4.
    std::optional<float> shrink_ratio = {};
    /// Shorter side in map pixels, >= 0; native 3.
    std::optional<float> min_size = {};
    /// Most candidates, >= 1; native 3000, keeping those with the highest scores.
    std::optional<int> max_candidates = {};
    /// What a score is the mean of; native the outline.
    std::optional<ScoreMode> score_mode = {};
    /// Dilate the bitmap by 2x2 (Paddle's use_dilation); native no.
    std::optional<bool> dilate = {};
    /// Which outline a preset other than native computes.
    Outline outline = Outline::quad;
    /// Fill Detection::candidates.
    bool explain = false;
    /// Fill Detection::map.
    bool keep_map = false;
};

/// What became of a candidate contour.
enum class Verdict {
    accepted,
    too_few_points,  ///< the simplified contour has fewer than 4 (native: 3) vertices
    too_small,       ///< shorter side below min_size before unclipping
    low_score,       ///< mean probability below box_threshold
    unclip_failed,   ///< the offset gave no polygon, or more than one where the preset refuses that
    too_small_after,  ///< shorter side too small after unclipping
    over_cap,         ///< more candidates than max_candidates
    outside,          ///< nothing of it is inside the image
};
DBNET_API std::string_view to_string(Verdict verdict) noexcept;

/// One contour of the binarised map and what became of it (DetectOptions::explain).
struct Candidate {
    Verdict verdict = Verdict::accepted;
    std::string reason;     ///< for a person: "score 0.41 is below the box threshold 0.6"
    Polygon contour;        ///< in image coordinates
    float score = 0;        ///< 0 where it was not computed
    double short_side = 0;  ///< map pixels, before unclipping; 0 where it was not computed
};

/// The network's output and how it lies on the image: map column i covers the image columns from i
/// * image_width / valid_width to (i + 1) * image_width / valid_width; columns from valid_width on
/// and rows from valid_height on are padding.
struct ProbabilityMap {
    int width = 0;
    int height = 0;
    int valid_width = 0;
    int valid_height = 0;
    int image_width = 0;
    int image_height = 0;
    std::vector<float> values;  ///< height x width, row by row, [0, 1]
};

/// Milliseconds of each step of one detection.
struct Timing {
    double preprocess = 0;
    double queue = 0;  ///< waiting for a lane
    double forward = 0;
    double postprocess = 0;
};

/// The answer of one call; a range over its regions.
struct Detection {
    std::vector<Region> regions;        ///< native: reading order; presets: their reference's order
    std::vector<Candidate> candidates;  ///< with DetectOptions::explain
    ProbabilityMap map;                 ///< with DetectOptions::keep_map
    /// "scaled down 8.3 times, from 12000x9000 to 1472x1088: ...", "600 candidates more than ..."
    std::vector<std::string> warnings;
    Timing timing;
    int image_width = 0;
    int image_height = 0;
    /// The image as the network saw it: its size in pixels of the network's input (tiles of one
    /// image put together), and of the probability map.
    int input_width = 0;
    int input_height = 0;

    auto begin() const noexcept { return regions.begin(); }
    auto end() const noexcept { return regions.end(); }
};

/// Bytes that a Detector holds now.
struct MemoryUsage {
    std::size_t weights = 0;  ///< parameters in the layouts the kernels want
    std::size_t plans = 0;    ///< compiled plans
    std::size_t arenas = 0;   ///< intermediate memory of all lanes
    std::size_t total() const noexcept { return weights + plans + arenas; }
};

/// Finds text in images with one model. One object serves any number of threads at the same time:
/// calls queue to its lanes. Results do not depend on the number of callers or lanes.
class DBNET_API Detector {
public:
    /// Loads an ONNX model. Throws Error: io, malformed, unsupported (the message names node and
    /// operator), too_large.
    static Detector open(const std::string& model_path, const DetectorOptions& options = {});

    Detector(Detector&&) noexcept;
    Detector& operator=(Detector&&) noexcept;
    ~Detector();

    /// Finds the text of one image. Throws Error{cancelled} when `stop` is triggered before the
    /// end, Error{invalid_argument} for an empty image or an option out of range.
    Detection detect(const ImageView& image, const DetectOptions& options = {},
                     std::stop_token stop = {}) const;

    /// As detect() for each image, in order; lanes work on them at the same time.
    std::vector<Detection> detect(std::span<const ImageView> images,
                                  const DetectOptions& options = {},
                                  std::stop_token stop = {}) const;

    /// Bytes held now; bounded by plan_cache, max_input_pixels and memory_limit. Intermediate memory
    /// shrinks to what the last images of a lane needed, and goes back to the system when a lane has
    /// had nothing to do for ten seconds.
    MemoryUsage memory() const;

    /// Gives back at once what can be rebuilt, plans and arenas, and what the heap has free.
    void trim();

    /// `options` with every setting filled in that a call would take from the model's metadata or
    /// from the preset. Throws Error{invalid_argument} for a value out of range.
    DetectOptions effective(const DetectOptions& options = {}) const;

    /// Preset in use, and warnings about the model ("has no metadata: preset paddle").
    Preset preset() const noexcept;
    const std::vector<std::string>& warnings() const noexcept;

private:
    class Impl;
    explicit Detector(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace dbnet
