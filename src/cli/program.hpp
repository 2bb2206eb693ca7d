#pragma once

#include <span>

#include "cli/command.hpp"

namespace dbnet::cli {

/// Finds the verb, parses its options, turns what happens into messages and an exit code.
int run_program(int argc, char** argv, std::span<const Verb> verbs);

}  // namespace dbnet::cli
