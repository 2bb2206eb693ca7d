#pragma once

#include <vector>

#include "app/runners.hpp"
#include "cli/command.hpp"

namespace dbnet::cli {

/// dbnet model parity A B, with those runners to choose from.
Run set_up_parity(CLI::App& app, std::vector<app::Runner> runners);

}  // namespace dbnet::cli
