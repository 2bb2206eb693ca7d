#include "support/failing_memory.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace dbnet::test {
namespace {

std::atomic<long> left{-1};
std::atomic<bool> failed{false};

/// Whether this allocation is the one.
bool must_fail() {
    if (left.load(std::memory_order_relaxed) < 0 || left.fetch_sub(1) != 0) return false;
    failed = true;
    return true;
}

void* allocate(std::size_t size, std::size_t alignment) {
    if (must_fail()) return nullptr;
    const std::size_t least = size == 0 ? 1 : size;
    return alignment == 0
               ? std::malloc(least)
               : std::aligned_alloc(alignment, (least + alignment - 1) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
    void* memory = allocate(size, alignment);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

}  // namespace

void fail_allocation_after(long count) {
    if (count >= 0) failed = false;
    left = count;
}

bool has_allocation_failed() { return failed; }

}  // namespace dbnet::test

using dbnet::test::allocate;
using dbnet::test::allocate_or_throw;

// NOLINTBEGIN(misc-new-delete-overloads): the aligned ones are here, too
void* operator new(std::size_t size) { return allocate_or_throw(size, 0); }
void* operator new[](std::size_t size) { return allocate_or_throw(size, 0); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
    return allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocate(size, 0); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocate(size, 0); }
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
    return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
// NOLINTEND(misc-new-delete-overloads)
