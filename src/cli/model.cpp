// dbnet model: info FILE says what a model consists of; parity A B is in parity.cpp.
#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "cli/exit.hpp"
#include "cli/parity.hpp"
#include "cli/train_program.hpp"
#include "model/info.hpp"
#include "model/onnx.hpp"

namespace dbnet::cli {
namespace {

struct Arguments {
    std::string file;
    std::string size = "736x1280";
};

int run_info(const Arguments& arguments) {
    const InputSize size = parse_input_size(arguments.size);
    std::cout << or_exit(kUnusable, [&] {
        return to_text(describe(model::read_onnx(arguments.file), size.height, size.width));
    });
    return kDone;
}

void set_up_info(CLI::App& info, Arguments& arguments) {
    info.add_option("FILE", arguments.file, "an ONNX model")->required()->type_name("");
    info.add_option("--size", arguments.size, "height and width for which operations are counted")
        ->type_name("HxW")
        ->capture_default_str();
    set_examples(info, "dbnet model info models/default.onnx",
                 "dbnet model info models/default.onnx --size 640x640",
                 "dbnet model info models/default.onnx | grep dbnet");
}

/// dbnet-train takes the command over where it is there (main.cpp).
std::vector<app::Runner> runners() {
    std::vector<app::Runner> all = app::runners();
    all.push_back({"libtorch",
                   [](const model::Graph&) -> app::Forward {
                       fail_without_train_program("the runner libtorch");
                   },
                   true});
    return all;
}

}  // namespace

Run set_up_model(CLI::App& app) {
    const auto arguments = std::make_shared<Arguments>();
    set_up_info(*app.add_subcommand("info", "inputs, outputs, operators, parameters, metadata"),
                *arguments);
    CLI::App* parity = app.add_subcommand("parity", "compare what two models compute");
    const Run run_parity = set_up_parity(*parity, runners());
    app.require_subcommand(1);
    set_examples(app, "dbnet model info models/default.onnx",
                 "dbnet export models/default.onnx --out mine.onnx",
                 "dbnet model parity models/default.onnx mine.onnx");
    return [arguments, parity, run_parity](Terminal& terminal) {
        return parity->parsed() ? run_parity(terminal) : run_info(*arguments);
    };
}

}  // namespace dbnet::cli
