// dbnet tune: post-processing thresholds for a model.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "app/option_names.hpp"
#include "app/tune.hpp"
#include "cli/command.hpp"
#include "cli/data_options.hpp"
#include "cli/exit.hpp"
#include "core/threads.hpp"

namespace dbnet::cli {
namespace {

struct Arguments {
    DataArguments data;
    app::TuneOptions options;
    std::string protocol = "icdar";
    std::string shape = "quad";
    std::string size;
    std::string preset;
};

void print(const app::Trial& trial) {
    std::printf("threshold %.2f  box threshold %.2f  unclip %.2f  P %.4f  R %.4f  H %.4f\n",
                static_cast<double>(trial.threshold), static_cast<double>(trial.box_threshold),
                static_cast<double>(trial.unclip_ratio), trial.figures.precision,
                trial.figures.recall, trial.figures.hmean);
}

int run(Arguments& arguments, Terminal& terminal) {
    app::TuneOptions& options = arguments.options;
    options.protocol = &eval::protocol_named(arguments.protocol);
    options.shape = app::choose("shape", arguments.shape, app::kShapes);
    if (!arguments.size.empty()) options.size = SizeRule::parse(arguments.size);
    if (!arguments.preset.empty())
        options.preset = app::choose("preset", arguments.preset, app::kPresets);
    if (options.threads == 0) options.threads = core::available_cores();
    const data::Dataset data =
        or_exit(kUnusable, [&] { return data::Dataset(spec_of(arguments.data)); });
    if (app::looks_like_test_set(data.spec()))
        terminal.message(LogLevel::warning, data.spec().images +
                                                ": looks like a test set; what is tuned on it says "
                                                "nothing about new images");
    const std::size_t images = data.images().size();
    const std::vector<app::Trial> trials = or_exit(kUnusable, [&] {
        return app::tune(data, options, [&](std::size_t done) { terminal.progress(done, images); });
    });
    terminal.end_progress();
    constexpr std::size_t kShown = 5;
    for (std::size_t i = 0; i < std::min(kShown, trials.size()); ++i) print(trials[i]);
    terminal.message(LogLevel::info, "-> " + options.folder + "/model.onnx");
    return kDone;
}

}  // namespace

Run set_up_tune(CLI::App& app) {
    const auto arguments = std::make_shared<Arguments>();
    app::TuneOptions& options = arguments->options;
    options.folder = "runs/tune";
    options.threads = 0;
    add_data_options(app, arguments->data);
    app.add_option("--model", options.model, "a DB text detector in ONNX")
        ->required()
        ->type_name("FILE");
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
    app.add_option("--unclip-ratios", options.unclip_ratios, "unclip ratios to try")
        ->delimiter(',')
        ->type_name("LIST");
    app.add_option("--threads", options.threads, "threads that compute; 0: all cores")
        ->check(CLI::Range(0, 4096))
        ->type_name("N");
    set_examples(app, "dbnet tune --data photos --labels gts --model det.onnx",
                 "dbnet tune --data photos --labels gts --model det.onnx --split holdout",
                 "dbnet tune --data photos --labels gts --model det.onnx --out tuned");
    return [arguments](Terminal& terminal) { return run(*arguments, terminal); };
}

}  // namespace dbnet::cli
