#pragma once

#include <hwy/highway.h>

// For tests: every instruction set that is compiled in and that this processor has.
namespace dbnet::engine::cpu {

/// Calls check(name) with the kernels switched to one instruction set after the other.
template <typename Check>
void for_each_simd_target(const Check& check) {
    for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
        hwy::SetSupportedTargetsForTest(target);
        hwy::GetChosenTarget().Update(target);
        check(hwy::TargetName(target));
    }
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace dbnet::engine::cpu
