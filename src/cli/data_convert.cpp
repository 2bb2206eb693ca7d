// dbnet data convert: labels of one format, written in others.
#include "app/data_convert.hpp"

#include <algorithm>
#include <iostream>
#include <memory>

#include "app/option_names.hpp"
#include "cli/command.hpp"
#include "cli/data_options.hpp"
#include "cli/exit.hpp"
#include "cli/interrupt.hpp"
#include "core/error.hpp"

namespace dbnet::cli {
namespace {

struct Arguments {
    DataArguments data;
    std::vector<std::string> formats;
    std::string out;
    std::string shape;
};

app::ConvertOptions options_of(const Arguments& arguments) {
    app::ConvertOptions options;
    options.specs = or_exit(kUnusable, [&] { return specs_of(arguments.data); });
    options.folder = arguments.out;
    if (!arguments.shape.empty())
        options.shape = app::choose("shape", arguments.shape, app::kShapes);
    if (arguments.out.empty() != arguments.formats.empty())
        throw Exit(kUsage, "--format and --out go together; without both, JSON goes to stdout");
    for (const std::string& name : arguments.formats) {
        const formats::Format* format = formats::find(name);
        if (format == nullptr || !format->is_written()) {
            std::vector<std::string_view> written;
            for (const formats::Format* known : formats::all())
                if (known->is_written()) written.push_back(known->name);
            core::fail(ErrorCode::invalid_argument, app::unknown_name("format", name, written));
        }
        if (std::ranges::find(options.formats, format) == options.formats.end())
            options.formats.push_back(format);
    }
    return options;
}

int convert(const Arguments& arguments, Terminal& terminal) {
    const app::ConvertOptions options = options_of(arguments);
    catch_interrupts();
    app::ConvertHooks hooks;
    hooks.on_note = [&](const std::string& what) { terminal.message(LogLevel::info, what); };
    hooks.on_problem = [&](const std::string& what) { terminal.message(LogLevel::warning, what); };
    hooks.interrupted = interrupted;
    if (options.formats.empty())
        hooks.on_record = [&](const formats::Record& record) {
            std::cout << formats::json_line(record, {.shape = options.shape});
            if (!std::cout) core::fail(ErrorCode::io, "cannot write to stdout");
        };
    const app::ConvertSummary summary =
        or_exit(kUnusable, [&] { return app::convert(options, hooks); });
    if (!std::cout.flush()) core::fail(ErrorCode::io, "cannot write to stdout");
    for (const std::string& what : summary.lost) terminal.message(LogLevel::warning, what);
    for (const auto& [what, count] : summary.ignored)
        terminal.message(LogLevel::info, core::concat("no text: ", what, ", ", count, " times"));
    terminal.message(
        LogLevel::info,
        core::concat(summary.images, " images, ", summary.texts, " texts, ", summary.illegible,
                     " illegible", arguments.out.empty() ? "" : " -> ", arguments.out));
    if (summary.interrupted) return kInterrupted;
    if (summary.images == 0) return kUnusable;
    return summary.failed > 0 ? kPartlyFailed : kDone;
}

}  // namespace

Run set_up_data_convert(CLI::App& app) {
    const auto arguments = std::make_shared<Arguments>();
    add_data_options(app, arguments->data);
    app.add_option("--format", arguments->formats, "of the labels that are written, one or several")
        ->delimiter(',')
        ->type_name("NAME,...");
    app.add_option("--out", arguments->out,
                   "writes DIR/FORMAT/; without it JSON lines go to stdout")
        ->type_name("DIR");
    app.add_option("--shape", arguments->shape,
                   "quad, polygon or rect; default: what suits the format")
        ->type_name("NAME");
    set_examples(
        app, "dbnet data convert --data photos --labels gts",
        "dbnet data convert --data photos --labels gts --format coco,yolo --out labels",
        "dbnet data convert --data photos --labels gts --format paddle --out labels --strict");
    return [arguments](Terminal& terminal) { return convert(*arguments, terminal); };
}

}  // namespace dbnet::cli
