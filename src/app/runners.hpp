#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "engine/backend.hpp"
#include "model/graph.hpp"

// The ways to execute a graph, so that their results can be compared.
namespace dbnet::app {

/// Gives a graph's outputs, f32, for images f32 [N, 3, H, W].
using Forward = std::function<std::vector<engine::Buffer>(const engine::Buffer& images)>;

struct Runner {
    std::string_view name;
    std::function<Forward(const model::Graph&)> prepare;
    /// Joins layers, so that a value between two of them is only computed as it is in the whole
    /// graph by a graph that ends there.
    bool fuses = true;
};

/// `engine`, the CPU engine as a detector uses it, and `reference`, the plain executor.
std::vector<Runner> runners();

/// Throws Error{invalid_argument} listing the names.
const Runner& runner_named(std::span<const Runner> runners, std::string_view name);

}  // namespace dbnet::app
