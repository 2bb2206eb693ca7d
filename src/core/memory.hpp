#pragma once

#include <cstddef>
#include <memory>

namespace dbnet::core {

struct ReleaseMemory {
    std::size_t bytes = 0;
    void operator()(std::byte* memory) const noexcept;
};
using Memory = std::unique_ptr<std::byte, ReleaseMemory>;

/// Uninitialised memory, aligned to 64 bytes. Large pieces are pages of their own, given back to
/// the system when released: from a heap that serves images of ever new sizes they would leave
/// holes. Throws Error{too_large}.
Memory allocate(std::size_t bytes);

/// Bytes that this process can use at most: the machine's memory, cut by a control group's limit.
std::size_t usable_memory();

/// As allocate(), all zero.
Memory allocate_zeroed(std::size_t bytes);

/// Gives unused memory of the process's heap back to the system, where the C library can.
void trim_heap();

/// The most memory that this process ever had resident, in decimal megabytes; 0 where the system
/// does not tell.
double peak_memory_mb();

}  // namespace dbnet::core
