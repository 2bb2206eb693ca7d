// dbnet benchmark MODEL: how long the forward pass takes.
#include "app/benchmark.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>

#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/exit.hpp"

namespace dbnet::cli {
namespace {

struct Arguments {
    app::BenchmarkOptions options;
    std::string size = "736x1280";
    bool json = false;
};

/// A line per step, the slowest first.
void print_profile(std::vector<engine::cpu::StepProfile> steps) {
    std::ranges::sort(steps, std::greater(), &engine::cpu::StepProfile::milliseconds);
    double total = 0;
    for (const auto& step : steps) total += step.milliseconds;
    std::printf("\n%9s %6s %8s %8s  %-20s %s\n", "ms", "share", "GMAC/s", "GB/s", "output", "step");
    for (const auto& step : steps) {
        const double seconds = std::max(step.milliseconds, 1e-6) / 1e3;
        std::printf("%9.3f %5.1f%% %8.1f %8.1f  %-20s %s: %s (%s)\n", step.milliseconds,
                    100 * step.milliseconds / std::max(total, 1e-6), step.macs / seconds / 1e9,
                    step.bytes / seconds / 1e9, model::to_string(step.output).c_str(),
                    step.name.c_str(), step.operation.c_str(), step.implementation.c_str());
    }
    std::printf("%9.3f in %zu steps\n", total, steps.size());
}

void print_text(const Arguments& arguments, const app::BenchmarkResult& result) {
    std::printf("%s  %s  f32  %d thread%s  %d runs\nmedian %.2f ms  min %.2f ms  p90 %.2f ms\n",
                arguments.options.model.c_str(), arguments.size.c_str(), result.threads,
                result.threads == 1 ? "" : "s", arguments.options.runs, result.median_ms,
                result.min_ms, result.p90_ms);
    if (!result.steps.empty()) print_profile(result.steps);
}

nlohmann::ordered_json to_json(const engine::cpu::StepProfile& step) {
    return {{"name", step.name},
            {"operation", step.operation},
            {"implementation", step.implementation},
            {"output", step.output},
            {"macs", step.macs},
            {"bytes", step.bytes},
            {"ms", step.milliseconds}};
}

void print_json(const Arguments& arguments, const app::BenchmarkResult& result) {
    nlohmann::ordered_json json{{"model", arguments.options.model},
                                {"height", arguments.options.height},
                                {"width", arguments.options.width},
                                {"threads", result.threads},
                                {"runs", arguments.options.runs},
                                {"median_ms", result.median_ms},
                                {"min_ms", result.min_ms},
                                {"p90_ms", result.p90_ms},
                                {"output_checksum", result.output_checksum}};
    for (const auto& step : result.steps) json["steps"].push_back(to_json(step));
    std::cout << json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
              << "\n";
}

int run(Arguments& arguments) {
    const InputSize size = parse_input_size(arguments.size);
    arguments.options.height = size.height;
    arguments.options.width = size.width;
    const app::BenchmarkResult result =
        or_exit(kUnusable, [&] { return app::benchmark(arguments.options); });
    arguments.json ? print_json(arguments, result) : print_text(arguments, result);
    return kDone;
}

}  // namespace

Run set_up_benchmark(CLI::App& app) {
    const auto arguments = std::make_shared<Arguments>();
    app.add_option("MODEL", arguments->options.model, "an ONNX model with one image input")
        ->required()
        ->type_name("");
    app.add_option("--size", arguments->size, "height and width of the input")
        ->type_name("HxW")
        ->capture_default_str();
    app.add_option("--threads", arguments->options.threads, "0: all cores")
        ->check(CLI::Range(0, 4096))
        ->type_name("N")
        ->capture_default_str();
    app.add_option("--runs", arguments->options.runs, "timed runs")
        ->check(CLI::Range(1, 1'000'000))
        ->type_name("N")
        ->capture_default_str();
    app.add_flag("--profile", arguments->options.profile, "also the time of each step");
    app.add_flag("--json", arguments->json, "print one JSON object");
    set_examples(app, "dbnet benchmark models/default.onnx",
                 "dbnet benchmark models/default.onnx --size 320x320 --runs 5",
                 "dbnet benchmark models/default.onnx --size 64x96 --threads 1 --json");
    return [arguments](Terminal&) { return run(*arguments); };
}

}  // namespace dbnet::cli
