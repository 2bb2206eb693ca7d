// dbnet data: what one does with a data set before training.
#include "cli/command.hpp"

namespace dbnet::cli {

Run set_up_data(CLI::App& app) {
    CLI::App* const synth = app.add_subcommand("synth", "write pictures of synthetic text");
    synth->fallthrough();
    app.require_subcommand(1);
    set_examples(app, "dbnet data synth --out synth --count 20",
                 "dbnet data synth --out png --count 3 --image-format png",
                 "dbnet data synth --help");
    return set_up_data_synth(*synth);
}

}  // namespace dbnet::cli
