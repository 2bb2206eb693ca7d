// The command dbnet: its verbs. Those that need LibTorch are another program's.
#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "cli/program.hpp"
#include "cli/train_program.hpp"

namespace {

using namespace dbnet::cli;

constexpr std::array<Verb, 9> kVerbs{
    {{"predict", "find the text in images", set_up_predict},
     {"train", "train a network", set_up_train_program},
     {"val", "score a model or result files against annotations", set_up_val},
     {"tune", "find the thresholds that suit a model", set_up_tune},
     {"export", "write the model that a detector runs", set_up_export},
     {"benchmark", "time the forward pass of a model", set_up_benchmark},
     {"data", "look into data sets", set_up_data},
     {"model", "look into model files", set_up_model},
     {"doctor", "show what dbnet runs on, and test it", set_up_doctor}}};

/// Training, and parity with LibTorch as one of the runners.
bool needs_train_program(const std::vector<std::string_view>& arguments) {
    if (arguments.empty()) return false;
    const bool names_libtorch = std::ranges::any_of(
        arguments, [](std::string_view argument) { return argument.ends_with("libtorch"); });
    const bool is_parity =
        arguments.size() > 1 && arguments[0] == "model" && arguments[1] == "parity";
    return arguments[0] == "train" || (is_parity && names_libtorch);
}

}  // namespace

int main(int argc, char** argv) {
    if (needs_train_program({argv + 1, argv + argc})) become_train_program(argv);
    return run_program(argc, argv, kVerbs);
}
