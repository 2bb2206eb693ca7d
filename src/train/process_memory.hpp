#pragma once

namespace dbnet::train {

/// Makes this process keep the memory that it frees, for its next allocations. A training step
/// allocates and frees gigabytes in maps of tens of megabytes; handed back to the system each time,
/// every page of them would have to be mapped and cleared again, which is a third of the step. For
/// programs that train, at their start.
void keep_freed_memory();

}  // namespace dbnet::train
