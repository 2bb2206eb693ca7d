#include "model/networks/network.hpp"

#include <array>
#include <utility>

#include "core/error.hpp"

namespace dbnet::model {
namespace {

constexpr std::array<std::pair<std::string_view, Backbone>, 3> kBackbones{{
    {"resnet18", Backbone::resnet18},
    {"mobilenet_v3_large", Backbone::mobilenet_v3_large},
    {"mobilenet_v3_large_half", Backbone::mobilenet_v3_large_half},
}};

Features add_backbone(NetworkBuilder& builder, const std::string& x, Backbone backbone) {
    switch (backbone) {
        case Backbone::resnet18: return add_resnet18(builder, x);
        case Backbone::mobilenet_v3_large: return add_mobilenet_v3_large(builder, x, 1);
        case Backbone::mobilenet_v3_large_half: return add_mobilenet_v3_large(builder, x, 0.5);
    }
    core::fail(ErrorCode::internal, "unknown backbone");
}

/// B = 1 / (1 + exp(-k (P - T))): paper, equation 2.
std::string add_binarization(NetworkBuilder& b, const std::string& probability,
                             const std::string& threshold, float k) {
    const std::string difference = b.combine(Op::Sub, "binary.difference", probability, threshold);
    return b.apply(Op::Sigmoid, "binary", b.scale("binary.logits", difference, k));
}

}  // namespace

std::string_view to_string(Backbone backbone) noexcept {
    for (const auto& [name, value] : kBackbones)
        if (value == backbone) return name;
    return "unknown";
}

Backbone backbone_named(std::string_view wanted) {
    std::string names;
    for (const auto& [name, value] : kBackbones) {
        if (name == wanted) return value;
        names += core::concat(names.empty() ? "" : ", ", name);
    }
    core::fail(ErrorCode::invalid_argument, "unknown backbone '", wanted, "', expected one of ",
               names);
}

Graph build_network(const NetworkOptions& options) {
    if (options.inner < 4 || options.inner % 4 != 0)
        core::fail(ErrorCode::invalid_argument, "the pyramid's channels are ", options.inner,
                   ", expected a multiple of 4");
    if (!(options.k > 0))
        core::fail(ErrorCode::invalid_argument, "k is ", options.k, ", expected a number above 0");
    Graph graph;
    graph.name = core::concat("dbnet_", to_string(options.backbone));
    NetworkBuilder b(graph, options.seed);
    const std::string image = b.input("image", 3);
    const std::string fused = add_fpn(b, add_backbone(b, image, options.backbone), options.inner);
    const std::string logits = add_head_branch(b, "binarize", fused, options.inner);
    const std::string probability = b.apply(Op::Sigmoid, "probability", logits);
    b.output(probability);
    if (options.threshold_branch) {
        std::string features = fused;
        if (options.serial) {
            // The reference resizes the map to the features by nearest neighbour: every fourth
            // pixel.
            const std::string small = b.resize("decoder.serial_map", probability, 0.25f);
            features = b.concat("decoder.serial", {fused, small});
        }
        const std::string threshold = b.apply(
            Op::Sigmoid, "threshold", add_head_branch(b, "thresh", features, options.inner));
        b.output(threshold);
        b.output(add_binarization(b, probability, threshold, options.k));
    }
    return graph;
}

}  // namespace dbnet::model
