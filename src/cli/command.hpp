#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "cli/terminal.hpp"

namespace dbnet::cli {

/// What a verb does once the command line is parsed; returns the exit code.
using Run = std::function<int(Terminal&)>;

/// A row of the table in main.cpp; each verb is one file.
struct Verb {
    const char* name;
    const char* description;
    Run (*set_up)(CLI::App& app);  ///< declares options and examples
};

Run set_up_predict(CLI::App& app);
Run set_up_train(CLI::App& app);
Run set_up_val(CLI::App& app);
Run set_up_tune(CLI::App& app);
Run set_up_export(CLI::App& app);
Run set_up_benchmark(CLI::App& app);
Run set_up_data(CLI::App& app);
Run set_up_data_convert(CLI::App& app);
Run set_up_data_split(CLI::App& app);
Run set_up_data_stats(CLI::App& app);
Run set_up_data_synth(CLI::App& app);
Run set_up_model(CLI::App& app);
Run set_up_doctor(CLI::App& app);

/// Ends the help of a command; each example is one line. A test runs them one after the other in
/// the folder of the repository, with nothing but what ships.
void set_examples(CLI::App& app, const char* first, const char* second, const char* third);

/// Height and width of "736x1280"; throws Error{invalid_argument}, naming the option.
struct InputSize {
    int height = 0;
    int width = 0;
};
InputSize parse_input_size(const std::string& text);

}  // namespace dbnet::cli
