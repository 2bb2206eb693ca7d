#pragma once

#include <string>
#include <vector>

#include "train/options.hpp"

// Configurations of training runs in YAML (docs/training.md).
namespace dbnet::app {

struct TrainConfig {
    train::TrainOptions options;
    std::string name;       ///< the file's name without folder and extension; "train" without file
    std::string effective;  ///< write_train_options(options)
    /// `init` cannot be read, and would have said what network or what input is meant.
    bool misses_init = false;
};

/// The defaults, over them the file (empty: none) over its bases, over it assignments such as
/// "optimizer.rate=5e-4", the last one on top. The options have passed train::check(). Throws
/// Error: io, malformed, too_large for files, with file and line; invalid_argument for assignments.
TrainConfig read_train_config(const std::string& file, const std::vector<std::string>& assignments);

/// YAML with every key; read_train_config() reads it as the same options.
std::string write_train_options(const train::TrainOptions& options);

/// Takes what a missing `init` would have said from the effective configuration of the run that is
/// continued. Throws Error{malformed} for a text that is none.
void fill_in_from_run(TrainConfig& config, const std::string& effective_before);

/// Lines such as "optimizer.rate: 0.001 -> 0.002".
struct Differences {
    std::vector<std::string> refused;   ///< another run
    std::vector<std::string> accepted;  ///< a run may go on so
};

/// What a continued run would change. Accepted are its length (epochs), validation and its data,
/// paths to what is no longer where it was, and options that the run did not have yet. Keys that
/// say how it is done rather than what (device, precision, threads, workers, cache_mb, ...) do not
/// count. Throws Error{malformed} for a text that is not YAML.
Differences differences(const std::string& effective_before, const std::string& effective_now);

}  // namespace dbnet::app
