#pragma once

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/data_options.hpp"

namespace dbnet::cli {

/// The command line of dbnet train.
struct TrainArguments {
    std::vector<std::string> settings;  ///< a configuration file, key=value
    DataArguments data;
    std::string init;
    std::string name;
    std::string out;
    std::string device;
    std::string threads;
    std::string workers;
    bool fresh = false;
};

/// Declares options and examples: for the program that trains, and for the help of one that cannot.
std::shared_ptr<TrainArguments> add_train_options(CLI::App& app);

}  // namespace dbnet::cli
