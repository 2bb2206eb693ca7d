#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "data/dataset.hpp"

namespace dbnet::cli {

/// A data set on the command line.
struct DataArguments {
    std::string images;
    std::string labels;
    std::string format = "icdar";
    std::string split = "all";
};

void add_data_options(CLI::App& app, DataArguments& arguments);

/// Throws Error{invalid_argument} for an unknown split.
data::DatasetSpec spec_of(const DataArguments& arguments);

}  // namespace dbnet::cli
