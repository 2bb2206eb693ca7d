#pragma once

#include <string>

namespace dbnet::core {

/// Cores this process may use: its affinity mask, cut by the CPU quotas of its control groups
/// (rounded up). At least 1.
int available_cores();

/// The CPU quota of the process's control groups in cores, infinity without one: the smallest of
/// its own group's and of those above, in version 1 and 2. `root` stands before every path that is
/// read (for tests).
double cpu_quota(const std::string& root = "");

/// Makes sure that so many more threads can be started now. Where a thread that cannot be had ends
/// the process (OpenMP, oneTBB), one asks first. Throws Error{internal}.
void require_threads(int count);

}  // namespace dbnet::core
