#include "detect/read_detector.hpp"

#include <string_view>

#include "core/error.hpp"
#include "model/onnx.hpp"

namespace dbnet::detect {
namespace {

/// What gives an output of so many dimensions; empty: a detector may.
std::string_view maker_of(std::size_t dimensions) {
    switch (dimensions) {
        case 2: return "classifiers do (scores of an image)";
        case 3: return "text recognisers do (scores of the characters at each position)";
        default: return {};
    }
}

void refuse_other_kinds(const std::string& path, const model::Dims& output) {
    const std::string_view maker = maker_of(output.size());
    if (!maker.empty())
        core::fail(ErrorCode::unsupported, path, ": is no text detector: it gives ",
                   model::to_string(output), ", as ", maker,
                   ", expected a probability map [N, 1, H, W]");
}

model::Graph read(const std::string& path) {
    try {
        return model::read_onnx(path);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::unsupported) throw;
        // A map may lack its dimensions of one, but has the extents of the picture; the number of
        // classes or characters is fixed.
        const model::Dims output = model::declared_output(path);
        if (!output.empty() && output.back() > 0) refuse_other_kinds(path, output);
        throw;
    }
}

}  // namespace

model::DetectorGraph read_detector(const std::string& path, const std::string& output) {
    model::DetectorGraph detector = model::detector_graph(read(path), output);
    if (!detector.graph.outputs.empty())
        refuse_other_kinds(path, detector.graph.outputs.front().dims);
    return detector;
}

}  // namespace dbnet::detect
