// Any bytes either are a graph whose shapes can be inferred or are refused with an Error that puts
// the blame on them; what was read can be written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include <dbnet/error.hpp>

#include "model/onnx.hpp"
#include "model/shape_inference.hpp"

namespace {

using namespace dbnet::model;

void exercise(const Graph& graph) {
    std::vector<Dims> inputs;
    for (const ValueInfo& input : graph.inputs) {
        inputs.push_back(input.dims);
        for (std::int64_t& extent : inputs.back())
            if (extent < 0) extent = 64;
    }
    infer_shapes(graph, inputs);
    parse_onnx(serialize_onnx(graph), "again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        exercise(parse_onnx({data, size}, "input", {.max_file_bytes = 1 << 20, .max_nodes = 1000}));
    } catch (const dbnet::Error& error) {
        const auto code = error.code();
        if (code != dbnet::ErrorCode::malformed && code != dbnet::ErrorCode::unsupported &&
            code != dbnet::ErrorCode::too_large)
            std::abort();
    }
    return 0;
}
