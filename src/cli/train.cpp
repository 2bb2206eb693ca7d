// dbnet train: a network from annotated images.
#include "train/trainer.hpp"

#include <cstdio>
#include <memory>

#include "app/run_claim.hpp"
#include "app/run_folder.hpp"
#include "app/train_config.hpp"
#include "cli/command.hpp"
#include "cli/data_options.hpp"
#include "cli/exit.hpp"
#include "cli/interrupt.hpp"
#include "cli/train_settings.hpp"
#include "train/run_files.hpp"

namespace dbnet::cli {
namespace {

struct Arguments {
    std::vector<std::string> settings;  ///< a configuration file, key=value
    DataArguments data;
    std::string init;
    std::string name;
    std::string out;
    std::string device;
    std::string threads;
    std::string workers;
    bool fresh = false;
};

app::TrainConfig read_config(const Arguments& arguments) {
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

std::string folder_of(const Arguments& arguments, const app::TrainConfig& config) {
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
        case train::RunEnd::diverged: return kFailed;
        case train::RunEnd::finished:
        case train::RunEnd::out_of_patience: break;
    }
    return kDone;
}

int run(const Arguments& arguments, Terminal& terminal) {
    const app::TrainConfig config = read_config(arguments);
    const std::string folder = folder_of(arguments, config);
    const app::RunClaim claim(folder, config.effective, arguments.fresh);
    catch_interrupts();
    app::RunFolder observer(
        folder, resumed_step(folder), config.options.input,
        [&](LogLevel level, const std::string& text) { terminal.message(level, text); },
        [&](const std::string& text) { terminal.status(text); });
    const train::RunEnd end = or_exit(
        kUnusable, [&] { return train::train(config.options, folder, observer, interrupted); });
    terminal.end_progress();
    if (!observer.best().empty()) terminal.message(LogLevel::info, observer.best());
    terminal.message(LogLevel::info, "-> " + folder);
    return exit_code(end);
}

}  // namespace

Run set_up_train(CLI::App& app) {
    const auto arguments = std::make_shared<Arguments>();
    app.add_option("SETTINGS", arguments->settings,
                   "a configuration in YAML, and settings over it: key=value")
        ->type_name("");
    add_data_options(app, arguments->data)->required(false);
    app.add_option("--init", arguments->init,
                   "weights to start from: .pth, .onnx, a run or a checkpoint")
        ->type_name("FILE");
    app.add_option("--name", arguments->name,
                   "of the run's folder in runs/train; default: the configuration's")
        ->type_name("NAME");
    app.add_option("--out", arguments->out, "the run's folder itself")->type_name("DIR");
    app.add_flag("--fresh", arguments->fresh, "move an older run in that folder aside");
    app.add_option("--device", arguments->device, "auto, cpu or cuda")->type_name("NAME");
    app.add_option("--threads", arguments->threads, "threads that compute; 0: all cores")
        ->type_name("N");
    app.add_option("--workers", arguments->workers,
                   "threads that make samples; 0: chosen from the machine")
        ->type_name("N");
    set_examples(app, "dbnet train my.yaml",
                 "dbnet train my.yaml epochs=3 optimizer.rate=5e-4 --name trial",
                 "dbnet train --data photos --labels gts --init det.onnx epochs=2");
    return [arguments](Terminal& terminal) { return run(*arguments, terminal); };
}

}  // namespace dbnet::cli
