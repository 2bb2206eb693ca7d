// dbnet doctor: what dbnet runs on, and whether it works here.
#include "app/doctor.hpp"

#include <algorithm>
#include <iomanip>
#include <iostream>

#include "cli/command.hpp"
#include "cli/exit.hpp"

namespace dbnet::cli {
namespace {

constexpr int kNameWidth = 18;

int run(Terminal&) {
    const app::Diagnosis diagnosis = app::doctor();
    std::cout << std::left;
    for (const app::Fact& fact : diagnosis.facts)
        std::cout << std::setw(kNameWidth) << fact.name << fact.value << "\n";
    std::cout << "\n";
    for (const app::Check& check : diagnosis.checks)
        std::cout << std::setw(kNameWidth) << check.name << (check.passed ? "ok: " : "FAILED: ")
                  << check.detail << "\n";
    return std::ranges::all_of(diagnosis.checks, &app::Check::passed) ? kDone : kFailed;
}

}  // namespace

Run set_up_doctor(CLI::App& app) {
    set_examples(app, "dbnet doctor", "dbnet doctor > report.txt", "dbnet doctor | grep engine");
    return run;
}

}  // namespace dbnet::cli
