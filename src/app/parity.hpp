#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <dbnet/detector.hpp>

#include "app/runners.hpp"
#include "engine/backend.hpp"
#include "model/graph.hpp"

// Whether two models, or one model in two executors, compute the same.
namespace dbnet::app {

/// Of absolute values. Infinite where one side is not a number or the extents are not the same.
struct Difference {
    double largest = 0;
    double mean = 0;
};

Difference difference(std::span<const float> a, std::span<const float> b);
Difference difference(const engine::Buffer& a, const engine::Buffer& b);  ///< both f32

/// An input for both models.
struct ParityInput {
    std::string name;       ///< of the picture
    engine::Buffer images;  ///< f32 [N, 3, H, W]
};

/// Pictures with text-like content, preprocessed as the graph's metadata says: of three sizes, the
/// last one a batch of two, or of the size that is given; with the graph's extents where they are
/// fixed.
std::vector<ParityInput> made_inputs(const model::Graph& graph, std::optional<SizeRule> size = {});

struct ParityModel {
    std::string path;  ///< ONNX, a checkpoint or the folder of a run
    Runner runner;
};

struct ParityOptions {
    ParityModel a;
    ParityModel b;
    std::string data = {};              ///< folder of images; empty: made_inputs()
    std::optional<SizeRule> size = {};  ///< empty: for `data` the rule of the model `a`
    double tolerance = 1e-4;            ///< largest difference of the probability maps
    bool layers = false;
};

struct InputParity {
    std::string name;
    model::Dims dims;       ///< of the input
    Difference difference;  ///< of the probability maps
};

struct LayerParity {
    std::string a;  ///< value in the first model
    std::string b;  ///< value in the second
    std::string op;
    /// Relative to the layer's largest value where that is above 1, so that one tolerance fits maps
    /// and activations.
    Difference difference;
};

struct Parity {
    std::vector<InputParity> inputs;
    Difference difference;                ///< over all inputs
    std::vector<LayerParity> layers;      ///< in the order of the first model, on the input that
                                          ///< differs most
    std::vector<std::string> unreadable;  ///< messages about images that were left out
    std::vector<std::string> warnings;
    bool is_same = false;  ///< no map and no layer differs by more than the tolerance
    /// The first layer beyond the tolerance; nullptr if there is none.
    const LayerParity* first_beyond(double tolerance) const;
};

/// Compares. Values of both graphs are matched by name; without a common name, by position as far
/// as the operators agree. Throws Error: io, malformed, unsupported for models that cannot be used,
/// invalid_argument for a folder without images or a tolerance below 0. An image that cannot be
/// read is left out, unless there is no other.
Parity compare(const ParityOptions& options,
               const std::function<void(std::size_t done, std::size_t total)>& progress = {});

}  // namespace dbnet::app
