#pragma once

namespace dbnet::test {

/// Threads of one OpenMP team in a test: as many as wanted, but one under the thread sanitizer,
/// which does not see how libgomp synchronises a team. Callers and lanes, the threads that are
/// ours, stay as many as ever.
constexpr int team_size(int wanted) {
#if defined(__SANITIZE_THREAD__)
    return wanted > 0 ? 1 : wanted;
#else
    return wanted;
#endif
}

}  // namespace dbnet::test
