#pragma once

#include <string>

#include "model/graph.hpp"

namespace dbnet::model {

/// A text detector in the form in which everything that runs one expects it: one input f32 [N, 3,
/// H, W], outputs that are f32 maps [N, C, H, W], as large as the input where that can be told.
struct DetectorGraph {
    Graph graph;
    /// The file's network takes bytes: its input are the pixels 0 to 255 as they are, in f32.
    bool takes_pixels = false;
};

/// Adapts what exporters write otherwise: inputs [N, H, W, 3], inputs of bytes, maps [N, H, W],
/// [N, H, W, C] or [H, W]. Of several maps those remain that may be the probability: the one that
/// `output` names, or the metadata (dbnet.output), or its own name (prob..., shrink..., binary; not
/// thresh...); otherwise all of them, in the file's order. Throws Error: unsupported for a network
/// that takes no image, invalid_argument for an `output` that it does not have, malformed for such
/// metadata.
DetectorGraph detector_graph(Graph graph, const std::string& output = {});

}  // namespace dbnet::model
