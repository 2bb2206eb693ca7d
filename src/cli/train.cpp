// dbnet train: a network from annotated images.
#include "train/trainer.hpp"

#include <cstdio>

#include "app/run_claim.hpp"
#include "app/run_folder.hpp"
#include "app/train_config.hpp"
#include "cli/command.hpp"
#include "cli/exit.hpp"
#include "cli/interrupt.hpp"
#include "cli/train_options.hpp"
#include "cli/train_settings.hpp"
#include "train/run_files.hpp"

namespace dbnet::cli {
namespace {

app::TrainConfig read_config(const TrainArguments& arguments) {
    std::vector<std::string> assignments;
    const auto assign = [&](const char* key, const std::string& value) {
        if (!value.empty()) assignments.push_back(std::string(key) + '=' + value);
    };
    assign("init", arguments.init);
    assign("device", arguments.device);
    assign("threads", arguments.threads);
    assign("workers", arguments.workers);
    return read_settings(arguments.settings, assignments, arguments.data);
}

std::string folder_of(const TrainArguments& arguments, const app::TrainConfig& config) {
    if (!arguments.out.empty()) return arguments.out;
    return "runs/train/" + (arguments.name.empty() ? config.name : arguments.name);
}

std::uint64_t resumed_step(const std::string& folder) {
    const std::vector<train::CheckpointFolder> folders = train::checkpoints(folder);
    return folders.empty() ? 0 : folders.front().step;
}

int exit_code(train::RunEnd end) {
    switch (end) {
        case train::RunEnd::interrupted: return kInterrupted;
        case train::RunEnd::unsaved:
        case train::RunEnd::diverged: return kFailed;
        case train::RunEnd::finished:
        case train::RunEnd::out_of_patience: break;
    }
    return kDone;
}

/// Memory that ran out is no fault of model or data.
train::RunEnd train_or_exit(const train::TrainOptions& options, const std::string& folder,
                            train::Observer& observer) {
    try {
        return train::train(options, folder, observer, interrupted);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::internal) throw Exit(kFailed, error.what());
        throw Exit(error.code() == ErrorCode::invalid_argument ? kUsage : kUnusable, error.what());
    }
}

int run(const TrainArguments& arguments, Terminal& terminal) {
    app::TrainConfig config = read_config(arguments);
    const std::string folder = folder_of(arguments, config);
    const app::RunClaim claim(folder, config, arguments.fresh);
    for (const std::string& line : claim.changes())
        terminal.message(LogLevel::info, "the run goes on with " + line);
    catch_interrupts();
    app::RunFolder observer(
        folder, resumed_step(folder), config.options.input,
        [&](LogLevel level, const std::string& text) { terminal.message(level, text); },
        [&](const std::string& text) { terminal.status(text); });
    const train::RunEnd end = train_or_exit(config.options, folder, observer);
    terminal.end_progress();
    if (!observer.best().empty()) terminal.message(LogLevel::info, observer.best());
    terminal.message(LogLevel::info, "-> " + folder);
    return exit_code(end);
}

}  // namespace

Run set_up_train(CLI::App& app) {
    const auto arguments = add_train_options(app);
    return [arguments](Terminal& terminal) { return run(*arguments, terminal); };
}

}  // namespace dbnet::cli
