// dbnet data synth: pictures of synthetic scene text, with labels.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "app/dataset_config.hpp"
#include "app/names.hpp"
#include "app/synthesise.hpp"
#include "cli/command.hpp"
#include "cli/exit.hpp"
#include "cli/interrupt.hpp"
#include "core/threads.hpp"

namespace dbnet::cli {
namespace {

constexpr std::array<app::NamedValue<app::PictureFile>, 2> kPictureFiles{
    {{"jpg", app::PictureFile::jpeg}, {"png", app::PictureFile::png}}};

struct Arguments {
    synth::SynthOptions pictures;
    app::SynthesisOptions output;
    std::string size = "640x640";
    std::string format = "icdar";
    std::string file = "jpg";
    std::string backgrounds;
    std::string background_labels;
    std::string background_format = "icdar";
    bool lines = false;
    bool no_noise = false;
    bool no_jpeg = false;
    int threads = 0;
};

void add_picture_options(CLI::App& app, Arguments& arguments) {
    synth::SynthOptions& pictures = arguments.pictures;
    app.add_option("--count", pictures.count, "pictures")->type_name("N")->capture_default_str();
    app.add_option("--seed", pictures.seed, "another one gives other pictures")
        ->type_name("N")
        ->capture_default_str();
    app.add_option("--size", arguments.size, "height and width, each 64 to 4096")
        ->type_name("HxW")
        ->capture_default_str();
    app.add_option("--words", pictures.words,
                   "UTF-8 text to be written, a word or several to a line; default: made up")
        ->type_name("FILE");
    app.add_option("--fonts", pictures.fonts,
                   "folder of TrueType or OpenType fonts; default: those of this machine")
        ->type_name("DIR");
    app.add_option("--backgrounds", arguments.backgrounds,
                   "folder of photographs; default: painted scenes")
        ->type_name("DIR");
    app.add_option("--background-labels", arguments.background_labels,
                   "annotations of the photographs; default: where the format has them")
        ->type_name("PATH");
    app.add_option("--background-format", arguments.background_format,
                   "of these annotations; none: the photographs show no text")
        ->type_name("NAME")
        ->capture_default_str();
    app.add_option("--texts", pictures.texts, "blocks of text in a picture, at most")
        ->type_name("N")
        ->capture_default_str();
    app.add_option("--curved", pictures.curved, "share of the lines that are bent")
        ->type_name("SHARE")
        ->capture_default_str();
    app.add_option("--min-height", pictures.min_height, "lower text is labelled as illegible")
        ->type_name("PIXELS")
        ->capture_default_str();
    app.add_flag("--no-noise", arguments.no_noise, "without the noise of a sensor");
    app.add_flag("--no-jpeg", arguments.no_jpeg, "without the artefacts of compression");
}

void add_output_options(CLI::App& app, Arguments& arguments) {
    app.add_option("--out", arguments.output.folder, "folder of the data set")
        ->required()
        ->type_name("DIR");
    app.add_option("--format", arguments.format,
                   "of the labels: icdar (4 points), json, jsonl, csv, paddle, labelme, coco")
        ->type_name("NAME")
        ->capture_default_str();
    app.add_option("--image-format", arguments.file, "jpg or png")
        ->type_name("NAME")
        ->capture_default_str();
    app.add_flag("--lines", arguments.lines, "labels are lines instead of words");
    app.add_option("--threads", arguments.threads, "threads; 0: all cores")
        ->check(CLI::Range(0, 4096))
        ->type_name("N");
}

const formats::Format* chosen_format(const std::string& name) {
    std::vector<std::string_view> available;
    for (const formats::Format* format : formats::all()) {
        if (!format->is_written() || format->read == nullptr) continue;
        if (format->name == name) return format;
        available.push_back(format->name);
    }
    core::fail(ErrorCode::invalid_argument, app::unknown_name("format", name, available));
}

synth::SynthOptions picture_options(const Arguments& arguments) {
    synth::SynthOptions pictures = arguments.pictures;
    const InputSize size = parse_input_size(arguments.size);
    pictures.size = {size.width, size.height};
    pictures.unit = arguments.lines ? synth::Unit::line : synth::Unit::word;
    pictures.camera = {!arguments.no_noise, !arguments.no_jpeg};
    if (!arguments.backgrounds.empty()) {
        data::DatasetSpec& photographs = pictures.backgrounds.emplace();
        photographs.format = arguments.background_format;
        photographs.images = arguments.backgrounds;
        photographs.labels = arguments.background_labels;
    }
    return pictures;
}

app::SynthesisOptions output_options(const Arguments& arguments) {
    app::SynthesisOptions output = arguments.output;
    output.format = chosen_format(arguments.format);
    output.file = app::choose("image format", arguments.file, kPictureFiles);
    output.threads = arguments.threads == 0 ? core::available_cores() : arguments.threads;
    return output;
}

std::string describe(const app::SynthesisSummary& summary, const std::string& folder) {
    char rate[32];
    std::snprintf(rate, sizeof rate, "%.1f",
                  summary.seconds > 0 ? static_cast<double>(summary.made) / summary.seconds : 0.0);
    std::string text =
        core::concat(summary.made, " pictures, ", summary.texts, " texts, ", rate, " pictures/s");
    if (summary.skipped > 0) text += core::concat(", ", summary.skipped, " were there");
    if (summary.failed > 0) text += core::concat(", ", summary.failed, " failed");
    if (summary.interrupted) text += ", interrupted";
    return text + " -> " + folder + "/images, " + summary.labels;
}

int run(const Arguments& arguments, Terminal& terminal) {
    const app::SynthesisOptions output = output_options(arguments);
    const synth::Generator generator =
        or_exit(kUnusable, [&] { return synth::Generator(picture_options(arguments)); });
    catch_interrupts();
    const app::SynthesisHooks hooks{
        [&](std::uint64_t done, std::uint64_t count) { terminal.progress(done, count); },
        [&](const std::string& message) { terminal.message(LogLevel::error, message); },
        interrupted};
    const app::SynthesisSummary summary = app::synthesise(generator, output, hooks);
    terminal.end_progress();
    terminal.message(LogLevel::info, describe(summary, output.folder));
    if (summary.interrupted) return kInterrupted;
    if (summary.failed == 0) return kDone;
    return summary.made + summary.skipped == 0 ? kUnusable : kPartlyFailed;
}

}  // namespace

Run set_up_data_synth(CLI::App& app) {
    const auto arguments = std::make_shared<Arguments>();
    add_output_options(app, *arguments);
    add_picture_options(app, *arguments);
    set_examples(
        app, "dbnet data synth --out synth --count 12",
        "dbnet data synth --out lines --count 5 --lines --format labelme --size 480x640",
        "dbnet data synth --out street --count 5 --backgrounds samples --background-format none");
    return [arguments](Terminal& terminal) { return run(*arguments, terminal); };
}

}  // namespace dbnet::cli
