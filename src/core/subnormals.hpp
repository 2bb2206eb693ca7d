#pragma once

#include <cstdint>

// Arithmetic on subnormal numbers (below 2^-126) takes x86 processors a hundred times as long as on
// others, and no layer of a network means anything by them. Threads that compute treat them as
// zero, as operands and as results.
namespace dbnet::core {

/// Makes the calling thread treat subnormal numbers as zero; returns the state before, for
/// restore_floating_point(). Does nothing on processors without such a mode.
std::uint64_t flush_subnormals() noexcept;
void restore_floating_point(std::uint64_t state) noexcept;

/// The calling thread treats subnormal numbers as zero while this lives; it must be destroyed on
/// the same thread.
class FlushSubnormals {
public:
    FlushSubnormals() noexcept : before_(flush_subnormals()) {}
    ~FlushSubnormals() { restore_floating_point(before_); }
    FlushSubnormals(const FlushSubnormals&) = delete;
    FlushSubnormals& operator=(const FlushSubnormals&) = delete;

private:
    std::uint64_t before_;
};

}  // namespace dbnet::core
