#pragma once

#include <string>

#include "model/detector_graph.hpp"

namespace dbnet::detect {

/// Reads an ONNX file that is to be a text detector, in the form of model::detector_graph(), whose
/// `output` this is. Throws Error as that and model::read_onnx do; Error{unsupported} for a
/// recogniser or a classifier, also where operators would have been the first thing to stumble over:
/// they are known by the shape of their output.
model::DetectorGraph read_detector(const std::string& path, const std::string& output = {});

}  // namespace dbnet::detect
