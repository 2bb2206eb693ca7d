#include "cli/train_program.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "cli/exit.hpp"

namespace dbnet::cli {

int run_train_program(char** argv) {
    std::error_code error;
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
    const std::string program = (self.parent_path() / "dbnet-train").string();
    // Teams that spin while they wait lose whole time slices as soon as something else runs beside
    // the training, and gain it nothing otherwise. OpenMP reads this when the program starts.
    ::setenv("OMP_WAIT_POLICY", "passive", 0);
    ::execv(program.c_str(), argv);
    std::fprintf(stderr,
                 "error: cannot run %s: training needs the program dbnet-train, which is built "
                 "unless DBNET_BUILD_TRAIN is OFF\n",
                 program.c_str());
    return kFailed;
}

Run set_up_train_program(CLI::App& app) {
    app.allow_extras();
    return [](Terminal&) { return static_cast<int>(kFailed); };
}

}  // namespace dbnet::cli
