// dbnet predict SOURCE...: the text of images.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>

#include "app/names.hpp"
#include "app/option_names.hpp"
#include "app/pages.hpp"
#include "app/predict.hpp"
#include "app/sources.hpp"
#include "cli/command.hpp"
#include "cli/detect_options.hpp"
#include "cli/exit.hpp"
#include "cli/interrupt.hpp"

namespace dbnet::cli {
namespace {

/// The command line as it was given.
struct Arguments {
    std::vector<std::string> sources;
    DetectArguments detect;
    std::string out;
    std::string shape;
    std::vector<std::string> formats{"json"};
    bool scores = false;
    bool save_image = false;
    bool save_crops = false;
    bool save_maps = false;
    bool recursive = false;
    std::string pages;
    int dpi = app::PageOptions{}.dpi;
    bool skip_existing = false;
    bool explain = false;
};

void add_output_options(CLI::App& app, Arguments& arguments) {
    constexpr const char* kGroup = "Output";
    CLI::Option* out = app.add_option("--out", arguments.out,
                                      "folder for the results; without it, JSON lines on stdout")
                           ->type_name("DIR")
                           ->group(kGroup);
    app.add_option("--format", arguments.formats,
                   "json, jsonl, icdar, csv, paddle, labelme, coco, svg; several at once: a,b,c")
        ->type_name("NAMES")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->needs(out)
        ->group(kGroup);
    app.add_option("--shape", arguments.shape,
                   "quad, polygon or rect; default: what suits the format")
        ->type_name("NAME")
        ->group(kGroup);
    app.add_flag("--scores", arguments.scores, "append the score to each line (icdar)")
        ->group(kGroup);
    app.add_flag("--save-image", arguments.save_image, "images with the regions drawn on them")
        ->needs(out)
        ->group(kGroup);
    app.add_flag("--save-crops", arguments.save_crops, "each region, rectified, as an image")
        ->needs(out)
        ->group(kGroup);
    app.add_flag("--save-maps", arguments.save_maps, "probability maps, 16-bit PNG and JSON")
        ->needs(out)
        ->group(kGroup);
    app.add_flag("--skip-existing", arguments.skip_existing,
                 "go on where an earlier run into the same folder stopped")
        ->needs(out)
        ->group(kGroup);
    app.add_flag("--explain", arguments.explain,
                 "also the rejected candidates, with the reason (json, jsonl, --save-image)")
        ->group(kGroup);
}

std::vector<const formats::Format*> chosen_formats(const std::vector<std::string>& names) {
    std::vector<const formats::Format*> chosen;
    for (const std::string& name : names) {
        const formats::Format* format = formats::find(name);
        if (format == nullptr || !format->is_written()) {
            std::vector<std::string_view> available;
            for (const formats::Format* known : formats::all())
                if (known->is_written()) available.push_back(known->name);
            core::fail(ErrorCode::invalid_argument, app::unknown_name("format", name, available));
        }
        if (std::ranges::find(chosen, format) == chosen.end()) chosen.push_back(format);
    }
    return chosen;
}

formats::WriteOptions write_options(const Arguments& arguments) {
    const formats::Shape shape = arguments.shape.empty()
                                     ? formats::Shape::standard
                                     : app::choose("shape", arguments.shape, app::kShapes);
    return {shape, arguments.scores};
}

app::PredictOptions predict_options(const Arguments& arguments) {
    app::PredictOptions options;
    const formats::WriteOptions write = write_options(arguments);
    options.decode = arguments.detect.decode;
    options.dpi = arguments.dpi;
    options.detect = detect_options(arguments.detect, write.shape);
    options.detect.explain = arguments.explain;
    options.detect.keep_map = arguments.save_maps;
    options.skip_existing = arguments.skip_existing;
    if (!arguments.out.empty())
        options.output = {arguments.out,
                          chosen_formats(arguments.formats),
                          write,
                          arguments.save_image,
                          arguments.save_crops,
                          arguments.save_maps};
    return options;
}

app::PageOptions page_options(const Arguments& arguments) {
    app::PageOptions options;
    if (!arguments.pages.empty()) options.ranges = app::parse_pages(arguments.pages);
    options.dpi = arguments.dpi;
    return options;
}

std::string counted(std::size_t count, const char* what) {
    return core::concat(count, " ", what, count == 1 ? "" : "s");
}

/// "12 images, 87 regions, 9.8 images/s, 1 failed -> out/"
std::string describe(const app::PredictSummary& summary, const std::string& out) {
    char rate[32];
    std::snprintf(rate, sizeof rate, "%.1f",
                  summary.seconds > 0 ? static_cast<double>(summary.done) / summary.seconds : 0.0);
    std::string text = core::concat(counted(summary.done, "image"), ", ",
                                    counted(summary.regions, "region"), ", ", rate, " images/s");
    if (summary.skipped > 0) text += core::concat(", ", summary.skipped, " skipped");
    if (summary.failed > 0) text += core::concat(", ", summary.failed, " failed");
    if (summary.interrupted) text += ", interrupted";
    if (!out.empty()) text += " -> " + out + (out.ends_with('/') ? "" : "/");
    return text;
}

int exit_code(const app::PredictSummary& summary) {
    if (summary.interrupted) return kInterrupted;
    if (summary.unwritten > 0) return kFailed;
    if (summary.failed == 0) return kDone;
    return summary.done + summary.skipped == 0 ? kUnusable : kPartlyFailed;
}

int run(const Arguments& arguments, Terminal& terminal) {
    app::PredictOptions options = predict_options(arguments);
    catch_interrupts();
    app::Sources sources = app::find_images(arguments.sources, arguments.recursive, std::cin);
    choose_pages(page_options(arguments), sources);
    for (const std::string& message : sources.refused) terminal.message(LogLevel::error, message);
    if (sources.inputs.empty()) throw Exit(kUnusable, "no image to work on");
    options.inputs = std::move(sources.inputs);
    // Several images: one lane per thread, each image on one core. A single image: all on it.
    options.lanes = options.inputs.size() > 1 ? threads_of(arguments.detect) : 1;
    options.threads = threads_of(arguments.detect);
    const Detector detector = open_detector(arguments.detect, options.lanes, terminal);
    app::PredictHooks hooks = hooks_for(terminal);
    hooks.on_record = [&](const formats::Record& record) {
        std::cout << formats::json_line(record, write_options(arguments)) << std::flush;
        if (!std::cout) core::fail(ErrorCode::io, "standard output: cannot write");
    };
    app::PredictSummary summary = app::predict(detector, options, hooks);
    terminal.end_progress();
    summary.failed += sources.refused.size();
    terminal.message(LogLevel::info, describe(summary, arguments.out));
    return exit_code(summary);
}

}  // namespace

Run set_up_predict(CLI::App& app) {
    const auto arguments = std::make_shared<Arguments>();
    app.add_option(
           "SOURCE", arguments->sources,
           "images, folders, patterns (*.jpg), or - for an image or a list of files on stdin")
        ->required()
        ->type_name("");
    add_model_option(app, arguments->detect.model);
    app.add_flag("--recursive", arguments->recursive, "also the folders below a folder");
    app.add_option(
           "--pages", arguments->pages,
           "of TIFF and PDF files: all, or 1,3-5,9-; default: all of a PDF, the first of a TIFF")
        ->type_name("LIST");
    app.add_option("--dpi", arguments->dpi, "resolution of the pages of a PDF")
        ->check(CLI::Range(10, 2400))
        ->type_name("N")
        ->capture_default_str();
    add_output_options(app, *arguments);
    add_detect_options(app, arguments->detect);
    set_examples(
        app, "dbnet predict samples/street.jpg",
        "dbnet predict samples --recursive --out out --format json,icdar --save-image",
        "find samples -name '*.jpg' | dbnet predict --model models/default.onnx --out out -");
    return [arguments](Terminal& terminal) { return run(*arguments, terminal); };
}

}  // namespace dbnet::cli
