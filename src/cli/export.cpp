// dbnet export: from a run, a checkpoint or a model to the file that a detector runs.
#include "app/export.hpp"

#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/exit.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "model/operators.hpp"

namespace dbnet::cli {
namespace {

struct Arguments {
    app::ExportOptions options;
    std::vector<std::string> metadata;  ///< KEY=VALUE
    std::string file;
    bool best = false;
    bool last = false;
};

void print(const app::Export& result, const Arguments& arguments) {
    std::printf("%s -> %s: %.1f MB, opset %d, %s weights\n", result.weights.c_str(),
                arguments.file.c_str(), static_cast<double>(result.onnx.size()) / 1e6,
                arguments.options.opset, arguments.options.f16 ? "f16" : "f32");
    for (const app::ExportCheck& check : result.checks) {
        std::printf("%-18s largest difference %.1e", model::to_string(check.dims).c_str(),
                    check.difference);
        if (arguments.options.f16)
            std::printf(", to the weights before rounding %.1e", check.rounding);
        std::printf("\n");
    }
}

void refuse_overwriting_weights(const app::Export& result, const std::string& file) {
    std::error_code error;
    if (std::filesystem::equivalent(result.weights, file, error))
        core::fail(ErrorCode::invalid_argument, "--out is '", file,
                   "', the file that the weights are read from");
}

std::map<std::string, std::string> pairs_of(const std::vector<std::string>& texts) {
    std::map<std::string, std::string> pairs;
    for (const std::string& text : texts) {
        const std::size_t equals = text.find('=');
        if (equals == 0 || equals == std::string::npos)
            throw Exit(kUsage, core::concat("--metadata is '", text, "', expected KEY=VALUE"));
        pairs[text.substr(0, equals)] = text.substr(equals + 1);
    }
    return pairs;
}

int run(Arguments& arguments, Terminal& terminal) {
    app::ExportOptions& options = arguments.options;
    options.metadata = pairs_of(arguments.metadata);
    if (arguments.best) options.generation = train::Generation::best;
    if (arguments.last) options.generation = train::Generation::last;
    if (arguments.file.empty()) arguments.file = app::default_export_file(options);
    const app::Export result = or_exit(kUnusable, [&] { return app::export_model(options); });
    refuse_overwriting_weights(result, arguments.file);
    print(result, arguments);
    if (!result.is_dynamic)
        terminal.message(LogLevel::warning, "the network takes images of one size only");
    if (!result.is_faithful)
        throw Exit(kFailed, core::concat("the exported model differs from its source by more than ",
                                         app::kExportTolerance,
                                         " (from the weights before "
                                         "rounding: ",
                                         app::kRoundingTolerance, "); nothing is written"));
    core::write_file(arguments.file, result.onnx);
    return kDone;
}

}  // namespace

Run set_up_export(CLI::App& app) {
    const auto arguments = std::make_shared<Arguments>();
    app::ExportOptions& options = arguments->options;
    app.add_option("SOURCE", options.source, "the folder of a run, a checkpoint or an ONNX model")
        ->required()
        ->type_name("");
    app.add_option("--out", arguments->file,
                   "where to write; default: model.onnx or model_f16.onnx in the run's folder")
        ->type_name("FILE");
    app.add_flag("--f16", options.f16, "weights of half the size");
    app.add_option("--opset", options.opset, "of the ONNX file")
        ->check(CLI::Range(model::kMinOpset, model::kMaxOpset))
        ->type_name("N")
        ->capture_default_str();
    app.add_option("--metadata", arguments->metadata,
                   "a key of the file's metadata, as dbnet.licence=MIT; may be repeated")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
    CLI::Option* best =
        app.add_flag("--best", arguments->best, "of a run: the weights with the best hmean");
    app.add_flag("--last", arguments->last, "of a run: the newest checkpoint")->excludes(best);
    set_examples(app, "dbnet export models/default.onnx --out mine.onnx",
                 "dbnet export mine.onnx --f16 --out mine_f16.onnx",
                 "dbnet export mine.onnx --out mit.onnx --metadata dbnet.licence=MIT");
    return [arguments](Terminal& terminal) { return run(*arguments, terminal); };
}

}  // namespace dbnet::cli
