#pragma once

#include <string>

#include "model/graph.hpp"

namespace dbnet::model {

/// The values of a DB network that are its maps; empty: it computes none.
struct DbMaps {
    std::string probability;
    std::string threshold;
};

/// The first output is the probability map; the threshold map is the output `threshold`.
/// PaddleOCR's training graphs stack probability, threshold and binary map as the channels of one
/// output: there the maps are the values in front of the stacking.
DbMaps maps_of(const Graph& graph);

}  // namespace dbnet::model
