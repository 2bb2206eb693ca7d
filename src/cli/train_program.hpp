#pragma once

#include "cli/command.hpp"

namespace dbnet::cli {

/// Becomes the program dbnet-train, which stands beside this one, with the same arguments; returns
/// an exit code, after a message, only when there is none.
int run_train_program(char** argv);

/// Stands for the verb in the list of verbs.
Run set_up_train_program(CLI::App& app);

}  // namespace dbnet::cli
