#include "app/runners.hpp"

#include <memory>

#include "app/names.hpp"
#include "core/threads.hpp"

namespace dbnet::app {
namespace {

/// Compiles with a backend, and keeps what running needs.
auto prepare_with(const engine::Backend& backend) {
    return [&backend](const model::Graph& graph) -> Forward {
        const std::shared_ptr<engine::Executable> executable = backend.compile(graph);
        const std::shared_ptr<engine::Context> context =
            backend.create_context(core::available_cores());
        return [&backend, executable, context](const engine::Buffer& images) {
            return backend.run(*executable, *context, {&images, 1});
        };
    };
}

}  // namespace

std::vector<Runner> runners() {
    return {{"engine", prepare_with(engine::cpu_backend()), true},
            {"reference", prepare_with(engine::reference_backend()), false}};
}

const Runner& runner_named(std::span<const Runner> runners, std::string_view name) {
    std::vector<std::string_view> names;
    for (const Runner& runner : runners) {
        if (runner.name == name) return runner;
        names.push_back(runner.name);
    }
    core::fail(ErrorCode::invalid_argument, unknown_name("runner", name, names));
}

}  // namespace dbnet::app
