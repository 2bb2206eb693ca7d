#pragma once

#include "model/graph.hpp"
#include "train/options.hpp"

namespace dbnet::train {

/// What is known of a model from its training.
struct TrainedSoFar {
    std::uint64_t step = 0;
    std::uint64_t samples = 0;
    double hmean = -1;  ///< of the best validation; negative: there was none
    double box_threshold = 0.6;
};

/// Writes into the graph's metadata what a detector needs to know (docs/model-metadata.md): input,
/// size rule, thresholds, and a sentence on the training. Other keys stay.
void describe(model::Graph& graph, const TrainOptions& options, const TrainedSoFar& trained);

}  // namespace dbnet::train
