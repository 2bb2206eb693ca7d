#pragma once

namespace dbnet::engine::cpu {

/// The instruction set that the kernels of this folder use on this processor, as Highway names it:
/// "AVX3" (AVX-512), "AVX2", "SSSE3", "NEON", ...
const char* simd_target();

}  // namespace dbnet::engine::cpu
