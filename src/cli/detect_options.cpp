#include "cli/detect_options.hpp"

#include <charconv>
#include <cmath>
#include <memory>
#include <optional>

#include "app/default_model.hpp"
#include "app/option_names.hpp"
#include "cli/exit.hpp"
#include "cli/interrupt.hpp"
#include "core/error.hpp"
#include "core/threads.hpp"

namespace dbnet::cli {
namespace {

void add_detection(CLI::App& app, DetectArguments& arguments) {
    constexpr const char* kGroup = "Detection (defaults: the model's metadata, or the preset)";
    DetectOptions& detect = arguments.detect;
    app.add_option("--preset", arguments.preset, "native, mhliao, mmocr or paddle")
        ->type_name("NAME")
        ->group(kGroup);
    app.add_option("--map", arguments.output, "which of the model's outputs is the probability map")
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

void add_limits(CLI::App& app, DetectArguments& arguments) {
    constexpr const char* kGroup = "Limits";
    app.add_option("--threads", arguments.threads, "threads that compute; 0: all cores")
        ->check(CLI::Range(0, 4096))
        ->type_name("N")
        ->group(kGroup);
    app.add_option("--max-pixels", arguments.decode.max_pixels, "larger images are refused")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
        ->type_name("N")
        ->capture_default_str()
        ->group(kGroup);
    app.add_option("--max-input-pixels", arguments.detect.max_input_pixels,
                   "the network's input is scaled down to this")
        ->type_name("N")
        ->capture_default_str()
        ->group(kGroup);
    app.add_flag("--tile", arguments.detect.tile,
                 "search images in their own resolution, in tiles, whatever --size says")
        ->group(kGroup);
}

}  // namespace

CLI::Option* add_model_option(CLI::App& app, std::string& model) {
    return app
        .add_option("--model", model,
                    "a DB text detector in ONNX; default: models/default.onnx, which ships")
        ->type_name("FILE");
}

std::string model_or_default(const std::string& model) {
    if (!model.empty()) return model;
    if (const std::optional<std::string> shipped = app::default_model()) return *shipped;
    throw Exit(kUsage, "no model: pass --model FILE.onnx (any DB text detector in ONNX)");
}

void add_detect_options(CLI::App& app, DetectArguments& arguments) {
    add_detection(app, arguments);
    add_limits(app, arguments);
}

void set_unclip(const char* option, const std::string& text, DetectOptions& detect) {
    if (text == "exact") {
        detect.unclip = Unclip::exact;
        return;
    }
    float ratio = 0;
    const char* const text_end = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), text_end, ratio);
    if (error != std::errc() || end != text_end)
        core::fail(ErrorCode::invalid_argument, option, " is '", text,
                   "', expected a number or exact");
    detect.unclip = Unclip::ratio;
    detect.unclip_ratio = ratio;
}

DetectOptions detect_options(const DetectArguments& arguments, formats::Shape shape) {
    DetectOptions detect = arguments.detect;
    if (!arguments.size.empty()) detect.size = SizeRule::parse(arguments.size);
    if (!arguments.unclip.empty()) set_unclip("--unclip", arguments.unclip, detect);
    if (!arguments.score_mode.empty())
        detect.score_mode = app::choose("score mode", arguments.score_mode, app::kScoreModes);
    if (arguments.dilate) detect.dilate = true;
    detect.outline = shape == formats::Shape::polygon ? Outline::polygon : Outline::quad;
    return detect;
}

int threads_of(const DetectArguments& arguments) {
    return arguments.threads == 0 ? core::available_cores() : arguments.threads;
}

Detector open_detector(const DetectArguments& arguments, int lanes, Terminal& terminal) {
    DetectorOptions options{threads_of(arguments), lanes};
    options.output = arguments.output;
    if (!arguments.preset.empty())
        options.preset = app::choose("preset", arguments.preset, app::kPresets);
    Detector detector = or_exit(
        kUnusable, [&] { return Detector::open(model_or_default(arguments.model), options); });
    for (const std::string& text : detector.warnings()) terminal.message(LogLevel::warning, text);
    return detector;
}

app::PredictHooks hooks_for(Terminal& terminal) {
    app::PredictHooks hooks;
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
                                          std::lround(image.milliseconds), " ms, as ",
                                          image.input_width, "x", image.input_height));
        terminal.progress(++*done, *total);
    };
    return hooks;
}

}  // namespace dbnet::cli
