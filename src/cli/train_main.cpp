// The program dbnet-train: the verbs that need LibTorch.
#include <array>

#include "cli/parity.hpp"
#include "cli/program.hpp"
#include "train/parity_runner.hpp"
#include "train/process_memory.hpp"

namespace {

using namespace dbnet::cli;

/// dbnet model parity with one more runner.
Run set_up_model_with_libtorch(CLI::App& app) {
    std::vector<dbnet::app::Runner> runners = dbnet::app::runners();
    runners.push_back(dbnet::train::libtorch_runner());
    app.require_subcommand(1);
    return set_up_parity(*app.add_subcommand("parity", "compare what two models compute"),
                         std::move(runners));
}

constexpr std::array<Verb, 2> kVerbs{
    {{"train", "train a network", set_up_train},
     {"model", "compare what models compute", set_up_model_with_libtorch}}};

}  // namespace

int main(int argc, char** argv) {
    dbnet::train::keep_freed_memory();
    return run_program(argc, argv, kVerbs);
}
