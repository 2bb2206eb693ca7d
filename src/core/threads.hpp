#pragma once

namespace dbnet::core {

/// Cores this process may use: its affinity mask, cut by a control group's CPU quota (rounded up).
/// At least 1.
int available_cores();

}  // namespace dbnet::core
