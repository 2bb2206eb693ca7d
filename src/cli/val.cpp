// dbnet val: precision, recall and hmean of a model or of result files.
#include <cstdio>
#include <memory>
#include <optional>

#include "app/default_model.hpp"
#include "app/option_names.hpp"
#include "app/report.hpp"
#include "app/val.hpp"
#include "cli/command.hpp"
#include "cli/data_options.hpp"
#include "cli/exit.hpp"
#include "core/threads.hpp"

namespace dbnet::cli {
namespace {

struct Arguments {
    DataArguments data;
    std::string model;
    std::string pred;
    std::string protocol = "icdar";
    std::string shape = "quad";
    std::string size;
    std::string preset;
    std::string out = "runs/val";
    std::string report;
    double ignore_below = 0;
    int threads = 0;
    DetectOptions detect;
};

app::Run run_model(const Arguments& arguments, const app::ValOptions& options,
                   const data::Dataset& data, Terminal& terminal) {
    const std::optional<std::string> model =
        arguments.model.empty() ? app::default_model() : arguments.model;
    if (!model) throw Exit(kUsage, "neither --model FILE nor --pred RESULTS is given");
    DetectorOptions settings;
    settings.threads = arguments.threads == 0 ? core::available_cores() : arguments.threads;
    settings.lanes = settings.threads;
    if (!arguments.preset.empty())
        settings.preset = app::choose("preset", arguments.preset, app::kPresets);
    const Detector detector = or_exit(kUnusable, [&] { return Detector::open(*model, settings); });
    for (const std::string& text : detector.warnings()) terminal.message(LogLevel::warning, text);
    DetectOptions detect = arguments.detect;
    if (!arguments.size.empty()) detect.size = SizeRule::parse(arguments.size);
    detect.outline = options.shape == formats::Shape::polygon ? Outline::polygon : Outline::quad;
    app::Run run = app::predict_all(detector, detect, data, settings.lanes, [&](std::size_t done) {
        terminal.progress(done, data.images().size());
    });
    terminal.end_progress();
    return run;
}

void print_figure(const char* name, double value, const eval::Interval& interval) {
    std::printf("%-9s  %.4f  (95 %%: %.4f to %.4f)\n", name, value, interval.low, interval.high);
}

void print(const app::Validation& validation, const app::ValOptions& options, const app::Run* run) {
    const eval::Figures figures = validation.totals.figures();
    std::printf("protocol   %s\nimages     %zu, %lld texts, %lld found\n",
                std::string(options.protocol->name).c_str(), validation.results.size(),
                static_cast<long long>(validation.totals.truths),
                static_cast<long long>(validation.totals.findings));
    if (validation.min_score > 0)
        std::printf("threshold  %.2f (best of the protocol's)\n",
                    static_cast<double>(validation.min_score));
    print_figure("precision", figures.precision, validation.confidence.precision);
    print_figure("recall", figures.recall, validation.confidence.recall);
    print_figure("hmean", figures.hmean, validation.confidence.hmean);
    if (run == nullptr) return;
    std::printf("speed      %.2f images/s;",
                static_cast<double>(run->predictions.size()) / run->seconds);
    for (const auto& [step, milliseconds] : app::mean_timing(run->predictions))
        std::printf(" %s %.1f ms", step.c_str(), milliseconds);
    std::printf("\n");
}

int run(const Arguments& arguments, Terminal& terminal) {
    app::ValOptions options;
    options.protocol = &eval::protocol_named(arguments.protocol);
    options.shape = app::choose("shape", arguments.shape, app::kShapes);
    options.ignore_below = arguments.ignore_below;
    const data::Dataset data =
        or_exit(kUnusable, [&] { return data::Dataset(spec_of(arguments.data)); });
    app::Run done;
    if (arguments.pred.empty())
        done = run_model(arguments, options, data, terminal);
    else
        done.predictions =
            or_exit(kUnusable, [&] { return app::read_predictions(arguments.pred); });
    const app::Run* const timed = arguments.pred.empty() ? &done : nullptr;
    const app::Validation validation =
        or_exit(kUnusable, [&] { return app::validate(data, done.predictions, options); });
    for (const std::string& text : validation.warnings) terminal.message(LogLevel::warning, text);
    print(validation, options, timed);
    app::write_validation(arguments.out, validation, done.predictions, options, timed);
    if (!arguments.report.empty()) app::write_report(arguments.report, data, validation);
    terminal.message(LogLevel::info, "-> " + arguments.out);
    return kDone;
}

}  // namespace

Run set_up_val(CLI::App& app) {
    const auto arguments = std::make_shared<Arguments>();
    add_data_options(app, arguments->data);
    CLI::Option* model = app.add_option("--model", arguments->model, "a DB text detector in ONNX")
                             ->type_name("FILE");
    app.add_option("--pred", arguments->pred,
                   "score these results instead: a folder or zip of res_*.txt or *.json")
        ->type_name("RESULTS")
        ->excludes(model);
    app.add_option("--protocol", arguments->protocol,
                   "icdar, icdar-by-score, icdar2013, mhliao-deteval, totaltext, td500, mmocr or "
                   "mmocr-maximum")
        ->type_name("NAME")
        ->capture_default_str();
    app.add_option("--shape", arguments->shape, "quad, polygon or rect: what is scored")
        ->type_name("NAME")
        ->capture_default_str();
    app.add_option("--ignore-below", arguments->ignore_below,
                   "ignore annotated text with a side shorter than this (MhLiao's evaluator: 8)")
        ->check(CLI::NonNegativeNumber)
        ->type_name("PIXELS");
    app.add_option("--out", arguments->out, "folder for the figures and curves")
        ->type_name("DIR")
        ->capture_default_str();
    app.add_option("--report", arguments->report, "folder for a page that shows every error")
        ->type_name("DIR");
    app.add_option("--preset", arguments->preset, "native, mhliao, mmocr or paddle")
        ->type_name("NAME");
    app.add_option("--size", arguments->size, "network input, as for predict")->type_name("RULE");
    app.add_option("--threshold", arguments->detect.threshold, "binarisation threshold")
        ->type_name("T");
    app.add_option("--box-threshold", arguments->detect.box_threshold, "lowest score of a region")
        ->type_name("T");
    app.add_option("--threads", arguments->threads, "threads that compute; 0: all cores")
        ->check(CLI::Range(0, 4096))
        ->type_name("N");
    set_examples(app, "dbnet val --data photos --labels gts --model det.onnx",
                 "dbnet val --data photos --labels gts --pred results.zip",
                 "dbnet val --data photos --labels gts --model det.onnx --protocol mmocr");
    return [arguments](Terminal& terminal) { return run(*arguments, terminal); };
}

}  // namespace dbnet::cli
