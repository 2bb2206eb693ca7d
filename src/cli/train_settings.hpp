#pragma once

#include <string>
#include <vector>

#include "app/train_config.hpp"
#include "cli/data_options.hpp"

namespace dbnet::cli {

/// What a command line says of a training run: at most one configuration file among assignments
/// such as "optimizer.rate=5e-4", `assignments` over them, and data sets, if --data was given,
/// instead of the configuration's. Throws Exit.
app::TrainConfig read_settings(const std::vector<std::string>& settings,
                               const std::vector<std::string>& assignments,
                               const DataArguments& data);

}  // namespace dbnet::cli
