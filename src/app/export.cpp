#include "app/export.hpp"

#include <algorithm>
#include <filesystem>

#include "app/runners.hpp"
#include "core/error.hpp"
#include "detect/settings.hpp"
#include "model/networks/maps.hpp"
#include "model/onnx.hpp"
#include "model/rewrite.hpp"

namespace dbnet::app {
namespace {

using engine::Buffer;
using model::Graph;

/// On the inputs that the source takes; `map` is the value in both graphs.
std::vector<ExportCheck> check(const Graph& source, const Graph& exported, const std::string& map,
                               bool is_rounded) {
    const std::vector<Runner> all = runners();
    const auto forward = [&](const char* runner, const Graph& graph) {
        return runner_named(all, runner).prepare(model::cut(graph, {map}));
    };
    const Forward fast = forward("engine", exported);
    const Forward original = forward("reference", source);
    const Forward rounded = is_rounded ? forward("reference", exported) : original;
    std::vector<ExportCheck> checks;
    for (const ParityInput& input : made_inputs(source)) {
        const Buffer found = fast(input.images).front();
        const double distance = difference(rounded(input.images).front(), found).largest;
        const double rounding =
            is_rounded ? difference(original(input.images).front(), found).largest : distance;
        checks.push_back({input.images.dims(), distance, rounding});
    }
    return checks;
}

/// Sets the keys. The model stays under its preset unless they name one, even where they complete
/// the description of its input. Throws for values that make no sense.
void set_metadata(const ExportOptions& options, detect::Metadata& metadata) {
    const Preset before = detect::settings_of(metadata, {}).preset;
    for (const auto& [key, value] : options.metadata) metadata[key] = value;
    const Preset after = detect::settings_of(metadata, {}).preset;
    if (after != before && !options.metadata.contains("dbnet.preset"))
        metadata["dbnet.preset"] = to_string(before);
}

}  // namespace

Export export_model(const ExportOptions& options) {
    Export result;
    result.weights = train::weights_of(options.source, options.generation);
    const Graph source = model::read_onnx(result.weights);
    const std::string map = model::maps_of(source).probability;
    Graph graph = source;
    model::widen_weights(graph);
    graph = model::cut(std::move(graph), {map});
    result.is_dynamic = model::make_dynamic(graph);
    set_metadata(options, graph.metadata);
    result.onnx =
        model::serialize_onnx(graph, {.opset = options.opset, .f16_weights = options.f16});
    const Graph exported = model::parse_onnx(result.onnx, "the exported model");
    result.checks = check(source, exported, map, options.f16);
    result.is_faithful = std::ranges::all_of(result.checks, [](const ExportCheck& check) {
        return check.difference <= kExportTolerance && check.rounding <= kRoundingTolerance;
    });
    return result;
}

std::string default_export_file(const ExportOptions& options) {
    namespace fs = std::filesystem;
    if (!fs::is_directory(fs::path(options.source) / "checkpoints"))
        core::fail(ErrorCode::invalid_argument, options.source,
                   ": not the folder of a run, so --out has to say where to write");
    return (fs::path(options.source) / (options.f16 ? "model_f16.onnx" : "model.onnx")).string();
}

}  // namespace dbnet::app
