#pragma once

#include <map>
#include <string>
#include <vector>

#include <dbnet/detector.hpp>

#include "app/predict.hpp"
#include "data/dataset.hpp"
#include "eval/confidence.hpp"
#include "eval/evaluation.hpp"
#include "formats/record.hpp"

// Scores a model or result files against annotations.
namespace dbnet::app {

/// What was found, by the image's name without folder and extension.
using Predictions = std::map<std::string, formats::Record>;

/// Reads results: a folder or a zip archive with res_*.txt (ICDAR) or *.json (ours), or one .jsonl.
/// Throws Error: io, malformed (with the place), too_large, unsupported (nothing of that kind).
Predictions read_predictions(const std::string& path);
/// Of several; Error{invalid_argument} for an image with two results.
Predictions read_predictions(const std::vector<std::string>& paths);

/// A model's run over a data set.
struct Run {
    Predictions predictions;  ///< empty ones for images that cannot be used
    PredictSummary summary;
    double images_per_second() const;
};

/// Detects the text of all images, as predict() does. `options`: inputs and output are not looked
/// at. Hooks: on_record is not called.
Run predict_all(const Detector& detector, PredictOptions options, const data::Dataset& data,
                PredictHooks hooks);

/// The image with its annotations and nothing found. Throws as data::read_labels does.
eval::Sample annotated(const data::Dataset& data, const data::LabelledImage& image);

struct ValOptions {
    const eval::Protocol* protocol = nullptr;
    formats::Shape shape = formats::Shape::quad;  ///< which outline of a result is scored
    double ignore_below = 0;                      ///< MhLiao's quirk has 8
};

struct Validation {
    eval::Evaluation evaluation;
    float min_score = 0;  ///< that the protocol reports
    std::vector<eval::ImageResult> results;
    eval::Totals totals;
    eval::Confidence confidence;
    std::vector<std::string> warnings;
};

/// Images without a result count as empty, with one warning about all of them. Throws
/// Error{invalid_argument} for a result of an image that is not in the data set.
Validation validate(const data::Dataset& data, const Predictions& predictions,
                    const ValOptions& options);

/// Writes to `folder`: summary.json, images.csv, curves (precision_recall, score_threshold; SVG and
/// PNG) and submission.zip. `run`: timing, null for result files.
void write_validation(const std::string& folder, const Validation& validation,
                      const Predictions& predictions, const ValOptions& options, const Run* run);

/// Writes `folder`/`name`, making the folder. Throws Error{io}.
void write_result(const std::string& folder, const std::string& name, const std::string& content);

/// Mean milliseconds of each step over the images that have it.
std::map<std::string, double> mean_timing(const Predictions& predictions);

}  // namespace dbnet::app
