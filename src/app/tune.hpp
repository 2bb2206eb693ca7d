#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/val.hpp"

// Finds the post-processing settings with the best hmean.
namespace dbnet::app {

struct TuneOptions {
    std::string model;
    std::string folder;  ///< maps are kept in it, results are written to it
    std::optional<Preset> preset = {};
    std::optional<SizeRule> size = {};
    const eval::Protocol* protocol = nullptr;  ///< one without a sweep of its own
    formats::Shape shape = formats::Shape::quad;
    std::vector<float> thresholds{0.2f, 0.25f, 0.3f, 0.35f, 0.4f};
    std::vector<float> box_thresholds{0.4f, 0.45f, 0.5f, 0.55f, 0.6f, 0.65f, 0.7f, 0.75f};
    std::vector<float> unclip_ratios{1.4f, 1.6f, 1.8f, 2.0f, 2.3f};
    int threads = 1;
};

struct Trial {
    float threshold = 0;
    float box_threshold = 0;
    float unclip_ratio = 0;
    eval::Figures figures;
};

/// Computes the probability map of each image, unless an earlier run with the same model and size
/// has left it in the folder (the form of `predict --save-maps`), and scores all combinations of
/// settings with native post-processing. Gives them in order of falling hmean and writes them to
/// sweep.csv, and the model with the best of them in its metadata to model.onnx. Throws Error as
/// Detector::open, validate() and write_onnx do.
std::vector<Trial> tune(const data::Dataset& data, const TuneOptions& options,
                        const Progress& progress);

/// Whether the folder is named like a test set, on which nothing should be tuned.
bool looks_like_test_set(const data::DatasetSpec& spec);

}  // namespace dbnet::app
