// A program with a data race, on purpose, between a caller and a lane of the detector's kind: the
// thread sanitizer must stop it in spite of the suppressions (tests/tsan.supp).
#include <vector>

#include "detect/lanes.hpp"

int main() {
    int unprotected = 0;
    dbnet::detect::Lanes lanes(2, 1, dbnet::engine::reference_backend());
    const std::vector<dbnet::detect::Lanes::Work> work(100, [&](dbnet::detect::Lane&) {
        for (int i = 0; i < 10'000; ++i) ++unprotected;
    });
    lanes.run(work, {});
    return unprotected < 0;
}
