#pragma once

#include <cstddef>
#include <memory>
#include <new>

#include "core/error.hpp"
#include "engine/cpu/memory_planner.hpp"

namespace dbnet::engine::cpu {

struct AlignedDelete {
    void operator()(std::byte* memory) const noexcept {
        ::operator delete (memory, std::align_val_t{kAlignment});
    }
};
using AlignedMemory = std::unique_ptr<std::byte, AlignedDelete>;

/// Uninitialised memory, aligned to kAlignment; Error{too_large} when there is not enough.
inline AlignedMemory allocate_aligned(std::size_t bytes) {
    void* memory = ::operator new (bytes, std::align_val_t{kAlignment}, std::nothrow);
    if (memory == nullptr) core::fail(ErrorCode::too_large, "no memory for ", bytes, " bytes");
    return AlignedMemory(static_cast<std::byte*>(memory));
}

}  // namespace dbnet::engine::cpu
