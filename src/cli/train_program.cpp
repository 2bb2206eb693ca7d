#include "cli/train_program.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "cli/exit.hpp"
#include "cli/train_options.hpp"

namespace dbnet::cli {

void become_train_program(char** argv) {
    std::error_code error;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::string program = (self.parent_path() / "dbnet-train").string();
    // Teams that spin while they wait lose whole time slices as soon as something else runs beside
    // the training, and gain it nothing otherwise. OpenMP reads this when the program starts.
    ::setenv("OMP_WAIT_POLICY", "passive", 0);
    ::execv(program.c_str(), argv);
}

void fail_without_train_program(const std::string& what) {
    throw Exit(kFailed, what +
                            " needs the program dbnet-train beside this one, which is not there: "
                            "run scripts/build.sh, which installs LibTorch and builds it");
}

Run set_up_train_program(CLI::App& app) {
    // Options write to the arguments while the command line is parsed.
    return [arguments = add_train_options(app)](Terminal&) -> int {
        fail_without_train_program("training");
    };
}

}  // namespace dbnet::cli
