#pragma once

#include <string>
#include <vector>

#include "model/graph.hpp"
#include "train/options.hpp"

// The network that a training run begins with. Without LibTorch.
namespace dbnet::train {

struct Start {
    /// Its first output is the probability map, its second, if there is one, the threshold map.
    /// Dynamic in N, H, W.
    model::Graph graph;
    std::string threshold;            ///< name of the output; empty: there is no threshold branch
    std::vector<std::string> used;    ///< tensors of the file that became parameters
    std::vector<std::string> unused;  ///< "name: reason"
    std::vector<std::string> fresh;   ///< parameters of the network that the file did not have
};

/// Builds the network, or takes that of the file, and fills in the file's weights. Throws Error:
/// io, malformed, unsupported as the readers do; invalid_argument when no tensor of the file fits
/// the network.
Start make_start(const StartOptions& options);

}  // namespace dbnet::train
