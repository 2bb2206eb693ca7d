#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "data/dataset.hpp"

namespace dbnet::cli {

/// A data set on the command line. What is given beside a file changes what the file says.
struct DataArguments {
    std::string data;  ///< a folder of images, or a file in YAML
    std::optional<std::string> labels;
    std::optional<std::string> format;
    std::optional<std::string> split;
    std::optional<std::string> holdout;
    std::optional<std::string> resize;
    std::optional<std::string> unlabelled;
    bool strict = false;
};

/// Gives the option --data, which is required.
CLI::Option* add_data_options(CLI::App& app, DataArguments& arguments);

/// The data sets; one, unless a file has a list. Throws Error{invalid_argument} for values that are
/// none, and as app::read_datasets().
std::vector<data::DatasetSpec> specs_of(const DataArguments& arguments);

/// As specs_of(), for what works on one data set; more are an error, too.
data::DatasetSpec spec_of(const DataArguments& arguments);

}  // namespace dbnet::cli
