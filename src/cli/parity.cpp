// dbnet model parity A B: whether two models compute the same.
#include "cli/parity.hpp"

#include <cstdio>
#include <memory>
#include <sstream>

#include "app/parity.hpp"
#include "cli/exit.hpp"

namespace dbnet::cli {
namespace {

struct Arguments {
    std::vector<app::Runner> runners;
    app::ParityOptions options;
    std::string runner_a = "engine";
    std::string runner_b = "engine";
    std::string size;
};

void print(const app::Difference& difference) {
    std::printf("  largest %.1e  mean %.1e\n", difference.largest, difference.mean);
}

void print_layers(const app::Parity& parity, double tolerance) {
    for (const app::LayerParity& layer : parity.layers) {
        const std::string name = layer.a == layer.b ? layer.a : layer.a + " = " + layer.b;
        std::printf("%-44s %-18s", name.c_str(), layer.op.c_str());
        print(layer.difference);
    }
    const app::LayerParity* first = parity.first_beyond(tolerance);
    if (first != nullptr)
        std::printf("first layer beyond %g: %s (%s)\n", tolerance, first->a.c_str(),
                    first->op.c_str());
}

int run(Arguments& arguments, Terminal& terminal) {
    app::ParityOptions& options = arguments.options;
    options.a.runner = app::runner_named(arguments.runners, arguments.runner_a);
    options.b.runner = app::runner_named(arguments.runners, arguments.runner_b);
    if (!arguments.size.empty()) options.size = SizeRule::parse(arguments.size);
    const app::Parity parity = or_exit(kUnusable, [&] {
        return app::compare(
            options, [&](std::size_t done, std::size_t total) { terminal.progress(done, total); });
    });
    terminal.end_progress();
    for (const std::string& warning : parity.warnings) terminal.message(LogLevel::warning, warning);
    print_layers(parity, options.tolerance);
    for (const app::InputParity& input : parity.inputs) {
        std::printf("%-44s %-18s", input.name.c_str(), model::to_string(input.dims).c_str());
        print(input.difference);
    }
    std::printf("%-63s", parity.is_same ? "the same" : "not the same");
    print(parity.difference);
    if (!parity.is_same) return kFailed;
    return parity.unreadable.empty() ? kDone : kPartlyFailed;
}

}  // namespace

Run set_up_parity(CLI::App& app, std::vector<app::Runner> runners) {
    const auto arguments = std::make_shared<Arguments>();
    arguments->runners = std::move(runners);
    app::ParityOptions& options = arguments->options;
    app.add_option("A", options.a.path, "ONNX, a checkpoint or the folder of a run")
        ->required()
        ->type_name("");
    app.add_option("B", options.b.path, "what to compare it with")->required()->type_name("");
    app.add_option("--runner-a", arguments->runner_a, "what runs A: engine, reference or libtorch")
        ->type_name("NAME")
        ->capture_default_str();
    app.add_option("--runner-b", arguments->runner_b, "what runs B")
        ->type_name("NAME")
        ->capture_default_str();
    app.add_option("--data", options.data, "folder of images; default: pictures that are made")
        ->type_name("DIR");
    app.add_option("--size", arguments->size, "network input, as for predict")->type_name("RULE");
    app.add_option("--tolerance", options.tolerance, "largest difference that is the same")
        ->type_name("T")
        ->capture_default_str();
    app.add_flag("--layers", options.layers, "also compare the values between the layers");
    set_examples(
        app, "dbnet export models/default.onnx --out mine.onnx",
        "dbnet model parity models/default.onnx mine.onnx --runner-b reference",
        "dbnet model parity models/default.onnx mine.onnx --data samples --size 320 --layers");
    return [arguments](Terminal& terminal) { return run(*arguments, terminal); };
}

}  // namespace dbnet::cli
