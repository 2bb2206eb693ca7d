#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace dbnet::cli {

/// What is wrong with the command line that gave the error, and what was meant perhaps.
std::string describe(CLI::App& app, const CLI::ParseError& error);

/// The innermost sub-command that the command line names.
CLI::App& innermost(CLI::App& app);

/// "dbnet data check": the names from the program to the command.
std::string full_name(const CLI::App& command);

}  // namespace dbnet::cli
