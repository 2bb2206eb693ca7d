#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/backend.hpp"

// What `dbnet benchmark` and `dbnet doctor` tell about the CPU backend.
namespace dbnet::engine::cpu {

struct StepProfile {
    std::string name;            ///< of the node (the last one where several were fused)
    std::string operation;       ///< "Conv + HardSwish", "reorder", "inverted_residual", ...
    std::string implementation;  ///< "oneDNN jit:avx512_core", "own", "fused", "reference"
    model::Dims output;
    double macs = 0;          ///< multiply-accumulates; 0 where none are counted
    double bytes = 0;         ///< read and written, weights not counted
    double milliseconds = 0;  ///< median over the runs
};

/// Times every step of the plan for these inputs: `runs` (>= 1) runs after a warm-up. Executable
/// and context must be the CPU backend's.
std::vector<StepProfile> profile(Executable& executable, Context& context,
                                 std::span<const Buffer> inputs, int runs = 10);

struct KernelInfo {
    std::string onednn_version;  ///< "2.6.3"
    std::string onednn_isa;      ///< what oneDNN generates code for: "avx512_core"
    std::string highway_target;  ///< what our own kernels were chosen for: "AVX3"
};
KernelInfo kernel_info();

}  // namespace dbnet::engine::cpu
