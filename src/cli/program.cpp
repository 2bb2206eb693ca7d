#include "cli/program.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <new>
#include <vector>

#include <dbnet/error.hpp>
#include <dbnet/version.hpp>

#include "app/names.hpp"
#include "cli/command.hpp"
#include "cli/exit.hpp"

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

/// The innermost sub-command that the command line names.
CLI::App& innermost(CLI::App& app) {
    const std::vector<CLI::App*> parsed = app.get_subcommands();
    return parsed.empty() ? app : innermost(*parsed.front());
}

std::vector<std::string_view> long_options(const CLI::App& app) {
    std::vector<std::string_view> names;
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames()) names.push_back(name);
    return names;
}

std::vector<std::string_view> verbs_of(CLI::App& app) {
    std::vector<std::string_view> names;
    for (const CLI::App* sub : app.get_subcommands({})) names.push_back(sub->get_name());
    return names;
}

/// What is wrong with the command line, and what was meant perhaps.
std::string describe(CLI::App& app, const CLI::ParseError& error) {
    CLI::App& command = innermost(app);
    std::vector<std::string_view> verbs = verbs_of(command);
    for (const std::string& extra : app.remaining(true)) {
        const bool is_option = extra.starts_with("-");
        if (is_option) {
            const std::string name = extra.substr(0, extra.find('='));
            std::string guess(
                app::nearest(name.substr(name.find_first_not_of('-')), long_options(command)));
            return "unknown option " + name +
                   (guess.empty() ? "" : ": did you mean --" + guess + "?");
        }
        if (!verbs.empty()) return app::unknown_name("verb", extra, verbs);
        return "unexpected argument '" + extra + "'";
    }
    if (!verbs.empty() && error.get_name() == "RequiredError") {
        std::string message = "expected a verb:";
        for (const std::string_view verb : verbs) message.append(" ").append(verb);
        return message;
    }
    return error.what();
}

int report_usage(CLI::App& app, const CLI::ParseError& error, Terminal& terminal) {
    if (error.get_exit_code() == 0) return app.exit(error, std::cout, std::cerr);  // help, version
    const CLI::App& command = innermost(app);
    std::string name = command.get_name();
    for (const CLI::App* parent = command.get_parent(); parent; parent = parent->get_parent())
        name.insert(0, parent->get_name() + " ");
    terminal.message(LogLevel::error, describe(app, error));
    terminal.message(LogLevel::error, "see " + name + " --help");
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
    set_examples(app, "dbnet predict --model det.onnx photo.jpg", "dbnet model info det.onnx",
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
