#include "core/memory.hpp"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <string>

#include "core/error.hpp"

namespace dbnet::core {
namespace {

constexpr std::align_val_t kAlignment{64};
constexpr std::size_t kPagesFrom = 1 << 20;

}  // namespace

void ReleaseMemory::operator()(std::byte* memory) const noexcept {
    if (bytes >= kPagesFrom)
        ::munmap(memory, bytes);
    else
        ::operator delete(memory, kAlignment);
}

Memory allocate(std::size_t bytes) {
    void* memory = nullptr;
    if (bytes >= kPagesFrom) {
        memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) memory = nullptr;
    } else {
        memory = ::operator new(bytes, kAlignment, std::nothrow);
    }
    if (memory == nullptr) fail(ErrorCode::too_large, "no memory for ", bytes, " bytes");
    return Memory(static_cast<std::byte*>(memory), ReleaseMemory{bytes});
}

std::size_t usable_memory() {
    std::size_t usable = static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) *
                         static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    for (const char* path :
         {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        std::ifstream file(path);
        std::size_t limit = 0;
        if (file >> limit) usable = std::min(usable, limit);  // "max" is no number
    }
    return usable;
}

Memory allocate_zeroed(std::size_t bytes) {
    Memory memory = allocate(bytes);
    if (bytes < kPagesFrom) std::memset(memory.get(), 0, bytes);  // fresh pages are zero
    return memory;
}

void trim_heap() {
#if defined(__GLIBC__)
    ::malloc_trim(0);
#endif
}

double peak_memory_mb() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmHWM:")) return std::strtod(line.c_str() + 6, nullptr) * 1024 / 1e6;
    return 0;
}

}  // namespace dbnet::core
