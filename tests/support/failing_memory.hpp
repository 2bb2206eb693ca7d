#pragma once

namespace dbnet::test {

/// Replaces operator new of the whole program: after `count` more allocations, of any thread, one
/// fails (and those after it succeed again). Below 0: none fails, and what has failed stays known.
void fail_allocation_after(long count);

/// Whether the allocation that was to fail has come.
bool has_allocation_failed();

}  // namespace dbnet::test
