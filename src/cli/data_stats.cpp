// dbnet data stats: what is in a data set.
#include "app/data_stats.hpp"

#include <cstdio>
#include <memory>

#include "cli/command.hpp"
#include "cli/data_options.hpp"
#include "cli/exit.hpp"
#include "core/file.hpp"

namespace dbnet::cli {
namespace {

struct Arguments {
    DataArguments data;
    std::string json;
};

int stats(const Arguments& arguments) {
    const app::DataStats counted =
        or_exit(kUnusable, [&] { return app::data_stats(specs_of(arguments.data)); });
    std::fputs(app::to_text(counted).c_str(), stdout);
    if (!arguments.json.empty()) core::write_file(arguments.json, app::to_json(counted));
    if (counted.images == 0) return kUnusable;
    return kDone;
}

}  // namespace

Run set_up_data_stats(CLI::App& app) {
    const auto arguments = std::make_shared<Arguments>();
    add_data_options(app, arguments->data);
    app.add_option("--json", arguments->json, "write the numbers to this file")->type_name("FILE");
    set_examples(app, "dbnet data stats --data photos --labels gts",
                 "dbnet data stats --data photos --labels gts --split train",
                 "dbnet data stats --data photos --labels gts --json stats.json");
    return [arguments](Terminal&) { return stats(*arguments); };
}

}  // namespace dbnet::cli
