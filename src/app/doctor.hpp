#pragma once

#include <string>
#include <vector>

namespace dbnet::app {

/// One line of what doctor() found out.
struct Fact {
    std::string name;
    std::string value;
};

/// One part of the self-test.
struct Check {
    std::string name;
    bool passed = false;
    std::string detail;  ///< figures, or what went wrong
};

struct Diagnosis {
    std::vector<Fact> facts;  ///< versions, processor, threads, kernels
    std::vector<Check> checks;
};

/// Looks at the machine and the libraries, and runs each part of the detector on generated data.
Diagnosis doctor();

}  // namespace dbnet::app
