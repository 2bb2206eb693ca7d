// dbnet data split: a data set divided into parts.
#include "app/data_split.hpp"

#include <cstdio>
#include <memory>

#include "cli/command.hpp"
#include "cli/data_options.hpp"
#include "cli/exit.hpp"
#include "cli/interrupt.hpp"
#include "core/error.hpp"

namespace dbnet::cli {
namespace {

struct Arguments {
    DataArguments data;
    std::string parts = "train=0.9,val=0.1";
    std::string out;
    std::uint64_t seed = 0;
    bool apart = false;
};

int split(const Arguments& arguments, Terminal& terminal) {
    app::SplitOptions options;
    options.parts = app::parse_parts(arguments.parts);
    options.spec = or_exit(kUnusable, [&] { return spec_of(arguments.data); });
    options.seed = arguments.seed;
    options.folder = arguments.out;
    options.keep_alike_together = !arguments.apart;
    catch_interrupts();
    std::size_t problems = 0;
    app::SplitHooks hooks;
    hooks.on_problem = [&](const std::string& what) {
        ++problems;
        terminal.message(LogLevel::warning, what);
    };
    hooks.progress = [&](std::size_t done, std::size_t images) { terminal.progress(done, images); };
    hooks.interrupted = interrupted;
    const app::SplitSummary summary =
        or_exit(kUnusable, [&] { return app::split(options, hooks); });
    terminal.end_progress();
    if (summary.interrupted) return kInterrupted;
    std::size_t images = 0;
    for (const app::SplitPart& part : summary.parts) {
        std::printf("%-10s %zu images, %zu texts -> %s/%s.yaml\n", part.name.c_str(), part.images,
                    part.texts, arguments.out.c_str(), part.name.c_str());
        images += part.images;
    }
    if (summary.alike > 0)
        terminal.message(
            LogLevel::info,
            core::concat(summary.alike, " images show the same as another, and went where it did"));
    if (images == 0) return kUnusable;
    return problems > 0 ? kPartlyFailed : kDone;
}

}  // namespace

Run set_up_data_split(CLI::App& app) {
    const auto arguments = std::make_shared<Arguments>();
    add_data_options(app, arguments->data);
    app.add_option("--parts", arguments->parts, "names and shares of the images")
        ->capture_default_str()
        ->type_name("NAME=SHARE,...");
    app.add_option("--out", arguments->out, "writes DIR/NAME.jsonl and DIR/NAME.yaml")
        ->required()
        ->type_name("DIR");
    app.add_option("--seed", arguments->seed, "another one divides in another way")
        ->capture_default_str()
        ->type_name("N");
    app.add_flag("--apart", arguments->apart,
                 "images that show the same may go to different parts; no image is opened");
    set_examples(app, "dbnet data split --data photos --labels gts --out parts",
                 "dbnet data split --data photos --labels gts --out parts --parts "
                 "train=0.8,val=0.1,test=0.1",
                 "dbnet data split --data photos --labels gts --out parts --seed 7 --apart");
    return [arguments](Terminal& terminal) { return split(*arguments, terminal); };
}

}  // namespace dbnet::cli
