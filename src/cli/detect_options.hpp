#pragma once

#include <string>

#include <CLI/CLI.hpp>
#include <dbnet/detector.hpp>

#include "app/predict.hpp"
#include "cli/terminal.hpp"
#include "formats/record.hpp"

namespace dbnet::cli {

/// A model on the command line and how it detects, for the verbs that run one on images.
struct DetectArguments {
    std::string model;
    std::string preset;
    std::string size;
    std::string output;
    std::string unclip;
    std::string score_mode;
    bool dilate = false;
    int threads = 0;
    DetectOptions detect;
    DecodeOptions decode;
};

CLI::Option* add_model_option(CLI::App& app, std::string& model);

/// What was given, or the model that ships. Throws Exit if there is neither.
std::string model_or_default(const std::string& model);

/// The groups Detection and Limits.
void add_detect_options(CLI::App& app, DetectArguments& arguments);

/// Reads "exact" or a ratio. Throws Error{invalid_argument} naming the option.
void set_unclip(const char* option, const std::string& text, DetectOptions& detect);

/// Throws Error{invalid_argument} for what cannot be understood. `shape` is the outline wanted.
DetectOptions detect_options(const DetectArguments& arguments, formats::Shape shape);

/// --threads, or all cores.
int threads_of(const DetectArguments& arguments);

/// Opens the model, or the one that ships, and passes its warnings on. Throws Exit.
Detector open_detector(const DetectArguments& arguments, int lanes, Terminal& terminal);

/// Shows progress, warnings and what fails, and stops the run after SIGINT.
app::PredictHooks hooks_for(Terminal& terminal);

}  // namespace dbnet::cli
