// dbnet predict SOURCE...: the text of images.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <memory>

#include "app/default_model.hpp"
#include "app/names.hpp"
#include "app/option_names.hpp"
#include "app/predict.hpp"
#include "app/sources.hpp"
#include "cli/command.hpp"
#include "cli/exit.hpp"
#include "cli/interrupt.hpp"
#include "core/threads.hpp"

namespace dbnet::cli {
namespace {

/// The command line as it was given.
struct Arguments {
    std::vector<std::string> sources;
    std::string model;
    std::string out;
    std::string shape;
    std::vector<std::string> formats{"json"};
    bool scores = false;
    bool save_image = false;
    bool save_crops = false;
    bool save_maps = false;
    bool recursive = false;
    bool skip_existing = false;
    bool dilate = false;
    bool explain = false;
    std::string size;
    std::string unclip;
    std::string score_mode;
    std::string preset;
    int threads = 0;
    DetectOptions detect;
    DecodeOptions decode;
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

void add_detection_options(CLI::App& app, Arguments& arguments) {
    constexpr const char* kGroup = "Detection (defaults: the model's metadata, or the preset)";
    DetectOptions& detect = arguments.detect;
    app.add_option("--preset", arguments.preset, "native, mhliao, mmocr or paddle")
        ->type_name("NAME")
        ->group(kGroup);
    app.add_option("--size", arguments.size,
                   "network input: 736 (shorter side), 736x1280, height:736, max:960, min:736 or "
                   "keep:736x1333")
        ->type_name("RULE")
        ->group(kGroup);
    app.add_option("--threshold", detect.threshold, "binarisation threshold")
        ->type_name("T")
        ->group(kGroup);
    app.add_option("--box-threshold", detect.box_threshold, "lowest score of a region")
        ->type_name("T")
        ->group(kGroup);
    app.add_option("--unclip", arguments.unclip,
                   "how far outlines grow: a ratio, or exact to undo the training's shrinking")
        ->type_name("RATIO|exact")
        ->group(kGroup);
    app.add_option("--min-size", detect.min_size, "shorter side in map pixels")
        ->type_name("PIXELS")
        ->group(kGroup);
    app.add_option("--max-candidates", detect.max_candidates, "most candidates of an image")
        ->type_name("N")
        ->group(kGroup);
    app.add_option("--score-mode", arguments.score_mode, "outline (exact) or box (faster)")
        ->type_name("NAME")
        ->group(kGroup);
    app.add_flag("--dilate", arguments.dilate, "dilate the binarised map by 2x2 pixels")
        ->group(kGroup);
}

void add_limits(CLI::App& app, Arguments& arguments) {
    constexpr const char* kGroup = "Limits";
    app.add_option("--threads", arguments.threads, "threads that compute; 0: all cores")
        ->check(CLI::Range(0, 4096))
        ->type_name("N")
        ->group(kGroup);
    app.add_option("--max-pixels", arguments.decode.max_pixels, "larger images are refused")
        ->check(CLI::PositiveNumber)
        ->type_name("N")
        ->capture_default_str()
        ->group(kGroup);
    app.add_option("--max-input-pixels", arguments.detect.max_input_pixels,
                   "the network's input is scaled down to this")
        ->type_name("N")
        ->capture_default_str()
        ->group(kGroup);
    app.add_flag("--tile", arguments.detect.tile,
                 "divide larger inputs into tiles instead of scaling them down")
        ->group(kGroup);
}

void set_unclip(const std::string& text, DetectOptions& detect) {
    if (text.empty()) return;
    if (text == "exact") {
        detect.unclip = Unclip::exact;
        return;
    }
    float ratio = 0;
    const char* const text_end = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), text_end, ratio);
    if (error != std::errc() || end != text_end)
        core::fail(ErrorCode::invalid_argument, "--unclip is '", text,
                   "', expected a number or exact");
    detect.unclip = Unclip::ratio;
    detect.unclip_ratio = ratio;
}

DetectOptions detect_options(const Arguments& arguments, formats::Shape shape) {
    DetectOptions detect = arguments.detect;
    if (!arguments.size.empty()) detect.size = SizeRule::parse(arguments.size);
    set_unclip(arguments.unclip, detect);
    if (!arguments.score_mode.empty())
        detect.score_mode = app::choose("score mode", arguments.score_mode, app::kScoreModes);
    if (arguments.dilate) detect.dilate = true;
    detect.outline = shape == formats::Shape::polygon ? Outline::polygon : Outline::quad;
    detect.explain = arguments.explain;
    detect.keep_map = arguments.save_maps;
    return detect;
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

app::PredictOptions predict_options(const Arguments& arguments) {
    app::PredictOptions options;
    const formats::Shape shape = arguments.shape.empty()
                                     ? formats::Shape::standard
                                     : app::choose("shape", arguments.shape, app::kShapes);
    options.decode = arguments.decode;
    options.detect = detect_options(arguments, shape);
    options.lines = {shape, arguments.scores};
    options.skip_existing = arguments.skip_existing;
    if (!arguments.out.empty())
        options.output = {arguments.out,        chosen_formats(arguments.formats),
                          options.lines,        arguments.save_image,
                          arguments.save_crops, arguments.save_maps};
    return options;
}

std::string model_path(const Arguments& arguments) {
    if (!arguments.model.empty()) return arguments.model;
    if (const std::optional<std::string> model = app::default_model()) return *model;
    throw Exit(kUsage, "no model: pass --model FILE.onnx (any DB text detector in ONNX)");
}

/// Several images: one lane per thread, each image on one core. A single image: all on it.
Detector open_detector(const Arguments& arguments, app::PredictOptions& options) {
    DetectorOptions detector;
    detector.threads = arguments.threads == 0 ? core::available_cores() : arguments.threads;
    detector.lanes = options.inputs.size() > 1 ? detector.threads : 1;
    if (!arguments.preset.empty())
        detector.preset = app::choose("preset", arguments.preset, app::kPresets);
    options.lanes = detector.lanes;
    return or_exit(kUnusable, [&] { return Detector::open(model_path(arguments), detector); });
}

app::PredictHooks hooks_for(Terminal& terminal) {
    app::PredictHooks hooks;
    hooks.lines = &std::cout;
    hooks.interrupted = interrupted;
    auto total = std::make_shared<std::size_t>(0);
    auto done = std::make_shared<std::size_t>(0);
    hooks.on_start = [&terminal, total, done](std::size_t images) {
        *total = images;
        *done = 0;
        terminal.progress(0, images);
    };
    hooks.on_image = [&terminal, total, done](const app::ImageReport& image) {
        for (const std::string& text : image.warnings) terminal.warn_once(image.path, text);
        if (!image.error.empty())
            terminal.message(LogLevel::error, image.error);
        else
            terminal.message(LogLevel::debug,
                             core::concat(image.path, ": ", image.regions, " regions, ",
                                          std::lround(image.milliseconds), " ms"));
        terminal.progress(++*done, *total);
    };
    return hooks;
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
    if (summary.failed == 0) return kDone;
    return summary.done + summary.skipped == 0 ? kUnusable : kPartlyFailed;
}

int run(const Arguments& arguments, Terminal& terminal) {
    app::PredictOptions options = predict_options(arguments);
    catch_interrupts();
    app::Sources sources = app::find_images(arguments.sources, arguments.recursive, std::cin);
    for (const std::string& message : sources.refused) terminal.message(LogLevel::error, message);
    if (sources.inputs.empty()) throw Exit(kUnusable, "no image to work on");
    options.inputs = std::move(sources.inputs);
    const Detector detector = open_detector(arguments, options);
    for (const std::string& text : detector.warnings()) terminal.message(LogLevel::warning, text);
    app::PredictSummary summary = app::predict(detector, options, hooks_for(terminal));
    terminal.end_progress();
    summary.failed += sources.refused.size();
    terminal.message(LogLevel::info, describe(summary, arguments.out));
    return exit_code(summary);
}

}  // namespace

Run set_up_predict(CLI::App& app) {
    const auto arguments = std::make_shared<Arguments>();
    app.add_option("SOURCE", arguments->sources,
                   "images, folders, patterns (*.jpg), or - for a list of files on stdin")
        ->required()
        ->type_name("");
    app.add_option("--model", arguments->model, "a DB text detector in ONNX")->type_name("FILE");
    app.add_flag("--recursive", arguments->recursive, "also the folders below a folder");
    add_output_options(app, *arguments);
    add_detection_options(app, *arguments);
    add_limits(app, *arguments);
    set_examples(app, "dbnet predict --model det.onnx photo.jpg",
                 "dbnet predict --model det.onnx photos --recursive --out out --format json,icdar "
                 "--save-image",
                 "find photos -name '*.jpg' | dbnet predict --model det.onnx --out out -");
    return [arguments](Terminal& terminal) { return run(*arguments, terminal); };
}

}  // namespace dbnet::cli
