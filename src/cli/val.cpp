// dbnet val: precision, recall and hmean of a model or of result files.
#include <cstdio>
#include <memory>

#include "app/option_names.hpp"
#include "app/report.hpp"
#include "app/speed.hpp"
#include "app/val.hpp"
#include "cli/command.hpp"
#include "cli/data_options.hpp"
#include "cli/detect_options.hpp"
#include "cli/exit.hpp"
#include "cli/interrupt.hpp"

namespace dbnet::cli {
namespace {

constexpr std::size_t kSpeedImages = 20;
constexpr int kSpeedRepeats = 50;

struct Arguments {
    DataArguments data;
    DetectArguments detect;
    std::vector<std::string> pred;
    std::string protocol = "icdar";
    std::string shape = "quad";
    std::string out = "runs/val";
    std::string report;
    double ignore_below = 0;
    std::size_t limit = 0;
    bool speed = false;
};

data::Dataset open_data(const Arguments& arguments) {
    data::Dataset data = or_exit(kUnusable, [&] { return data::Dataset(spec_of(arguments.data)); });
    if (arguments.limit > 0) data.keep_first(arguments.limit);
    return data;
}

/// Ends the command when there is nothing to go on with.
void check(const app::PredictSummary& summary) {
    if (summary.interrupted) throw Exit(kInterrupted, "interrupted: nothing is written");
    if (summary.done == 0) throw Exit(kUnusable, "no image could be used");
}

int exit_code(const app::PredictSummary& summary) {
    return summary.failed > 0 ? kPartlyFailed : kDone;
}

/// The speed figure of the reference implementation.
int run_speed(const Arguments& arguments, Terminal& terminal) {
    const DetectOptions options = detect_options(arguments.detect, formats::Shape::quad);
    data::Dataset data = open_data(arguments);
    if (arguments.limit == 0) data.keep_first(kSpeedImages);
    const Detector detector = open_detector(arguments.detect, 1, terminal);
    catch_interrupts();
    const app::Speed speed =
        app::measure_speed(detector, options, data, kSpeedRepeats, hooks_for(terminal));
    terminal.end_progress();
    check(speed.summary);
    std::printf("%zu images, %d times each, %d thread%s\n%-12s %9s %9s %9s %9s\n",
                speed.summary.done, speed.repeats, threads_of(arguments.detect),
                threads_of(arguments.detect) == 1 ? "" : "s", "ms", "p50", "p90", "p99", "mean");
    for (const app::StepTimes& times : speed.steps)
        std::printf("%-12s %9.2f %9.2f %9.2f %9.2f\n", times.step.c_str(), times.p50, times.p90,
                    times.p99, times.mean);
    std::printf("%.2f images/s\n", app::images_per_second(speed));
    app::write_result(arguments.out, "speed.json", app::to_json(speed));
    terminal.message(LogLevel::info, "-> " + arguments.out);
    return exit_code(speed.summary);
}

app::Run run_model(const Arguments& arguments, const app::ValOptions& options,
                   const data::Dataset& data, Terminal& terminal) {
    app::PredictOptions predict;
    predict.decode = arguments.detect.decode;
    predict.detect = detect_options(arguments.detect, options.shape);
    predict.detect.explain = !arguments.report.empty();
    predict.lanes = threads_of(arguments.detect);
    const Detector detector = open_detector(arguments.detect, predict.lanes, terminal);
    catch_interrupts();
    app::Run run = app::predict_all(detector, predict, data, hooks_for(terminal));
    terminal.end_progress();
    check(run.summary);
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
    std::printf("speed      %.2f images/s;", run->images_per_second());
    for (const auto& [step, milliseconds] : app::mean_timing(run->predictions))
        std::printf(" %s %.1f ms", step.c_str(), milliseconds);
    std::printf("\n");
}

void write_report(const Arguments& arguments, const data::Dataset& data, const app::Run& run,
                  const app::Validation& validation, Terminal& terminal) {
    catch_interrupts();
    const std::size_t images = data.images().size();
    terminal.progress(0, images);
    const app::ReportHooks hooks{[&](std::size_t done) { terminal.progress(done, images); },
                                 interrupted};
    const bool complete = app::write_report(
        data, run.predictions, validation,
        {arguments.report, threads_of(arguments.detect), arguments.pred.empty()}, hooks);
    terminal.end_progress();
    if (!complete) throw Exit(kInterrupted, "interrupted: the page is not complete");
    terminal.message(LogLevel::info, "-> " + arguments.report + "/index.html");
}

int run_validation(const Arguments& arguments, Terminal& terminal) {
    app::ValOptions options;
    options.protocol = &eval::protocol_named(arguments.protocol);
    options.shape = app::choose("shape", arguments.shape, app::kShapes);
    options.ignore_below = arguments.ignore_below;
    const data::Dataset data = open_data(arguments);
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
    terminal.message(LogLevel::info, "-> " + arguments.out);
    if (!arguments.report.empty()) write_report(arguments, data, done, validation, terminal);
    return exit_code(done.summary);
}

int run(const Arguments& arguments, Terminal& terminal) {
    return arguments.speed ? run_speed(arguments, terminal) : run_validation(arguments, terminal);
}

}  // namespace

Run set_up_val(CLI::App& app) {
    const auto arguments = std::make_shared<Arguments>();
    add_data_options(app, arguments->data);
    CLI::Option* model = add_model_option(app, arguments->detect.model);
    CLI::Option* pred =
        app.add_option("--pred", arguments->pred,
                       "score these results instead: folders or zips of res_*.txt or *.json")
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
        ->check(CLI::Range(0.0, 1e6))
        ->type_name("PIXELS");
    app.add_option("--out", arguments->out, "folder for the figures and curves")
        ->type_name("DIR")
        ->capture_default_str();
    CLI::Option* report =
        app.add_option("--report", arguments->report, "folder for a page that shows every error")
            ->type_name("DIR");
    app.add_option("--limit", arguments->limit, "only the first N images")
        ->check(CLI::Range(1, 1'000'000'000))
        ->type_name("N")
        ->excludes(pred);
    app.add_flag("--speed", arguments->speed,
                 "only time the model: 20 images, or --limit, 50 times each")
        ->excludes(pred)
        ->excludes(report);
    add_detect_options(app, arguments->detect);
    set_examples(app, "dbnet data synth --out synth --count 12",
                 "dbnet val --data synth/images --report report",
                 "dbnet val --data synth/images --pred runs/val/submission.zip");
    return [arguments](Terminal& terminal) { return run(*arguments, terminal); };
}

}  // namespace dbnet::cli
