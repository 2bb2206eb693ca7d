#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/val.hpp"

// Finds the post-processing settings that suit a model.
namespace dbnet::app {

/// How outlines are grown back.
struct UnclipSetting {
    Unclip unclip = Unclip::ratio;
    float ratio = 1.5f;  ///< of Unclip::ratio
};

std::string to_string(const UnclipSetting& unclip);  ///< "1.5" or "exact"

struct TuneOptions {
    std::string model;
    std::string folder;  ///< maps are kept in it, results are written to it
    std::optional<Preset> preset = {};
    std::optional<SizeRule> size = {};
    const eval::Protocol* protocol = nullptr;  ///< one without a sweep of its own
    formats::Shape shape = formats::Shape::quad;
    std::vector<float> thresholds{0.2f, 0.25f, 0.3f, 0.35f, 0.4f};
    std::vector<float> box_thresholds{0.4f, 0.45f, 0.5f, 0.55f, 0.6f, 0.65f, 0.7f, 0.75f};
    std::vector<UnclipSetting> unclips{{Unclip::ratio, 1.4f}, {Unclip::ratio, 1.6f},
                                       {Unclip::ratio, 1.8f}, {Unclip::ratio, 2.0f},
                                       {Unclip::ratio, 2.3f}, {Unclip::exact}};
    std::vector<float> min_sizes{3};  ///< map pixels
    int threads = 1;
};

struct Trial {
    float threshold = 0;
    UnclipSetting unclip;
    float min_size = 0;
    float box_threshold = 0;
    eval::Figures figures = {};
    eval::Confidence confidence = {};
};

struct Tuning {
    std::vector<Trial> trials;  ///< by falling hmean; empty when interrupted or without any image
    std::size_t chosen = 0;     ///< index of the trial that is written into the model
    std::size_t plateau = 0;    ///< trials within one standard error of the best
    PredictSummary summary;     ///< skipped: had a map already; failed: count as empty
};

struct TuneHooks {
    PredictHooks predict;                            ///< while maps are computed
    std::function<void(std::size_t done)> on_swept;  ///< images, one call at a time
};

/// Computes the probability map of each image, unless an earlier run with the same model, preset
/// and size has left it in the folder (the form of `predict --save-maps`), and scores all
/// combinations of settings with native post-processing. Writes all of them to sweep.csv, and the
/// model with the middle of the plateau (plateau.hpp) in its metadata to model.onnx. An interrupted
/// run leaves the maps that are done, and nothing else. Throws Error as Detector::open, predict(),
/// validate() and write_onnx do; Error{invalid_argument} for a setting out of range or none at all,
/// before anything is done.
Tuning tune(const data::Dataset& data, const TuneOptions& options, const TuneHooks& hooks);

/// Whether the images look like a test set, on which nothing should be tuned: by a word in
/// the name of their folder or the one above it, or because they are the 500 of ICDAR2015.
bool looks_like_test_set(const data::Dataset& data);

}  // namespace dbnet::app
