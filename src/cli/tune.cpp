// dbnet tune: post-processing thresholds for a model.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "app/option_names.hpp"
#include "app/tune.hpp"
#include "cli/command.hpp"
#include "cli/data_options.hpp"
#include "cli/detect_options.hpp"
#include "cli/exit.hpp"
#include "cli/interrupt.hpp"
#include "core/threads.hpp"

namespace dbnet::cli {
namespace {

constexpr std::size_t kShown = 5;

struct Arguments {
    DataArguments data;
    app::TuneOptions options;
    std::string protocol = "icdar";
    std::string shape = "quad";
    std::string size;
    std::string preset;
    std::vector<std::string> unclips;
};

app::TuneOptions tune_options(const Arguments& arguments) {
    app::TuneOptions options = arguments.options;
    options.model = model_or_default(options.model);
    options.protocol = &eval::protocol_named(arguments.protocol);
    options.shape = app::choose("shape", arguments.shape, app::kShapes);
    if (!arguments.size.empty()) options.size = SizeRule::parse(arguments.size);
    if (!arguments.preset.empty())
        options.preset = app::choose("preset", arguments.preset, app::kPresets);
    if (options.threads == 0) options.threads = core::available_cores();
    if (!arguments.unclips.empty()) options.unclips.clear();
    for (const std::string& text : arguments.unclips) {
        DetectOptions detect;
        set_unclip("--unclips", text, detect);
        options.unclips.push_back({*detect.unclip, detect.unclip_ratio.value_or(1)});
    }
    return options;
}

void print(const app::Trial& trial) {
    std::printf(
        "threshold %.2f  unclip %-5s  min size %g  box threshold %.2f  P %.4f  R %.4f  H %.4f "
        "(95 %%: %.4f to %.4f)\n",
        static_cast<double>(trial.threshold), app::to_string(trial.unclip).c_str(),
        static_cast<double>(trial.min_size), static_cast<double>(trial.box_threshold),
        trial.figures.precision, trial.figures.recall, trial.figures.hmean,
        trial.confidence.hmean.low, trial.confidence.hmean.high);
}

void print(const app::Tuning& tuning) {
    std::printf("the best\n");
    for (std::size_t i = 0; i < std::min(kShown, tuning.trials.size()); ++i)
        print(tuning.trials[i]);
    std::printf(
        "taken: the middle of the %zu of %zu settings within one standard error, %.4f, of "
        "the best\n",
        tuning.plateau, tuning.trials.size(), tuning.trials.front().confidence.hmean_error);
    print(tuning.trials[tuning.chosen]);
}

int run(const Arguments& arguments, Terminal& terminal) {
    const app::TuneOptions options = tune_options(arguments);
    const data::Dataset data =
        or_exit(kUnusable, [&] { return data::Dataset(spec_of(arguments.data)); });
    if (app::looks_like_test_set(data))
        terminal.message(LogLevel::warning, data.spec().images +
                                                ": looks like a test set; what is tuned on it says "
                                                "nothing about new images");
    catch_interrupts();
    const app::TuneHooks hooks{hooks_for(terminal), [&](std::size_t done) {
                                   terminal.progress(done, data.images().size());
                               }};
    const app::Tuning tuning = or_exit(kUnusable, [&] { return app::tune(data, options, hooks); });
    terminal.end_progress();
    if (tuning.summary.interrupted)
        throw Exit(kInterrupted,
                   "interrupted: the next run goes on with the maps in " + options.folder);
    if (tuning.trials.empty()) throw Exit(kUnusable, "no image could be used");
    print(tuning);
    terminal.message(LogLevel::info, "-> " + options.folder + "/model.onnx");
    return tuning.summary.failed > 0 ? kPartlyFailed : kDone;
}

}  // namespace

Run set_up_tune(CLI::App& app) {
    const auto arguments = std::make_shared<Arguments>();
    app::TuneOptions& options = arguments->options;
    options.folder = "runs/tune";
    options.threads = 0;
    add_data_options(app, arguments->data);
    add_model_option(app, options.model);
    app.add_option("--out", options.folder, "folder for the maps, sweep.csv and model.onnx")
        ->type_name("DIR")
        ->capture_default_str();
    app.add_option("--protocol", arguments->protocol, "as for val")
        ->type_name("NAME")
        ->capture_default_str();
    app.add_option("--shape", arguments->shape, "quad, polygon or rect: what is scored")
        ->type_name("NAME")
        ->capture_default_str();
    app.add_option("--preset", arguments->preset, "native, mhliao, mmocr or paddle")
        ->type_name("NAME");
    app.add_option("--size", arguments->size, "network input, as for predict")->type_name("RULE");
    app.add_option("--thresholds", options.thresholds, "binarisation thresholds to try: a,b,c")
        ->delimiter(',')
        ->type_name("LIST");
    app.add_option("--box-thresholds", options.box_thresholds, "lowest scores to try")
        ->delimiter(',')
        ->type_name("LIST");
    app.add_option("--unclips", arguments->unclips, "unclip settings to try: ratios, exact")
        ->delimiter(',')
        ->type_name("LIST");
    app.add_option("--min-sizes", options.min_sizes, "shorter sides to try, in map pixels")
        ->delimiter(',')
        ->type_name("LIST");
    app.add_option("--threads", options.threads, "threads that compute; 0: all cores")
        ->check(CLI::Range(0, 4096))
        ->type_name("N");
    set_examples(app, "dbnet data synth --out synth --count 12",
                 "dbnet tune --data synth/images --split holdout",
                 "dbnet predict samples --model runs/tune/model.onnx --out out");
    return [arguments](Terminal& terminal) { return run(*arguments, terminal); };
}

}  // namespace dbnet::cli
