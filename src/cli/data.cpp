// dbnet data: what one does with a data set before training.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "app/data_check.hpp"
#include "app/data_view.hpp"
#include "cli/command.hpp"
#include "cli/data_options.hpp"
#include "cli/exit.hpp"
#include "cli/interrupt.hpp"
#include "cli/train_settings.hpp"
#include "core/error.hpp"
#include "core/threads.hpp"

namespace dbnet::cli {
namespace {

struct CheckArguments {
    DataArguments data;
    std::string against;
    std::string json;
    bool notes = false;
    int threads = 0;
};

/// On stdout, below which the progress bar goes on.
void print(const app::Finding& finding, Terminal& terminal) {
    terminal.end_progress();
    std::puts(app::to_text(finding).c_str());
    std::fflush(stdout);
}

void print(const app::DataCheckSummary& summary, bool notes) {
    std::printf("images    %zu", summary.images);
    if (summary.usable < summary.images)
        std::printf(", %zu cannot be used", summary.images - summary.usable);
    std::printf("\ntexts     %zu, %zu ignored\nfindings  %zu errors, %zu warnings, %zu notes%s\n",
                summary.texts, summary.ignored, summary.errors, summary.warnings, summary.notes,
                summary.notes > 0 && !notes ? " (--notes lists them)" : "");
    for (const auto& [what, count] : summary.skipped)
        std::printf("no text   %s, %zu times\n", what.c_str(), count);
}

/// The data sets of --against: a folder of images, whose labels do not matter, or a file.
std::vector<data::DatasetSpec> specs_against(const CheckArguments& arguments) {
    if (arguments.against.empty()) return {};
    DataArguments others;
    others.data = arguments.against;
    std::vector<data::DatasetSpec> specs = specs_of(others);
    if (specs.size() == 1 && specs[0].images == arguments.against) specs[0].format = data::kNoText;
    return specs;
}

int exit_code(const app::DataCheckSummary& summary) {
    if (summary.interrupted) return kInterrupted;
    if (summary.usable == 0) return kUnusable;
    return summary.errors > 0 ? kPartlyFailed : kDone;
}

int check(const CheckArguments& arguments, Terminal& terminal) {
    const std::vector<data::DatasetSpec> specs =
        or_exit(kUnusable, [&] { return specs_of(arguments.data); });
    const std::vector<data::DatasetSpec> against =
        or_exit(kUnusable, [&] { return specs_against(arguments); });
    std::optional<app::FindingsFile> file;
    if (!arguments.json.empty()) file.emplace(arguments.json);
    catch_interrupts();
    app::DataCheckHooks hooks;
    hooks.on_finding = [&](const app::Finding& finding) {
        if (arguments.notes || finding.severity != app::Severity::note) print(finding, terminal);
        if (file) file->add(finding);
    };
    hooks.progress = [&](std::size_t done, std::size_t images) { terminal.progress(done, images); };
    hooks.interrupted = interrupted;
    hooks.on_note = [&](const std::string& what) { terminal.message(LogLevel::info, what); };
    const int threads = arguments.threads == 0 ? core::available_cores() : arguments.threads;
    const app::DataCheckSummary summary =
        or_exit(kUnusable, [&] { return app::check_data(specs, against, threads, hooks); });
    terminal.end_progress();
    if (summary.images == 0)
        terminal.message(LogLevel::error, arguments.data.data + ": no images in this split");
    print(summary, arguments.notes);
    if (file) file->finish(summary);
    return exit_code(summary);
}

Run set_up_check(CLI::App& app) {
    const auto arguments = std::make_shared<CheckArguments>();
    add_data_options(app, arguments->data);
    app.add_option("--against", arguments->against,
                   "no image may show the same as one of this folder or data set in YAML")
        ->type_name("DIR|FILE");
    app.add_flag("--notes", arguments->notes, "list notes, too, not only errors and warnings");
    app.add_option("--json", arguments->json, "write all findings to this file")->type_name("FILE");
    app.add_option("--threads", arguments->threads, "threads that check; 0: all cores")
        ->check(CLI::Range(0, 4096))
        ->type_name("N");
    set_examples(app, "dbnet data synth --out synth --count 12",
                 "dbnet data check --data synth/images --notes",
                 "dbnet data check --data synth/images --json findings.json");
    return [arguments](Terminal& terminal) { return check(*arguments, terminal); };
}

struct ViewArguments {
    std::vector<std::string> settings;  ///< a configuration file, key=value
    DataArguments data;
    std::string seed;
    std::uint64_t epoch = 0;
    int count = 8;
    bool augmented = false;
    std::string out = "view.png";
};

int view(const ViewArguments& arguments, Terminal& terminal) {
    std::vector<std::string> assignments;
    if (!arguments.seed.empty()) assignments.push_back("seed=" + arguments.seed);
    const train::TrainOptions options =
        read_settings(arguments.settings, assignments, arguments.data).options;
    if (options.data.empty())
        throw Exit(kUsage, "no data set: pass --data DIR or a configuration with data.train");
    const std::vector<data::Dataset> datasets = or_exit(kUnusable, [&] {
        return std::vector<data::Dataset>(options.data.begin(), options.data.end());
    });
    const Image picture = or_exit(kUnusable, [&] {
        const app::DataViewOptions what{options.sample, options.seed, arguments.epoch,
                                        arguments.count};
        const Image samples = app::view_samples(datasets, what, [&](const std::string& error) {
            terminal.message(LogLevel::warning, error);
        });
        return arguments.augmented
                   ? app::above(app::view_augmentations(datasets, what, {}), samples)
                   : samples;
    });
    picture.write(arguments.out);
    terminal.message(LogLevel::info, "-> " + arguments.out);
    return kDone;
}

Run set_up_view(CLI::App& app) {
    const auto arguments = std::make_shared<ViewArguments>();
    app.add_option("SETTINGS", arguments->settings,
                   "a configuration of a training run, and key=value over it, as for train")
        ->type_name("");
    add_data_options(app, arguments->data)->required(false);
    app.add_option("--count", arguments->count, "samples to show")
        ->check(CLI::Range(1, 256))
        ->capture_default_str()
        ->type_name("N");
    app.add_flag("--augmented", arguments->augmented,
                 "above them, one picture as each augmentation alone shows it");
    app.add_option("--seed", arguments->seed, "of the run")->type_name("N");
    app.add_option("--epoch", arguments->epoch, "whose first samples are shown, from 0")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str()
        ->type_name("N");
    app.add_option("--out", arguments->out, "a PNG or JPEG file")
        ->capture_default_str()
        ->type_name("FILE");
    set_examples(app, "dbnet data synth --out synth --count 12",
                 "dbnet data view --data synth/images augment.size=320x320 --count 4",
                 "dbnet data view --data synth/images --augmented --out augmented.png");
    return [arguments](Terminal& terminal) { return view(*arguments, terminal); };
}

}  // namespace

Run set_up_data(CLI::App& app) {
    struct Command {
        CLI::App* app;
        Run run;
    };
    std::vector<Command> commands;
    const auto add = [&](const char* name, const char* description, Run (*set_up)(CLI::App&)) {
        CLI::App* const command = app.add_subcommand(name, description);
        command->fallthrough();
        commands.push_back({command, set_up(*command)});
        return command;
    };
    add("check", "list what is wrong with a data set", set_up_check);
    add("view", "draw training samples and their maps", set_up_view)->alias("show");
    add("convert", "read labels of one format and write others", set_up_data_convert);
    add("stats", "count what is in a data set", set_up_data_stats);
    add("split", "divide a data set into parts", set_up_data_split);
    add("synth", "write pictures of synthetic text", set_up_data_synth);
    app.require_subcommand(1);
    set_examples(app, "dbnet data synth --out synth --count 12",
                 "dbnet data check --data synth/images", "dbnet data view --data synth/images");
    return [commands](Terminal& terminal) {
        return std::ranges::find_if(commands, [](const Command& c) { return c.app->parsed(); })
            ->run(terminal);
    };
}

}  // namespace dbnet::cli
