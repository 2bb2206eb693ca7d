#pragma once

#include <string>
#include <vector>

#include "engine/cpu/profile.hpp"

namespace dbnet::app {

struct BenchmarkOptions {
    std::string model;
    int height = 736;
    int width = 1280;
    int threads = 0;  ///< 0: all cores
    int runs = 20;
    bool profile = false;  ///< also time each step
};

struct BenchmarkResult {
    int threads = 0;
    double median_ms = 0;
    double min_ms = 0;
    double p90_ms = 0;
    double output_checksum = 0;                   ///< sum of the first output's elements
    std::vector<engine::cpu::StepProfile> steps;  ///< with BenchmarkOptions::profile
};

/// Times the forward pass alone, warm, on the input 2 sin(0.37 i), i counting the elements of
/// [1, 3, height, width] in C order. Throws Error as read_onnx and Backend::compile do, and
/// Error{unsupported} for a model that does not take such an input.
BenchmarkResult benchmark(const BenchmarkOptions& options);

}  // namespace dbnet::app
