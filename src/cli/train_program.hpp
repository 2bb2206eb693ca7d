#pragma once

#include <string>

#include "cli/command.hpp"

namespace dbnet::cli {

/// Becomes the program dbnet-train, which stands beside this one, with the same arguments; returns
/// when there is none.
void become_train_program(char** argv);

/// Throws Exit that says so.
[[noreturn]] void fail_without_train_program(const std::string& what);

/// Stands for the verb where there is no such program: its help, and what to do about it.
Run set_up_train_program(CLI::App& app);

}  // namespace dbnet::cli
