#include "cli/program.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <new>
#include <vector>

#include <dbnet/error.hpp>
#include <dbnet/version.hpp>

#include "cli/command.hpp"
#include "cli/exit.hpp"
#include "cli/usage_error.hpp"

namespace dbnet::cli {
namespace {

constexpr std::size_t kHelpColumn = 34;

struct Command {
    CLI::App* app;
    Run run;
};

void add_talk_options(CLI::App& app, TerminalSettings& settings) {
    CLI::Option* quiet = app.add_flag("-q,--quiet", settings.quiet, "print errors only");
    app.add_flag("-v,--verbose", settings.verbose, "print a line for each image")->excludes(quiet);
    app.add_flag("--log-json", settings.json, "print messages as JSON, one object per line");
}

std::vector<Command> add_verbs(CLI::App& app, std::span<const Verb> verbs,
                               TerminalSettings& settings) {
    std::vector<Command> commands;
    for (const Verb& verb : verbs) {
        CLI::App& sub = *app.add_subcommand(verb.name, verb.description);
        commands.push_back({&sub, verb.set_up(sub)});
        add_talk_options(sub, settings);
    }
    return commands;
}

int report_usage(CLI::App& app, const CLI::ParseError& error, Terminal& terminal) {
    if (error.get_exit_code() == 0) return app.exit(error, std::cout, std::cerr);  // help, version
    terminal.message(LogLevel::error, describe(app, error));
    terminal.message(LogLevel::error, "see " + full_name(innermost(app)) + " --help");
    return kUsage;
}

int run_reporting_errors(const Run& run, Terminal& terminal) {
    const auto fail = [&](ExitCode code, const char* message) {
        terminal.end_progress();
        terminal.message(LogLevel::error, message);
        return code;
    };
    try {
        return run(terminal);
    } catch (const Exit& exit) {
        return fail(exit.code(), exit.what());
    } catch (const Error& error) {
        return fail(error.code() == ErrorCode::invalid_argument ? kUsage : kFailed, error.what());
    } catch (const std::bad_alloc&) {
        return fail(kFailed, "not enough memory");
    } catch (const std::exception& error) {
        return fail(kFailed, error.what());
    }
}

int run(int argc, char** argv, std::span<const Verb> verbs) {
    CLI::App app{"Scene-text detection with Differentiable Binarization", "dbnet"};
    app.set_version_flag("--version", std::string("dbnet ") + version());
    app.require_subcommand(1);
    app.get_formatter()->column_width(kHelpColumn);
    set_examples(app, "dbnet predict samples/street.jpg", "dbnet model info models/default.onnx",
                 "dbnet doctor");
    TerminalSettings settings;
    const std::vector<Command> commands = add_verbs(app, verbs, settings);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        Terminal terminal(settings);
        return report_usage(app, error, terminal);
    }
    Terminal terminal(settings);
    core::set_log_sink(
        [&](LogLevel level, std::string_view text) { terminal.message(level, text); });
    int code = kDone;
    for (const Command& command : commands)
        if (command.app->parsed()) code = run_reporting_errors(command.run, terminal);
    core::set_log_sink({});
    return code;
}

}  // namespace

int run_program(int argc, char** argv, std::span<const Verb> verbs) {
    // oneDNN keeps up to a thousand primitives beside those that our plans hold, and memory would
    // grow with every new size of image. In this process they are ours alone.
    ::setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64", 0);
    try {
        return run(argc, argv, verbs);
    } catch (...) {  // memory ran out before there was a command to run
        std::fputs("error: dbnet cannot start\n", stderr);
        return kFailed;
    }
}

}  // namespace dbnet::cli
