// The program dbnet-train: the verbs that need LibTorch.
#include <array>

#include "cli/program.hpp"
#include "train/process_memory.hpp"

namespace {

using namespace dbnet::cli;

constexpr std::array<Verb, 1> kVerbs{{{"train", "train a network", set_up_train}}};

}  // namespace

int main(int argc, char** argv) {
    dbnet::train::keep_freed_memory();
    return run_program(argc, argv, kVerbs);
}
