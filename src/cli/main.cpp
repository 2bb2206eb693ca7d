// The command dbnet: its verbs. Those that need LibTorch are another program's.
#include <array>
#include <string_view>

#include "cli/program.hpp"
#include "cli/train_program.hpp"

namespace {

using namespace dbnet::cli;

constexpr std::array<Verb, 8> kVerbs{
    {{"predict", "find the text in images", set_up_predict},
     {"train", "train a network", set_up_train_program},
     {"val", "score a model or result files against annotations", set_up_val},
     {"tune", "find the thresholds that suit a model", set_up_tune},
     {"benchmark", "time the forward pass of a model", set_up_benchmark},
     {"data", "look into data sets", set_up_data},
     {"model", "look into model files", set_up_model},
     {"doctor", "show what dbnet runs on, and test it", set_up_doctor}}};

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && argv[1] == std::string_view("train")) return run_train_program(argv);
    return run_program(argc, argv, kVerbs);
}
