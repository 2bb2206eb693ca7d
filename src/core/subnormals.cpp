#include "core/subnormals.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace dbnet::core {

#if defined(__SSE2__)

std::uint64_t flush_subnormals() noexcept {
    constexpr unsigned kResultsToZero = 1u << 15;
    constexpr unsigned kOperandsAreZero = 1u << 6;
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | kResultsToZero | kOperandsAreZero);
    return before;
}

void restore_floating_point(std::uint64_t state) noexcept {
    _mm_setcsr(static_cast<unsigned>(state));
}

#elif defined(__aarch64__)

std::uint64_t flush_subnormals() noexcept {
    constexpr std::uint64_t kFlushToZero = std::uint64_t{1} << 24;
    std::uint64_t before = 0;
    asm volatile("mrs %0, fpcr" : "=r"(before));
    asm volatile("msr fpcr, %0" : : "r"(before | kFlushToZero));
    return before;
}

void restore_floating_point(std::uint64_t state) noexcept {
    asm volatile("msr fpcr, %0" : : "r"(state));
}

#else

std::uint64_t flush_subnormals() noexcept { return 0; }
void restore_floating_point(std::uint64_t) noexcept {}

#endif

}  // namespace dbnet::core
