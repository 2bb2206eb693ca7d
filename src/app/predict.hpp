#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <dbnet/detector.hpp>

#include "app/output_folder.hpp"
#include "app/sources.hpp"

namespace dbnet::app {

struct PredictOptions {
    std::vector<Input> inputs;
    DecodeOptions decode;
    int dpi = 200;  ///< of pages of PDF files
    DetectOptions detect;
    /// Images in work at the same time are few more than this; the Detector's lanes.
    int lanes = 1;
    int threads = 1;  ///< the Detector's
    /// Where the results go; empty: to PredictHooks::on_record.
    std::optional<OutputOptions> output;
    bool skip_existing = false;  ///< leave out what an earlier run has written to `output`
};

/// What became of one image.
struct ImageReport {
    std::string path;
    std::string error;  ///< empty: done
    std::vector<std::string> warnings = {};
    std::size_t regions = 0;
    int input_width = 0;  ///< the image as the network saw it
    int input_height = 0;
    double milliseconds = 0;  ///< spent on it, waiting included
};

/// How a run talks to its caller. Called in input order, one call at a time.
struct PredictHooks {
    std::function<void(std::size_t images)> on_start;  ///< how many there are to do
    std::function<void(const ImageReport&)> on_image;
    std::function<bool()> interrupted;  ///< true: finish what is in work, then stop
    std::function<void(const formats::Record&)> on_record;  ///< without PredictOptions::output
};

struct PredictSummary {
    std::size_t done = 0;
    std::size_t failed = 0;
    std::size_t unwritten = 0;  ///< of those that failed: for want of a place for their results
    std::size_t skipped = 0;
    std::size_t regions = 0;
    double seconds = 0;
    bool interrupted = false;
};

/// Detects the text of all inputs: a pipeline of decoding, detecting and writing files, each of
/// which works on several images at a time, and reporting, in input order. Memory is bounded by 2
/// lanes + 4 images in work. An image that cannot be used, or whose results cannot be written, is
/// reported and the others are done. Throws Error: io when the output folder cannot be made, a file
/// for all images cannot be completed, or what PredictHooks::on_record throws; invalid_argument
/// for options that do not suit the model; internal when there are no threads to be had.
PredictSummary predict(const Detector& detector, const PredictOptions& options,
                       const PredictHooks& hooks);

}  // namespace dbnet::app
